package baa

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/baakit/baakit"
)

// A ChangeKind says what happened to a clause.
type ChangeKind string

// The kinds of changes.
const (
	ClauseAdded   ChangeKind = "added"
	ClauseRemoved ChangeKind = "removed"
	ClauseMoved   ChangeKind = "moved"
	Reworded      ChangeKind = "reworded"
	TermChanged   ChangeKind = "term_changed"
)

// A Direction says which way a change goes for whom it binds.
type Direction string

// The directions.
const (
	Tighter Direction = "tighter" // more duty, less permission
	Looser  Direction = "looser"  // less duty, more permission
	Neutral Direction = "neutral"
	Unclear Direction = "unclear" // cannot be told: never taken for harmless
)

func (d Direction) mirrored() Direction {
	switch d {
	case Tighter:
		return Looser
	case Looser:
		return Tighter
	}
	return d
}

// A Class says what sort of change it is.
type Class string

// The classes, from the least consequential.
const (
	Editorial      Class = "editorial"    // the same words, or the same clauses in another order
	Clarifying     Class = "clarifying"   // other words of the same meaning
	PartyDetail    Class = "party_detail" // how a party is called or reached, the same legal entity
	Scheduled      Class = "schedule"     // a list that may change after notice
	Tightening     Class = "tightening"
	Regulatory     Class = "regulatory" // what the law requires and the text lacked
	Commercial     Class = "commercial"
	Retroactive    Class = "retroactive"
	Loosening      Class = "loosening"
	Removal        Class = "removal"
	ExpansionOfUse Class = "expansion_of_use"
	Undetermined   Class = "undetermined" // words that cannot be judged
)

func classes() []Class {
	return []Class{
		Editorial, Clarifying, PartyDetail, Scheduled, Tightening, Regulatory,
		Commercial, Retroactive, Loosening, Removal, ExpansionOfUse, Undetermined,
	}
}

// EverySide stands where a change binds both parties.
const EverySide Side = "both"

// A Change is one difference between two versions.
type Change struct {
	// Clause is the id of the clause; "agreement" for what is in none.
	Clause ClauseID   `json:"clause"`
	Kind   ChangeKind `json:"kind"`
	// Term is the JSON name of the term that changed; empty if the whole
	// clause did.
	Term string `json:"term,omitempty"`
	// From and To are its values as text.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Direction is that for whom it Binds: a tighter duty of the business
	// associate is good for the covered entity.
	Direction Direction `json:"direction"`
	Binds     Side      `json:"binds,omitempty"`
	Class     Class     `json:"class"`
	// Touches names what it is about: provisions by their short names, or the
	// part of the agreement, such as parties, notices or effective_date.
	Touches []string `json:"touches,omitempty"`

	adds bool // a schedule grew
}

func (b bound) side() Side {
	switch b {
	case bindsBA:
		return BusinessAssociateSide
	case bindsCE:
		return CoveredEntitySide
	}
	return EverySide
}

// A verdict is how one term changed.
type verdict struct {
	kind      ChangeKind
	direction Direction
	class     Class
}

func changed(d Direction, c Class) verdict { return verdict{TermChanged, d, c} }

// judgeTerm says how a change of a term from x to y, which differ, is judged
// by its sense.
func judgeTerm(s sense, x, y reflect.Value) verdict {
	switch s {
	case duty, grant:
		return judgeDuty(s, x, y)
	case within, longer:
		return judgePeriod(s, x.Interface().(baakit.Period), y.Interface().(baakit.Period))
	case ranked:
		return judgeRank(x, y)
	case amount, limit:
		return judgeMoney(s, x.Interface().(Money), y.Interface().(Money))
	case commercial:
		return changed(Neutral, Commercial)
	case detail:
		return changed(Neutral, PartyDetail)
	case schedule:
		return changed(Neutral, Scheduled)
	}
	return judgeWords(stringsOf(x), stringsOf(y))
}

// more returns the verdict on more of a duty or a permission.
func more(s sense) verdict {
	if s == grant {
		return changed(Looser, ExpansionOfUse)
	}
	return changed(Tighter, Tightening)
}

// less returns the verdict on less of it; gone says that nothing is left.
func less(s sense, gone bool) verdict {
	switch {
	case s == grant:
		return changed(Tighter, Tightening)
	case gone:
		return changed(Looser, Removal)
	}
	return changed(Looser, Loosening)
}

func judgeDuty(s sense, x, y reflect.Value) verdict {
	if x.Kind() == reflect.Bool {
		if y.Bool() {
			return more(s)
		}
		return less(s, true)
	}
	before, after := normalSet(stringsOf(x)), normalSet(stringsOf(y))
	added, removed := lacks(after, before), lacks(before, after)
	switch {
	case !added && !removed:
		return verdict{Reworded, Neutral, Editorial}
	case added && removed:
		return judgeWords(stringsOf(x), stringsOf(y))
	case added:
		return more(s)
	}
	return less(s, len(after) == 0)
}

