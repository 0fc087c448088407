package baa

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// A Right is one of the rights of an individual that a business associate
// helps with.
type Right string

// The rights.
const (
	AccessRight     Right = "access"     // 45 CFR 164.524
	AmendmentRight  Right = "amendment"  // 45 CFR 164.526
	AccountingRight Right = "accounting" // 45 CFR 164.528
)

func rights() []Right { return []Right{AccessRight, AmendmentRight, AccountingRight} }

// A RightsEventKind says what happened to a request.
type RightsEventKind string

// The kinds, in the order of a request's life.
const (
	// RequestReceived by a side. By: who received it.
	RequestReceived RightsEventKind = "received"
	// RequestForwarded by the business associate to the covered entity.
	RequestForwarded RightsEventKind = "forwarded"
	// AnswerDirected: the covered entity directed the business associate in
	// writing to answer the individual. Ref names the writing.
	AnswerDirected RightsEventKind = "directed"
	// DirectionRevoked takes it back. Ref names the writing.
	DirectionRevoked RightsEventKind = "direction_revoked"
	// SupportGiven: the business associate made available what the covered
	// entity needs, or incorporated an amendment.
	SupportGiven RightsEventKind = "support_given"
	// ResponseExtended: the covered entity told the individual in writing the
	// reasons and the day of its answer, within the first period. Until is
	// that day, Ref names the statement.
	ResponseExtended RightsEventKind = "extended"
	// RequestAnswered: the individual has the answer. By: who gave it.
	RequestAnswered RightsEventKind = "answered"
	// RequestWithdrawn by the individual.
	RequestWithdrawn RightsEventKind = "request_withdrawn"
)

// A RightsEvent is one thing that happened to a request of an individual.
// It names no individual: Ref and the request's own name hold no PHI. The
// zero RightsEvent is invalid.
type RightsEvent struct {
	Seq          int
	Kind         RightsEventKind
	At, Recorded time.Time
	By           Side
	Right        Right       // of RequestReceived
	Until        baakit.Date // of ResponseExtended
	Ref          string
}

type rightsRule struct {
	kind      RightsEventKind
	must, may string
	by        Side // the only side that can do it; zero: either
}

func rightsRules() []rightsRule {
	return []rightsRule{
		{RequestReceived, "by right", "ref", ""},
		{RequestForwarded, "by", "ref", BusinessAssociateSide},
		{AnswerDirected, "by ref", "", CoveredEntitySide},
		{DirectionRevoked, "by ref", "", CoveredEntitySide},
		{SupportGiven, "by", "ref", BusinessAssociateSide},
		{ResponseExtended, "by until ref", "", CoveredEntitySide},
		{RequestAnswered, "by", "ref", ""},
		{RequestWithdrawn, "", "by ref", ""},
	}
}

// Validate reports what is wrong with the event by itself, as
// [baakit.FieldErrors] in field order.
func (e RightsEvent) Validate() error {
	var errs baakit.FieldErrors
	if e.Seq < 1 {
		errs.Add("seq", "must be a number from 1")
	}
	rules := rightsRules()
	i := slices.IndexFunc(rules, func(r rightsRule) bool { return r.kind == e.Kind })
	if i < 0 {
		errs.Add("kind", "must be a kind of event")
	}
	if !events.ValidInstant(e.At) {
		errs.Add("at", "is required, in the years 1 to 9999")
	}
	if !events.ValidInstant(e.Recorded) || e.Recorded.Before(e.At) {
		errs.Add("recorded", "is required and must not be before at")
	}
	if i < 0 {
		return errs.Err()
	}
	events.CheckFields(&errs, strings.Fields(rules[i].must), strings.Fields(rules[i].may),
		events.Has("by", e.By != "", e.By.valid() && (rules[i].by == "" || rules[i].by == e.By), "must be the side that can do this"),
		events.Has("right", e.Right != "", slices.Contains(rights(), e.Right), "must be a right"),
		events.Has("until", !e.Until.IsZero(), true),
		events.Has("ref", e.Ref != "", events.IsName(e.Ref), events.NameRule),
	)
	return errs.Err()
}

type rightsEventWire struct {
	Seq      int             `json:"seq"`
	Kind     RightsEventKind `json:"kind"`
	At       instant         `json:"at"`
	Recorded instant         `json:"recorded"`
	By       Side            `json:"by,omitempty"`
	Right    Right           `json:"right,omitempty"`
	Until    baakit.Date     `json:"until,omitzero"`
	Ref      string          `json:"ref,omitempty"`
}

// MarshalJSON implements json.Marshaler; instants are RFC 3339.
func (e RightsEvent) MarshalJSON() ([]byte, error) {
	return json.Marshal(rightsEventWire{e.Seq, e.Kind, instant(e.At), instant(e.Recorded), e.By, e.Right, e.Until, e.Ref})
}

// UnmarshalJSON implements json.Unmarshaler. It reads strictly and refuses
// what [RightsEvent.Validate] refuses; on an error e is unchanged.
func (e *RightsEvent) UnmarshalJSON(data []byte) error {
	var w rightsEventWire
	if err := strictjson.Decode(data, &w); err != nil {
		return err
	}
	read := RightsEvent{w.Seq, w.Kind, time.Time(w.At), time.Time(w.Recorded), w.By, w.Right, w.Until, w.Ref}
	if err := read.Validate(); err != nil {
		return err
	}
	*e = read
	return nil
}

// ParseRightsEvents reads a JSON list of events, strictly, each of them valid
// and no Seq given twice. The error is a [baakit.FieldErrors].
func ParseRightsEvents(data []byte) ([]RightsEvent, error) { return events.Parse(data, rightsSeqOf) }

func rightsSeqOf(e *RightsEvent) int { return e.Seq }

func checkRightsSeq(list []RightsEvent) error { return events.CheckSeq(list, rightsSeqOf) }

func lastRights(list []RightsEvent) events.Last {
	return events.LastOf(list, func(e *RightsEvent) (int, time.Time, time.Time) { return e.Seq, e.At, e.Recorded })
}
