package breach

import (
	"time"

	"github.com/baakit/baakit"
)

// A Flag marks something about the rule of an obligation that its reader has
// to know.
type Flag string

// The flags.
const (
	// UnverifiedRule: nobody has read the text of the rule.
	UnverifiedRule Flag = "unverified_rule"
	// UnverifiedEffectiveDate: nobody has read since when the rule is in force.
	UnverifiedEffectiveDate Flag = "unverified_effective_date"
	// UnverifiedDeeming: nobody has read what the law says of HIPAA.
	UnverifiedDeeming Flag = "unverified_deeming"
	// BeforeFirstKnownDay: the rule is applied to a day before the first on
	// which it is known to be in force.
	BeforeFirstKnownDay Flag = "before_first_known_day"
)

// An Obligation is one thing that somebody owes somebody by some time, or may
// owe. Its slices are shared with the rules and must not be changed. The zero
// Obligation is invalid.
type Obligation struct {
	// ID is stable: the same duty of the same party has the same ID in every
	// timeline of an incident. A number behind a slash is how far below the
	// covered entity the party stands.
	ID           string              `json:"id"`
	Regime       Regime              `json:"regime"`
	Kind         Kind                `json:"kind"`
	Standing     Standing            `json:"standing"`
	Jurisdiction baakit.Jurisdiction `json:"jurisdiction,omitzero"`
	OwedBy       string              `json:"owed_by"`
	Recipient    string              `json:"recipient"`

	// CountedFrom is the fact from which the clock counts and Start its day.
	CountedFrom Trigger `json:"counted_from"`
	// Promptness is the standard that holds beside every date.
	Promptness Promptness    `json:"promptness,omitzero"`
	Start      baakit.Date   `json:"start"`
	Within     baakit.Period `json:"within,omitzero"`
	// OuterLimit is the last day that the rule allows without a delay; zero
	// where it names none.
	OuterLimit baakit.Date `json:"outer_limit,omitzero"`
	// Due is the day by which to act: the outer limit, moved by a delay, or
	// earlier where the notice to individuals goes out earlier. It is zero
	// where the rule names no time: Promptness then says all there is.
	Due baakit.Date `json:"due,omitzero"`
	// DueAt is the instant, of a clock in hours whose start is known in a
	// zone.
	DueAt time.Time `json:"due_at,omitzero"`
	// DelayedThrough is the last day of the delay for law enforcement during
	// which notice must not be given.
	DelayedThrough baakit.Date `json:"delayed_through,omitzero"`
	// Governs is false where another clock for the same report to the same
	// party ends earlier.
	Governs bool `json:"governs"`
	// Confidence is how far the text of the rule was checked.
	Confidence baakit.Confidence `json:"confidence"`
	// Deemed says whether the jurisdiction takes compliance with HIPAA for
	// its own.
	Deemed DeemedFlag `json:"deemed,omitzero"`
	// DeemedConfidence is how far that was checked; zero with no Deemed.
	DeemedConfidence baakit.Confidence `json:"deemed_confidence,omitzero"`
	// Lasts is how long a posting has to stay.
	Lasts baakit.Period `json:"lasts,omitzero"`
	// Threshold is the one that was reached, or may be.
	Threshold *Threshold `json:"threshold,omitempty"`

	Citations []baakit.Citation `json:"citations,omitempty"`
	Flags     []Flag            `json:"flags,omitempty"`
	// Questions are what to find out: until then the date is the safe one.
	Questions []Question `json:"questions,omitempty"`
	// Explanation is one sentence with the arithmetic.
	Explanation string `json:"explanation"`
	// Changes is what would change the obligation.
	Changes string `json:"changes,omitempty"`
}

// Dated reports whether the obligation has a date.
func (o Obligation) Dated() bool { return !o.Due.IsZero() }

// day is where the obligation sorts: without a date on the day on which its
// clock started, since it is to be done at once.
func (o *Obligation) day() baakit.Date {
	if o.Due.IsZero() {
		return o.Start
	}
	return o.Due
}