func normalSet(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = NormalText(s)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lacks reports whether b lacks something of a.
func lacks(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

func judgePeriod(s sense, x, y baakit.Period) verdict {
	tightens := baakit.Shorter
	loosens := baakit.Longer
	if s == longer {
		tightens, loosens = loosens, tightens
	}
	switch {
	case x.IsZero():
		return changed(Tighter, Tightening)
	case y.IsZero():
		return changed(Looser, Removal)
	}
	switch compare(y, x) {
	case tightens:
		return changed(Tighter, Tightening)
	case loosens:
		return changed(Looser, Loosening)
	case baakit.Equal:
		return changed(Neutral, Clarifying)
	}
	return changed(Unclear, Undetermined)
}

// ranker is a choice that knows how tight it is.
type ranker interface{ rank() int }

func judgeRank(x, y reflect.Value) verdict {
	a, b := x.Interface().(ranker).rank(), y.Interface().(ranker).rank()
	switch {
	case b > a:
		return changed(Tighter, Tightening)
	case b == a:
		return changed(Unclear, Undetermined)
	}
	switch y.Interface().(type) {
	case Deidentification, Stance:
		return changed(Looser, ExpansionOfUse)
	}
	return less(duty, y.IsZero())
}

func judgeMoney(s sense, x, y Money) verdict {
	up := x.Compare(y) < 0
	if s == limit && (x.IsZero() || y.IsZero()) { // none is unlimited
		up = !up
	}
	if up {
		return changed(Tighter, Tightening)
	}
	return less(duty, s == amount && y.IsZero())
}

// judgeWords tells apart what it can: the same words in other quotes, other
// words that mean the same, a longer key of the same cipher. All else is
// undetermined.
func judgeWords(x, y []string) verdict {
	a, b := strings.Join(x, "\n"), strings.Join(y, "\n")
	switch {
	case NormalText(a) == NormalText(b):
		return verdict{Reworded, Neutral, Editorial}
	case len(x) == len(y) && meaning(a) == meaning(b):
		return verdict{Reworded, Neutral, Clarifying}
	}
	if len(x) <= 1 && len(y) <= 1 {
		if before, after, ok := strengthsOf(a, b); ok && before != after {
			if after > before {
				return changed(Tighter, Tightening)
			}
			return less(duty, b == "")
		}
	}
	return verdict{Reworded, Unclear, Undetermined}
}

// equivalents are words that mean the same in these agreements.
func equivalents() map[string]string {
	return map[string]string{
		"ssl": "tls", "ssl/tls": "tls", "e-mail": "email", "shall": "will",
		"sub-contractor": "subcontractor", "sub-contractors": "subcontractors", "healthcare": "health-care",
	}
}

// meaning brings text to one form in which equivalent words are the same word;
// punctuation stays, since it can mean something.
func meaning(s string) string {
	same := equivalents()
	var b, word strings.Builder
	flush := func() {
		w := word.String()
		if v, ok := same[w]; ok {
			w = v
		}
		b.WriteString(w)
		word.Reset()
	}
	for _, r := range strings.ToLower(NormalText(s)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '/' {
			word.WriteRune(r)
			continue
		}
		flush()
		b.WriteRune(r)
	}
	flush()
	return b.String()
}

// strengthsOf ranks two names of encryption of one family; no encryption is
// the weakest of each.
func strengthsOf(x, y string) (a, b int, ok bool) {
	for _, family := range [][]string{
		{"", "ssl 2.0", "ssl 3.0", "tls 1.0", "tls 1.1", "tls 1.2", "tls 1.3"},
		{"", "aes-128", "aes-192", "aes-256"},
	} {
		a = slices.Index(family, strings.ToLower(NormalText(x)))
		b = slices.Index(family, strings.ToLower(NormalText(y)))
		if a >= 0 && b >= 0 {
			return a, b, true
		}
	}
	return 0, 0, false
}

// stringsOf returns a text, or the texts of a list, for comparing words.
func stringsOf(v reflect.Value) []string {
	switch v.Kind() {
	case reflect.String:
		if v.Len() == 0 {
			return nil
		}
		return []string{v.String()}
	case reflect.Slice:
		list := make([]string, v.Len())
		for i := range list {
			if e := v.Index(i); e.Kind() == reflect.String {
				list[i] = e.String()
			} else {
				list[i] = fmt.Sprint(e.Interface())
			}
		}
		return list
	}
	return []string{valueText(v)}
}

// valueText is a value for people: its text form, "yes", or "".
func valueText(v reflect.Value) string {
	var parts []string
	flatten(v, "", func(_, value string) { parts = append(parts, value) })
	return strings.Join(parts, "; ")
}
