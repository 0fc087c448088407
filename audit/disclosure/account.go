package disclosure

import (
	"context"

	"github.com/baakit/baakit"
)

// A Request is what an accounting is asked for by. The zero Request is invalid.
type Request struct {
	// Patient is the individual, as events name it.
	Patient string
	// Requested is the day on which the request was received.
	Requested baakit.Date
	// From and Through narrow the period, as the individual may ask
	// (45 CFR 164.528(a)(3)); zero for the six years before the request, and
	// the day of the request.
	From, Through baakit.Date
	// Made is the day of the accounting, on which a suspension is in force or
	// not; zero for Requested.
	Made baakit.Date
	// ComplianceDate is the covered entity's under 45 CFR 164.534; zero if it
	// is not known, and then nothing is exempt for being earlier.
	ComplianceDate baakit.Date
	// Full lists every disclosure by itself, where the law would allow a
	// summary.
	Full bool
	// For and By name the covered entity and who answers; for people.
	For, By string
}

// Validate reports what is wrong with the request, as [baakit.FieldErrors].
func (q Request) Validate() error {
	var errs baakit.FieldErrors
	text(&errs, "patient", q.Patient, true, maxText)
	if q.Requested.IsZero() {
		errs.Add("requested", "is required")
		return errs
	}
	from := lookBackFrom(q.Requested)
	if from.IsZero() {
		errs.Add("requested", "must leave room for the look-back")
	}
	if !q.From.IsZero() && q.From.Before(from) {
		errs.Add("from", "must not be before the six years that an accounting reaches back")
	}
	if !q.Through.IsZero() && q.Through.After(q.Requested) {
		errs.Add("through", "must not be after requested")
	}
	if from, through := q.period(); through.Before(from) {
		errs.Add("through", "must not be before from")
	}
	if !q.Made.IsZero() && q.Made.Before(q.Requested) {
		errs.Add("made", "must not be before requested")
	}
	text(&errs, "for", q.For, false, maxText)
	text(&errs, "by", q.By, false, maxText)
	return errs.Err()
}

func (q Request) period() (from, through baakit.Date) {
	from, through = q.From, q.Through
	if from.IsZero() {
		from = lookBackFrom(q.Requested)
	}
	if through.IsZero() {
		through = q.Requested
	}
	return from, through
}

func (q Request) made() baakit.Date {
	if q.Made.IsZero() {
		return q.Requested
	}
	return q.Made
}

// Account reads the log and returns the accounting for one individual, which
// may be handed over as it is, and the worksheet of how it came about, which
// must not: it names what is exempt and what is suspended.
//
// It is the fold over the entries about the individual as they are: the
// disclosures of the period, without those that are certainly exempt or
// suspended on the day, each with what 45 CFR 164.528(b)(2) asks for, those of
// one kind together as (b)(3) and (b)(4) allow. Only entries under the
// individual's token, and those without a token, are opened. Further persons
// of an event (Subjects) are found only where the log keeps no tokens: a
// disclosure about several people is one entry for each.
//
// Its errors are a [baakit.FieldErrors] of the source and the request,
// [audit.ErrTampered] for a line that is none, and those of the store and the
// sealer, except that entries that are erased or do not open are in the result.
func Account(ctx context.Context, s Source, q Request) (Accounting, Worksheet, error) {
	if err := q.Validate(); err != nil {
		return Accounting{}, Worksheet{}, err
	}
	read, err := s.read(ctx, q.Patient)
	if err != nil {
		return Accounting{}, Worksheet{}, err
	}
	a, w := account(read, q, s.Chains)
	return a, w, nil
}

func account(read reading, q Request, chains []string) (Accounting, Worksheet) {
	from, through := q.period()
	a := Accounting{
		Patient: q.Patient, For: q.For, By: q.By, Requested: q.Requested, Made: q.made(), From: from, Through: through, Full: q.Full,
		Due: Clock{Received: q.Requested}.Due(), Chains: read.spans,
	}
	w := Worksheet{Patient: q.Patient, Requested: q.Requested, Made: a.Made, From: from, Through: through, Considered: []Considered{}}
	f := frame{from, through, a.Made, q.ComplianceDate, q.Full, read.suspensions}
	inOrder(read.records, chains)
	var list []record
	for _, r := range read.records {
		c := f.consider(r)
		w.Considered = append(w.Considered, c)
		switch {
		case c.Treatment == Accounted:
			list = append(list, r)
		case c.Treatment == Suspended && w.Again.IsZero(), c.Treatment == Suspended && c.Until.Before(w.Again):
			w.Again = c.Until
		}
	}
	if !w.Again.IsZero() {
		w.Again = w.Again.AddDays(1)
	}
	a.Lines = lines(list, from, through, q.Full)
	for _, u := range read.unreadable {
		if u.Attributed || u.Disclosure {
			a.Unreadable = append(a.Unreadable, u)
		} else {
			a.Unattributed++
		}
	}
	return a, w
}
