package baa

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// A Side is a party to an agreement by its part in it. In an agreement
// between a business associate and its subcontractor the business associate
// stands where a covered entity stands otherwise (45 CFR 164.504(e)(5)). The
// zero Side is nobody.
type Side string

// The sides.
const (
	CoveredEntitySide     Side = "covered_entity"
	BusinessAssociateSide Side = "business_associate"
)

func (s Side) valid() bool { return s == CoveredEntitySide || s == BusinessAssociateSide }

// An EventKind says what happened to an agreement.
type EventKind string

// The kinds of events, in the order of an agreement's life.
const (
	Offered             EventKind = "offered"               // Version, By, OpenThrough
	Withdrawn           EventKind = "withdrawn"             // Version, By
	Signed              EventKind = "signed"                // Version, By
	Accepted            EventKind = "accepted"              // Version, By, Assent
	AmendmentNotice     EventKind = "amendment_notice"      // Version, By
	Objected            EventKind = "objected"              // Version, By
	Disclosed           EventKind = "disclosed"             // PHI was disclosed under the agreement
	BreachNotice        EventKind = "breach_notice"         // By, Ref names the breach of the agreement
	Cured               EventKind = "cured"                 // Ref
	Waived              EventKind = "waived"                // Ref, By the party that gave the notice
	NeitherFeasible     EventKind = "neither_feasible"      // By: neither cure nor termination is feasible
	TerminationNotice   EventKind = "termination_notice"    // By, Effective
	Terminated          EventKind = "terminated"            // By, Cause
	UnderlyingEnded     EventKind = "underlying_ended"      // the underlying agreement ended
	Superseded          EventKind = "superseded"            // Ref names the agreement that took its place
	ReturnInfeasible    EventKind = "return_infeasible"     // By
	ReturnedOrDestroyed EventKind = "returned_or_destroyed" // By, Ref names the certificate
)

// A Cause says why an agreement ended. The zero Cause is that it has not.
type Cause string

// The causes. The first four are what a Terminated event may say.
const (
	UncuredBreach   Cause = "uncured_breach"
	IncurableBreach Cause = "incurable_breach"
	NoticeGiven     Cause = "notice"
	MutualConsent   Cause = "mutual"

	TermExpired      Cause = "expired"
	UnderlyingEnding Cause = "underlying_ended"
	Supersession     Cause = "superseded"
)

// An Assent is what an Accepted event keeps of its [Acceptance]: enough to
// know how the agreement was formed. The evidence itself stays with whoever
// keeps it, under EvidenceHash.
type Assent struct {
	Method       AcceptanceMethod `json:"method"`
	VersionHash  string           `json:"version_hash"` // of the version that was shown
	Authority    bool             `json:"authority"`    // the authority to bind was stated
	Copy         bool             `json:"copy"`         // a copy was delivered
	Strength     Strength         `json:"strength"`
	EvidenceHash string           `json:"evidence_hash,omitempty"`
}

// An Event is one thing that happened to an agreement, at an instant, and was
// recorded at another. Which other fields an event of a kind has is said at
// the kinds. The zero Event is invalid. Events are made by the commands of
// [Lifecycle] or read from JSON; once recorded they are never changed.
type Event struct {
	// Seq is the place of the event in the record, from 1 and unique: of two
	// events at one instant the lower comes first.
	Seq  int
	Kind EventKind
	// At is when it happened, Recorded when it became known; never earlier.
	At, Recorded time.Time
	By           Side
	Version      string // hash of the version that is meant
	OpenThrough  baakit.Date
	Effective    baakit.Date
	Cause        Cause
	Ref          string // a name without PHI: of a breach, a certificate, an agreement
	Assent       *Assent
}

// An eventRule says which fields an event of a kind must or may have.
type eventRule struct {
	kind      EventKind
	must, may string
}

// eventRules returns the kinds with their fields.
func eventRules() []eventRule {
	return []eventRule{
		{Offered, "by version", "open_through"},
		{Withdrawn, "by version", ""},
		{Signed, "by version", ""},
		{Accepted, "by version assent", ""},
		{AmendmentNotice, "by version", ""},
		{Objected, "by version", ""},
		{Disclosed, "", "by ref"},
		{BreachNotice, "by ref", ""},
		{Cured, "ref", "by"},
		{Waived, "by ref", ""},
		{NeitherFeasible, "by", "ref"},
		{TerminationNotice, "by", "effective"},
		{Terminated, "by cause", "ref"},
		{UnderlyingEnded, "", "by ref"},
		{Superseded, "", "by ref"},
		{ReturnInfeasible, "by", "ref"},
		{ReturnedOrDestroyed, "by", "ref"},
	}
}

// Validate reports what is wrong with the event by itself, as
// [baakit.FieldErrors] in field order: a field missing or not of its kind, a
// time out of order. Whether it was possible when it happened is the question
// of [Lifecycle.Record].
func (e Event) Validate() error {
	if e.plainlyValid() {
		return nil
	}
	var errs baakit.FieldErrors
	if e.Seq < 1 {
		errs.Add("seq", "must be a number from 1")
	}
	rules := eventRules()
	i := slices.IndexFunc(rules, func(r eventRule) bool { return r.kind == e.Kind })
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
		events.Has("by", e.By != "", e.By.valid(), "must be a side"),
		events.Has("version", e.Version != "", events.IsName(e.Version), events.NameRule),
		events.Has("open_through", !e.OpenThrough.IsZero(), true),
		events.Has("effective", !e.Effective.IsZero(), true),
		events.Has("cause", e.Cause != "", e.Cause.given(), "must be a cause that a party can give"),
		events.Has("ref", e.Ref != "", events.IsName(e.Ref), events.NameRule),
		events.Has("assent", e.Assent != nil, e.Assent == nil || e.Assent.valid(), "must name a method, a version and a strength"),
	)
	return errs.Err()
}

