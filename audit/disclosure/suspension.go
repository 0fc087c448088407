package disclosure

import (
	"encoding/json"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/baakit/baakit/internal/strictjson"
)

// SuspensionSchema is the schema of the payload of an event that
// [Suspension.Event] returns.
const SuspensionSchema = "baakit.audit.suspension/1"

// SuspensionKind is the kind of such an event.
const SuspensionKind = "disclosure.suspended"

// A Statement is how an agency said that an accounting would impede it. The
// zero Statement is invalid.
type Statement string

// The two forms of a statement.
const (
	Written Statement = "written" // 45 CFR 164.528(a)(2)(i)
	Oral    Statement = "oral"    // 45 CFR 164.528(a)(2)(ii)
)

// A Suspension is the statement by which a health oversight agency or a law
// enforcement official suspends the individual's right to an accounting of
// disclosures to it, 45 CFR 164.528(a)(2). The zero Suspension is invalid. It
// is comparable.
type Suspension struct {
	// By is the agency or official, whose identity is documented.
	By        string    `json:"by"`
	Statement Statement `json:"statement"`
	// On is the day of the statement, the first of the suspension.
	On baakit.Date `json:"on"`
	// Until is the last day of it. A written statement must specify it; after
	// an oral one the suspension ends 30 days later at the latest.
	Until baakit.Date `json:"until,omitzero"`
	// Impedes records that the statement says that an accounting would be
	// reasonably likely to impede the activities of the agency. Without that
	// there is no suspension.
	Impedes bool `json:"impedes"`
}

// Validate reports what is wrong with the suspension, as [baakit.FieldErrors].
func (s Suspension) Validate() error {
	var errs baakit.FieldErrors
	text(&errs, "by", s.By, true, maxText)
	if s.Statement != Written && s.Statement != Oral {
		errs.Add("statement", "must be written or oral")
	}
	if s.On.IsZero() {
		errs.Add("on", "is required")
	}
	switch {
	case s.Until.IsZero() && s.Statement == Written:
		errs.Add("until", "is required of a written statement, which specifies the time")
	case !s.Until.IsZero() && s.Until.Before(s.On):
		errs.Add("until", "must not be before on")
	}
	if !s.Impedes {
		errs.Add("impedes", "must be true: the statement has to say that an accounting would be reasonably likely to impede the agency")
	}
	return errs.Err()
}

// Through returns the last day of the suspension: the one that a written
// statement specifies, and for an oral one at most 30 days after it. It is
// zero for a suspension that is not valid.
func (s Suspension) Through() baakit.Date {
	if s.Validate() != nil {
		return baakit.Date{}
	}
	if s.Statement == Written {
		return s.Until
	}
	limit, err := law().periods["oral"].AddTo(s.On, nil, baakit.RollBack)
	if err != nil || !s.Until.IsZero() && s.Until.Before(limit) {
		return s.Until
	}
	return limit
}

// inForce reports whether the suspension covers a day.
func (s Suspension) inForce(on baakit.Date) bool {
	through := s.Through()
	return !through.IsZero() && !on.Before(s.On) && !on.After(through)
}

// A suspended is the payload of an event that suspends disclosures that were
// logged before.
type suspended struct {
	Schema     string     `json:"schema"`
	Recipient  string     `json:"recipient"`
	Suspension Suspension `json:"suspension"`
}

// Event returns the event that records a statement about disclosures to
// recipient, by the name that they are recorded under, about the patient,
// whether they are logged before or after it. A written statement that follows
// an oral one is another event. The error is a [baakit.FieldErrors].
func (s Suspension) Event(actor audit.Actor, patient, recipient string) (audit.Event, error) {
	var errs baakit.FieldErrors
	errs.Merge("suspension", s.Validate())
	text(&errs, "recipient", recipient, true, maxText)
	if patient == "" {
		errs.Add("patient", "is required")
	}
	e := audit.Event{Kind: SuspensionKind, Action: audit.ActionUpdate, Outcome: audit.Success, Actor: actor, Patient: patient}
	var err error
	if len(errs) == 0 {
		if e.Payload, err = jcs.Marshal(suspended{SuspensionSchema, recipient, s}); err != nil {
			errs.Add("suspension", "must have a canonical form (RFC 8785)")
		}
		errs.Merge("", e.Validate())
	}
	if err := errs.Err(); err != nil {
		return audit.Event{}, err
	}
	return e, nil
}

func parseSuspended(data json.RawMessage) (suspended, error) {
	var s suspended
	if err := strictjson.Decode(data, &s); err != nil {
		return suspended{}, err
	}
	var errs baakit.FieldErrors
	if s.Schema != SuspensionSchema {
		errs.Add("schema", "must be "+SuspensionSchema)
	}
	text(&errs, "recipient", s.Recipient, true, maxText)
	errs.Merge("suspension", s.Suspension.Validate())
	return s, errs.Err()
}

// String keeps who investigates out of logs.
func (s Suspension) String() string { return "disclosure.Suspension" }

// GoString is String.
func (s Suspension) GoString() string { return s.String() }
