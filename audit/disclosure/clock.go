package disclosure

import (
	"cmp"
	"slices"
	"strings"

	"github.com/baakit/baakit"
)

// A Clock is the time in which a request for an accounting has to be acted on,
// 45 CFR 164.528(c)(1). It is the covered entity's; what an agreement gives a
// business associate is usually shorter. The zero Clock runs from no day.
type Clock struct {
	// Received is the day on which the request was received: day 0.
	Received baakit.Date
	// Extensions are the statements that were given to the individual, in the
	// order in which they were given. The law allows one.
	Extensions []Extension
}

// An Extension is a statement to the individual that the accounting will take
// longer, 45 CFR 164.528(c)(1)(ii).
type Extension struct {
	On      baakit.Date // the day on which it was given
	Written bool
	Reasons string      // for the delay
	By      baakit.Date // when the accounting will be provided
}

// Due returns the last day to act: 60 days after receipt, or what an extension
// makes of it, at most 30 days more. It is zero if Received is.
func (c Clock) Due() baakit.Date {
	due, _ := c.due()
	return due
}

// Reasons returns which rule gives the day, and why an extension gives nothing.
func (c Clock) Reasons() []baakit.Reason {
	_, reasons := c.due()
	return reasons
}

// Overdue reports whether the last day to act has passed by a day on which
// nothing was done.
func (c Clock) Overdue(on baakit.Date) bool { return !c.Received.IsZero() && on.After(c.Due()) }

func (c Clock) due() (baakit.Date, []baakit.Reason) {
	if c.Received.IsZero() {
		return baakit.Date{}, nil
	}
	first, err := law().periods["act"].AddTo(c.Received, nil, baakit.RollBack)
	if err != nil {
		return baakit.Date{}, nil
	}
	reasons := []baakit.Reason{law().reason("period.act")}
	due, extended := first, false
	for _, e := range c.Extensions {
		switch {
		case extended:
			reasons = append(reasons, law().reason("extension_again"))
		case !e.Written || strings.TrimSpace(e.Reasons) == "" || e.By.IsZero() || e.On.IsZero() || e.On.Before(c.Received):
			reasons = append(reasons, law().reason("extension_incomplete"))
		case e.On.After(first):
			reasons = append(reasons, law().reason("extension_late"))
		default:
			extended = true
			reasons = append(reasons, law().reason("period.extension"))
			if limit, err := law().periods["extension"].AddTo(first, nil, baakit.RollBack); err == nil {
				due = later(first, earlier(e.By, limit))
			}
		}
	}
	return due, reasons
}

// A Given is an accounting that the same individual was given before.
type Given struct {
	Requested baakit.Date // the day on which it was asked for
	Charged   bool
}

// A Fee is whether an accounting may be charged for, 45 CFR 164.528(c)(2).
type Fee struct {
	Allowed bool
	// FreeFrom is the first day on which a request is without charge again;
	// zero where this one is because nothing was given in the 12 months before.
	FreeFrom baakit.Date
	Reason   baakit.Reason
}

// FeeFor tells whether an accounting that is requested on a day may be charged
// for, when the individual was given others before and, for told, was informed
// of the fee in advance with the chance to withdraw or change the request.
//
// The 12 months run from the request for an accounting that was given without
// charge, and the next begin with the first request after them: of two
// readings of "any 12 month period" this is the one that is never dearer for
// the individual. Accountings asked for after the day do not count.
func FeeFor(requested baakit.Date, before []Given, told bool) Fee {
	before = slices.Clone(before)
	slices.SortStableFunc(before, func(a, b Given) int { return cmp.Or(a.Requested.Compare(b.Requested)) })
	var next baakit.Date // the first day after the 12 months
	for _, g := range before {
		if g.Charged || g.Requested.IsZero() || g.Requested.After(requested) || g.Requested.Before(next) {
			continue
		}
		n, err := law().periods["free"].AddTo(g.Requested, nil, baakit.RollBack)
		if err == nil {
			next = n
		}
	}
	switch {
	case requested.IsZero() || !requested.Before(next):
		return Fee{false, baakit.Date{}, law().reason("fee_first")}
	case !told:
		return Fee{false, next, law().reason("fee_not_told")}
	}
	return Fee{true, next, law().reason("fee_allowed")}
}