// eventMasks are the rules as sets of fields, for the way of the events that
// are valid: a life has thousands of them.
var eventMasks = sync.OnceValue(func() map[EventKind][2]uint8 {
	names := []string{"by", "version", "open_through", "effective", "cause", "ref", "assent"}
	set := func(words string) (m uint8) {
		for i, name := range names {
			if hasWord(words, name) {
				m |= 1 << i
			}
		}
		return m
	}
	masks := make(map[EventKind][2]uint8)
	for _, r := range eventRules() {
		masks[r.kind] = [2]uint8{set(r.must), set(r.must) | set(r.may)}
	}
	return masks
})

// plainlyValid reports whether Validate finds nothing, without looking for
// words; when it says no, Validate looks again and names what is wrong.
func (e *Event) plainlyValid() bool {
	masks, ok := eventMasks()[e.Kind]
	if !ok || e.Seq < 1 || !events.ValidInstant(e.At) || !events.ValidInstant(e.Recorded) || e.Recorded.Before(e.At) {
		return false
	}
	var has uint8
	for i, set := range [...]bool{e.By != "", e.Version != "", !e.OpenThrough.IsZero(), !e.Effective.IsZero(), e.Cause != "", e.Ref != "", e.Assent != nil} {
		if set {
			has |= 1 << i
		}
	}
	return has&masks[0] == masks[0] && has&^masks[1] == 0 &&
		(e.By == "" || e.By.valid()) && (e.Version == "" || events.IsName(e.Version)) && (e.Ref == "" || events.IsName(e.Ref)) &&
		(e.Cause == "" || e.Cause.given()) && (e.Assent == nil || e.Assent.valid())
}

// given reports whether a Terminated event can say the cause.
func (c Cause) given() bool {
	return c == UncuredBreach || c == IncurableBreach || c == NoticeGiven || c == MutualConsent
}

func (a Assent) valid() bool {
	return a.Method.valid() && events.IsName(a.VersionHash) && a.Strength.valid() && (a.EvidenceHash == "" || events.IsName(a.EvidenceHash))
}

func hasWord(words, word string) bool { return slices.Contains(strings.Fields(words), word) }

func checkAxes(errs *baakit.FieldErrors, valid, known time.Time) {
	events.CheckAxes(errs, valid, known)
}

type instant = events.Instant

type eventWire struct {
	Seq         int         `json:"seq"`
	Kind        EventKind   `json:"kind"`
	At          instant     `json:"at"`
	Recorded    instant     `json:"recorded"`
	By          Side        `json:"by,omitempty"`
	Version     string      `json:"version,omitempty"`
	OpenThrough baakit.Date `json:"open_through,omitzero"`
	Effective   baakit.Date `json:"effective,omitzero"`
	Cause       Cause       `json:"cause,omitempty"`
	Ref         string      `json:"ref,omitempty"`
	Assent      *Assent     `json:"assent,omitempty"`
}

// MarshalJSON implements json.Marshaler; fields that the event does not have
// are left out, instants are RFC 3339.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(eventWire{
		e.Seq, e.Kind, instant(e.At), instant(e.Recorded), e.By, e.Version,
		e.OpenThrough, e.Effective, e.Cause, e.Ref, e.Assent,
	})
}

// UnmarshalJSON implements json.Unmarshaler. It reads strictly and refuses
// what [Event.Validate] refuses; on an error, which is a
// [baakit.FieldErrors], e is unchanged.
func (e *Event) UnmarshalJSON(data []byte) error {
	var w eventWire
	if err := strictjson.Decode(data, &w); err != nil {
		return err
	}
	read := Event{
		w.Seq, w.Kind, time.Time(w.At), time.Time(w.Recorded), w.By, w.Version,
		w.OpenThrough, w.Effective, w.Cause, w.Ref, w.Assent,
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*e = read
	return nil
}

// ParseEvents reads a JSON list of events, strictly, each of them valid and
// no Seq given twice. The error is a [baakit.FieldErrors] of all that is
// wrong, with paths such as "[2].by".
func ParseEvents(data []byte) ([]Event, error) { return events.Parse(data, seqOf) }

func seqOf(e *Event) int { return e.Seq }

// checkEvents reports every invalid event and every Seq that occurs twice.
func checkEvents(list []Event) error {
	var errs baakit.FieldErrors
	for i := range list {
		if !list[i].plainlyValid() {
			errs.Merge(at(i), list[i].Validate())
		}
	}
	errs.Merge("", events.CheckSeq(list, seqOf))
	return errs.Err()
}

// inOrder returns the events that were known by then, in the order in which
// they happened, whatever the order of the list.
func inOrder(events []Event, known time.Time) []Event {
	list := events // which nobody changes
	if slices.ContainsFunc(events, func(e Event) bool { return e.Recorded.After(known) }) {
		list = slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.Recorded.After(known) })
	}
	compare := func(a, b Event) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return a.Seq - b.Seq
	}
	if !slices.IsSortedFunc(list, compare) {
		list = slices.Clone(list)
		slices.SortFunc(list, compare)
	}
	return list
}

func lastOf(list []Event) events.Last {
	return events.LastOf(list, func(e *Event) (int, time.Time, time.Time) { return e.Seq, e.At, e.Recorded })
}
