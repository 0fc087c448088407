package disclosure

import (
	"cmp"
	"slices"
	"strings"

	"github.com/baakit/baakit"
)

// A Treatment is what becomes of a disclosure in an accounting.
type Treatment string

// The treatments.
const (
	Accounted Treatment = "accounted"
	Outside   Treatment = "outside"   // of the period
	Exempt    Treatment = "exempt"    // 45 CFR 164.528(a)(1)(i) to (ix)
	Suspended Treatment = "suspended" // 45 CFR 164.528(a)(2)
)

// A Considered is a disclosure that was found, what became of it and why.
type Considered struct {
	Ref
	Patient   string      `json:"patient,omitempty"` // "" for a protocol that may have concerned anybody
	Date      baakit.Date `json:"date"`
	Treatment Treatment   `json:"treatment"`
	// Until is the last day of a suspension, after which the disclosure is to
	// be accounted for.
	Until   baakit.Date     `json:"until,omitzero"`
	Reasons []baakit.Reason `json:"reasons"`
}

// A frame is what a disclosure is judged by.
type frame struct {
	from, through baakit.Date // the period of the accounting
	on            baakit.Date // the day on which suspensions are looked at
	compliance    baakit.Date
	full          bool // nothing is summarised
	suspensions   []suspension
}

// consider judges one disclosure. What is not certainly exempt or suspended is
// accounted for.
func (f frame) consider(r record) Considered {
	c := Considered{Ref: r.ref, Patient: r.patient, Date: r.Date, Treatment: Accounted}
	because := func(t Treatment, id string) {
		c.Treatment = t
		c.Reasons = append(c.Reasons, law().reason(id))
	}
	first, last := r.days(f.full)
	if last.Before(f.from) || first.After(f.through) {
		because(Outside, "outside")
		return c
	}
	exempt, id := r.exempt(f.compliance)
	if exempt {
		because(Exempt, id)
		return c
	}
	if id != "" {
		because(Accounted, id)
	}
	held, id, until := f.suspended(r)
	if held {
		because(Suspended, id)
		c.Until = until
		return c
	}
	if id != "" {
		because(Accounted, id)
	}
	because(Accounted, "accounted")
	return c
}

// summarized reports whether the disclosure is told by protocol: with full,
// only one that may have concerned anybody is.
func (r record) summarized(full bool) bool { return r.byProtocol() && (!full || r.patient == "") }

// days returns the first and last day on which the disclosure was made or,
// where it is told by protocol, may have been made.
func (r record) days(full bool) (first, last baakit.Date) {
	if r.summarized(full) && !r.Research.From.IsZero() {
		return r.Research.From, r.Date
	}
	return r.Date, r.Date
}

// suspended tells whether a disclosure is suspended, through which day, and
// why or why not.
func (f frame) suspended(r record) (held bool, id string, until baakit.Date) {
	var statements []Suspension
	if r.Suspension != nil {
		statements = append(statements, *r.Suspension)
	}
	for _, s := range f.suspensions {
		if s.patient == r.patient && s.Recipient == r.Recipient.Name {
			statements = append(statements, s.Suspension)
		}
	}
	if len(statements) == 0 {
		return false, "", until
	}
	if row, _ := law().basis(r.Basis); !row.Suspension {
		return false, "suspension_not_for_this", until
	}
	id = "suspension_incomplete"
	for _, s := range statements {
		if s.Through().IsZero() {
			continue
		}
		id = "suspension_ended"
		if s.inForce(f.on) && until.Before(s.Through()) {
			held, until = true, s.Through()
		}
	}
	if !held {
		return false, id, until
	}
	// A statement that begins while one is in force carries it on.
	for grown := true; grown; {
		grown = false
		for _, s := range statements {
			if t := s.Through(); until.Before(t) && !s.On.After(until.AddDays(1)) {
				until, grown = t, true
			}
		}
	}
	return true, "suspended", until
}

// lookBackFrom returns the first day of the look-back of a request: the six
// years before it, 45 CFR 164.528(a)(1). The day itself of six years ago is in,
// and where there is no such day, whichever neighbour makes it longer: what is
// kept six years from 29 February is still asked for on 1 March.
func lookBackFrom(requested baakit.Date) baakit.Date {
	n := law().periods["look_back"].N()
	from := requested.AddYears(-n, baakit.RollBack)
	if before := from.AddDays(-1); !before.IsZero() && !before.AddYears(n, baakit.RollForward).Before(requested) {
		return before
	}
	return from
}

// lookBackThrough returns the last day on which a request still reaches back to
// a disclosure of the date.
func lookBackThrough(date baakit.Date) baakit.Date {
	n := law().periods["look_back"].N()
	through := date.AddYears(n, baakit.RollForward)
	if next := through.AddDays(1); !next.IsZero() && !lookBackFrom(next).After(date) {
		return next
	}
	return through
}

// inOrder sorts records by the day, and on one day as they were logged.
func inOrder(list []record, chains []string) {
	slices.SortStableFunc(list, func(a, b record) int {
		return cmp.Or(a.Date.Compare(b.Date),
			cmp.Compare(slices.Index(chains, a.ref.Chain), slices.Index(chains, b.ref.Chain)),
			cmp.Compare(a.ref.Seq, b.ref.Seq), strings.Compare(a.patient, b.patient))
	})
}
