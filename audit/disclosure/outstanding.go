package disclosure

import (
	"context"

	"github.com/baakit/baakit"
)

// An Owed is what the law still requires to be able to account for on a day.
type Owed struct {
	On          baakit.Date
	Disclosures []OwedDisclosure // in the order of their days
	// Through is the last day on which any of them is owed; zero if none is.
	Through baakit.Date
	// Unreadable are the entries that may tell of a disclosure and cannot be
	// read any more, of whatever age.
	Unreadable []Unreadable
	Chains     []Span // what was read
}

// An OwedDisclosure is a disclosure that an individual may still ask about.
type OwedDisclosure struct {
	Ref
	Patient string // "" for a protocol that may have concerned anybody
	Date    baakit.Date
	// Through is the last day on which a request reaches back to it.
	Through baakit.Date
	// Suspended is the last day of a suspension that is in force; zero if
	// there is none. The disclosure is owed all the same.
	Suspended baakit.Date
	Reasons   []baakit.Reason
}

// Outstanding reads the log and returns the disclosures that an accounting
// requested on a day, or on a later one, would have to tell of: those within
// the look-back, and not certainly exempt (45 CFR 164.528(a)(1)). patient is
// one individual, or "" for all of the chains. While it returns any, what the
// entries hold must not be destroyed unless it was handed over or is kept
// elsewhere.
//
// Its errors are those of [Account].
func Outstanding(ctx context.Context, s Source, on baakit.Date, patient string) (Owed, error) {
	if lookBackFrom(on).IsZero() {
		return Owed{}, baakit.FieldErrors{{Path: "on", Rule: "is required, and must leave room for the look-back"}}
	}
	read, err := s.read(ctx, patient)
	if err != nil {
		return Owed{}, err
	}
	owed := Owed{On: on, Unreadable: read.unreadable, Chains: read.spans}
	inOrder(read.records, s.Chains)
	f := frame{lookBackFrom(on), later(on, lastDay), on, baakit.Date{}, false, read.suspensions}
	for _, r := range read.records {
		c := f.consider(r)
		if c.Treatment == Outside || c.Treatment == Exempt {
			continue
		}
		d := OwedDisclosure{c.Ref, c.Patient, c.Date, lookBackThrough(c.Date), c.Until, c.Reasons}
		owed.Disclosures = append(owed.Disclosures, d)
		owed.Through = later(owed.Through, d.Through)
	}
	return owed, nil
}

// lastDay is the last that a Date can be.
var lastDay = baakit.MustDate(9999, 12, 31)

// String keeps the health information out of logs.
func (o Owed) String() string { return "disclosure.Owed" }

// GoString is String.
func (o Owed) GoString() string { return o.String() }
