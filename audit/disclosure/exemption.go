package disclosure

import "github.com/baakit/baakit"

// A Basis is the provision of 45 CFR part 164 that permits a disclosure, as a
// pinpoint: "164.512(b)" or finer, "164.512(b)(1)(i)". The zero Basis is not
// known.
type Basis string

// The provisions that 45 CFR 164.528 speaks of; others are written alike.
const (
	ToSecretary   Basis = "164.502(a)(2)(ii)" // required by the Secretary
	RequiredByLaw Basis = "164.512(a)"
	PublicHealth  Basis = "164.512(b)"
	AbuseVictims  Basis = "164.512(c)"
	Oversight     Basis = "164.512(d)" // health oversight activities
	Judicial      Basis = "164.512(e)"
	Police        Basis = "164.512(f)" // law enforcement
	Decedents     Basis = "164.512(g)"
	OrganDonation Basis = "164.512(h)"
	ForResearch   Basis = "164.512(i)"
	SeriousThreat Basis = "164.512(j)"
	Government    Basis = "164.512(k)" // specialized government functions
	WorkersComp   Basis = "164.512(l)"

	// Impermissible is a disclosure that nothing permits, such as a breach. No
	// exemption covers it.
	Impermissible Basis = "impermissible"
)

// Says returns what the provision is about, or "" if it is not known.
func (b Basis) Says() string {
	row, _ := law().basis(b)
	return row.Says
}

// An Exemption is why the law asks for no accounting of a disclosure. The zero
// Exemption is none.
type Exemption string

// The nine exemptions.
const (
	ExemptTPO              Exemption = "treatment_payment_operations" // 45 CFR 164.528(a)(1)(i)
	ExemptIndividual       Exemption = "individual"                   // 45 CFR 164.528(a)(1)(ii)
	ExemptIncident         Exemption = "incident"                     // 45 CFR 164.528(a)(1)(iii)
	ExemptAuthorization    Exemption = "authorization"                // 45 CFR 164.528(a)(1)(iv)
	ExemptDirectory        Exemption = "directory"                    // 45 CFR 164.528(a)(1)(v)
	ExemptNationalSecurity Exemption = "national_security"            // 45 CFR 164.528(a)(1)(vi)
	ExemptCustody          Exemption = "custody"                      // 45 CFR 164.528(a)(1)(vii)
	ExemptLimitedDataSet   Exemption = "limited_data_set"             // 45 CFR 164.528(a)(1)(viii)
	ExemptBeforeCompliance Exemption = "before_compliance"            // 45 CFR 164.528(a)(1)(ix)
)

// Exemptions returns the nine, in the order of the regulation.
func Exemptions() []Exemption {
	var list []Exemption
	for _, r := range law().Exemptions {
		list = append(list, Exemption(r.ID))
	}
	return list
}

// Reason returns what the exemption is and where it stands; ok is false for
// anything but the nine.
func (x Exemption) Reason() (r baakit.Reason, ok bool) {
	if _, ok := law().exemption(x); !ok {
		return baakit.Reason{}, false
	}
	return law().reason("exempt." + string(x)), true
}

// fits reports whether a disclosure that the basis permits can be of the
// exemption at all.
func (x Exemption) fits(b Basis) bool {
	row, ok := law().exemption(x)
	if !ok {
		return false
	}
	if row.BeforeCompliance {
		return b != Impermissible
	}
	for _, paragraph := range row.Bases {
		if within(string(b), paragraph) {
			return true
		}
	}
	return false
}

// exempt tells whether the disclosure is certainly exempt, and why or why not.
// compliance is the covered entity's compliance date, zero if not known.
func (d Disclosure) exempt(compliance baakit.Date) (bool, string) {
	row, ok := law().exemption(d.Exemption)
	switch {
	case d.Exemption == "":
		return false, ""
	case !ok:
		return false, "exemption_unknown"
	case d.Basis != "" && !d.Exemption.fits(d.Basis):
		return false, "exemption_contradicted"
	case row.BeforeCompliance && (compliance.IsZero() || !d.Date.Before(compliance)):
		return false, "compliance_open"
	}
	return true, "exempt." + row.ID
}
