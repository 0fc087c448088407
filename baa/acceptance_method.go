package baa

import "slices"

// An AcceptanceMethod is how a party accepted. The zero AcceptanceMethod is
// none.
type AcceptanceMethod string

// The methods.
const (
	Clickwrap    AcceptanceMethod = "clickwrap"     // an act of its own on a page
	Typed        AcceptanceMethod = "typed"         // a name typed as a signature
	Drawn        AcceptanceMethod = "drawn"         // a signature drawn on a screen
	Wet          AcceptanceMethod = "wet"           // ink on paper
	API          AcceptanceMethod = "api"           // a call by a program of the party
	ContinuedUse AcceptanceMethod = "continued_use" // going on after a notice
	Countersign  AcceptanceMethod = "countersign"   // the second signature on a counterpart
)

func (m AcceptanceMethod) valid() bool {
	return slices.Contains([]AcceptanceMethod{Clickwrap, Typed, Drawn, Wet, API, ContinuedUse, Countersign}, m)
}

// A Strength grades evidence of acceptance. The zero Strength is not graded.
type Strength string

// The strengths, from the weakest.
const (
	Void   Strength = "void" // it does not show acceptance of this version
	Weak   Strength = "weak"
	Fair   Strength = "fair"
	Strong Strength = "strong"
)

func strengths() []Strength { return []Strength{Void, Weak, Fair, Strong} }

func (s Strength) valid() bool { return slices.Contains(strengths(), s) }

// weaker returns the weaker of two strengths; an ungraded one is the weakest.
func weaker(a, b Strength) Strength {
	if slices.Index(strengths(), a) <= slices.Index(strengths(), b) {
		return a
	}
	return b
}
