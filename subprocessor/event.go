package subprocessor

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// An EventKind says what happened.
type EventKind string

// The kinds of events; eventRules says which fields each has.
const (
	EntityRecorded        EventKind = "entity_recorded"
	EngagementProposed    EventKind = "engagement_proposed"
	EngagementReviewed    EventKind = "engagement_under_review"
	EngagementContracted  EventKind = "engagement_contracted"
	EngagementActivated   EventKind = "engagement_activated"
	EngagementSuspended   EventKind = "engagement_suspended"
	EngagementResumed     EventKind = "engagement_resumed"
	EngagementOffboarding EventKind = "engagement_offboarding"
	RetentionClosed       EventKind = "retention_closed" // Ref names the certificate
	ExceptionOpened       EventKind = "retention_exception_opened"
	ExceptionClosed       EventKind = "retention_exception_closed"
	EngagementRemoved     EventKind = "engagement_removed"
	ContractSigned        EventKind = "contract_signed"
	ContractEnded         EventKind = "contract_ended"
	AttestationRecorded   EventKind = "attestation_recorded"
	MilestoneMet          EventKind = "milestone_met"
	AttestationWithdrawn  EventKind = "attestation_revoked"
	WaiverGranted         EventKind = "waiver_granted"
	VendorReviewed        EventKind = "vendor_reviewed"
	ChangeDrafted         EventKind = "change_drafted"
	ChangeApproval        EventKind = "change_approved"
	ChangeAnnouncement    EventKind = "change_announced"
	ChangeCorrected       EventKind = "change_corrected"
	ChangeCancellation    EventKind = "change_cancelled"
	ChangeWithdrawal      EventKind = "change_withdrawn"
	ChangeTookEffect      EventKind = "change_effective"
	EmergencyTookEffect   EventKind = "change_emergency_effective"
	RolledBack            EventKind = "change_rolled_back"
	NoticePosted          EventKind = "notice_posted"
	NoticeQueued          EventKind = "notice_queued"
	NoticeSent            EventKind = "notice_sent"
	NoticeDelivered       EventKind = "notice_delivered"
	NoticeOpened          EventKind = "notice_opened"
	NoticeAcknowledged    EventKind = "notice_acknowledged"
	NoticeBounced         EventKind = "notice_bounced"
	ConsentGiven          EventKind = "consent_given"
	ObjectionReceived     EventKind = "objection_received"
	ObjectionResolving    EventKind = "objection_resolving"
	ObjectionResolved     EventKind = "objection_resolved"
	CustomerGatedOff      EventKind = "customer_gated_off"
	CustomerReleased      EventKind = "customer_released"
	ListPublished         EventKind = "list_published"
)

type eventRule struct {
	kind      EventKind
	must, may string
}

func eventRules() []eventRule {
	subject := func(k EventKind) eventRule { return eventRule{k, "subject", "ref by"} }
	change := func(k EventKind) eventRule { return eventRule{k, "change_id", "by ref"} }
	notice := func(k EventKind) eventRule { return eventRule{k, "change_id customer notice", "ref"} }
	customer := func(k EventKind) eventRule { return eventRule{k, "change_id customer", "by ref"} }
	return []eventRule{
		{EntityRecorded, "entity", ""},
		{EngagementProposed, "engagement", ""},
		subject(EngagementReviewed), subject(EngagementContracted), subject(EngagementActivated),
		subject(EngagementSuspended), subject(EngagementResumed), subject(EngagementOffboarding),
		{RetentionClosed, "subject ref", "by"},
		{ExceptionOpened, "subject ref", "by"},
		{ExceptionClosed, "subject ref", "by"},
		subject(EngagementRemoved),
		{ContractSigned, "contract", ""},
		{ContractEnded, "subject on", "ref by"},
		{AttestationRecorded, "attestation", ""},
		{MilestoneMet, "subject ref on", "by"},
		{AttestationWithdrawn, "subject on", "by"},
		{WaiverGranted, "waiver", ""},
		{VendorReviewed, "review", ""},
		{ChangeDrafted, "change", ""},
		change(ChangeApproval), change(ChangeAnnouncement),
		{ChangeCorrected, "change", ""},
		change(ChangeCancellation), change(ChangeWithdrawal), change(ChangeTookEffect),
		change(EmergencyTookEffect), change(RolledBack), change(NoticePosted),
		notice(NoticeQueued), notice(NoticeSent), notice(NoticeDelivered), notice(NoticeOpened), notice(NoticeAcknowledged), notice(NoticeBounced),
		customer(ConsentGiven),
		{ObjectionReceived, "change_id customer ref", "grounds"},
		{ObjectionResolving, "change_id customer ref", "by"},
		{ObjectionResolved, "change_id customer ref outcome", "by services"},
		customer(CustomerGatedOff), customer(CustomerReleased),
		{ListPublished, "version hash", "by"},
	}
}

// An Event is one thing that happened, at an instant, and was recorded at
// another. Events are made by [Registry.Record] or read from JSON; once
// recorded they are never changed. The zero Event is invalid.
type Event struct {
	Seq         int
	Kind        EventKind
	At          time.Time
	Recorded    time.Time
	By          string
	Entity      *Entity
	Engagement  *Engagement
	Contract    *Contract
	Attestation *Attestation
	Waiver      *Waiver
	Change      *Change
	Subject     string // id of the engagement, contract or attestation
	ChangeID    string
	Customer    string
	Notice      string
	Ref         string
	On          baakit.Date
	Grounds     string
	Outcome     Outcome
	Services    []string
	Version     int
	Hash        string
	Review      *Review
	Extra       Extra
}

type eventWire struct {
	Seq         int          `json:"seq"`
	Kind        EventKind    `json:"kind"`
	At          instant      `json:"at"`
	Recorded    instant      `json:"recorded"`
	By          string       `json:"by,omitempty"`
	Entity      *Entity      `json:"entity,omitempty"`
	Engagement  *Engagement  `json:"engagement,omitempty"`
	Contract    *Contract    `json:"contract,omitempty"`
	Attestation *Attestation `json:"attestation,omitempty"`
	Waiver      *Waiver      `json:"waiver,omitempty"`
	Change      *Change      `json:"change,omitempty"`
	Subject     string       `json:"subject,omitempty"`
	ChangeID    string       `json:"change_id,omitempty"`
	Customer    string       `json:"customer,omitempty"`
	Notice      string       `json:"notice,omitempty"`
	Ref         string       `json:"ref,omitempty"`
	On          baakit.Date  `json:"on,omitzero"`
	Grounds     string       `json:"grounds,omitempty"`
	Outcome     Outcome      `json:"outcome,omitempty"`
	Services    []string     `json:"services,omitempty"`
	Version     int          `json:"version,omitempty"`
	Hash        string       `json:"hash,omitempty"`
	Review      *Review      `json:"review,omitempty"`
}

// Validate reports what is wrong with the event by itself. Whether it was
// possible is the question of [Registry.Record].
func (e Event) Validate() error {
	var errs baakit.FieldErrors
	need(&errs, "seq", e.Seq >= 1, "must be a number from 1")
	need(&errs, "at", events.ValidInstant(e.At), "is required, in the years 1 to 9999")
	need(&errs, "recorded", events.ValidInstant(e.Recorded) && !e.Recorded.Before(e.At), "is required and must not be before at")
	rules := eventRules()
	i := slices.IndexFunc(rules, func(r eventRule) bool { return r.kind == e.Kind })
	if i < 0 {
		errs.Add("kind", "must be a kind of event")
		return errs.Err()
	}
	name := func(field, s string) events.Field {
		return events.Has(field, s != "", events.IsName(s), events.NameRule)
	}
	line := func(field, s string) events.Field {
		return events.Has(field, s != "", isLine(s), "must be one line of text")
	}
	events.CheckFields(&errs, strings.Fields(rules[i].must), strings.Fields(rules[i].may),
		line("by", e.By),
		events.Part("entity", e.Entity != nil, func() error { return e.Entity.Validate() }),
		events.Part("engagement", e.Engagement != nil, func() error { return e.Engagement.Validate() }),
		events.Part("contract", e.Contract != nil, func() error { return e.Contract.Validate() }),
		events.Part("attestation", e.Attestation != nil, func() error { return e.Attestation.Validate() }),
		events.Part("waiver", e.Waiver != nil, func() error { return e.Waiver.Validate() }),
		events.Part("change", e.Change != nil, func() error { return e.Change.Validate() }),
		name("subject", e.Subject),
		name("change_id", e.ChangeID),
		name("customer", e.Customer),
		name("notice", e.Notice),
		name("ref", e.Ref),
		events.Has("on", !e.On.IsZero(), true),
		line("grounds", e.Grounds),
		events.Has("outcome", e.Outcome != "", e.Outcome.valid(), "must be an outcome"),
		events.Has("services", len(e.Services) > 0, true),
		events.Has("version", e.Version != 0, e.Version > 0, "must be a number from 1"),
		name("hash", e.Hash),
		events.Part("review", e.Review != nil, func() error { return e.Review.Validate() }),
	)
	return errs.Err()
}

func checkAxes(errs *baakit.FieldErrors, valid, known time.Time) {
	events.CheckAxes(errs, valid, known)
}

// MarshalJSON implements json.Marshaler; fields that the event does not have
// are left out, instants are RFC 3339, extra fields come last.
func (e Event) MarshalJSON() ([]byte, error) {
	return encodeKeeping(eventWire{
		e.Seq, e.Kind, instant(e.At), instant(e.Recorded), e.By, e.Entity, e.Engagement, e.Contract, e.Attestation, e.Waiver, e.Change,
		e.Subject, e.ChangeID, e.Customer, e.Notice, e.Ref, e.On, e.Grounds, e.Outcome, e.Services, e.Version, e.Hash, e.Review,
	}, e.Extra)
}

// UnmarshalJSON implements json.Unmarshaler. It refuses what
// [Event.Validate] refuses, as [baakit.FieldErrors]; then e is unchanged.
func (e *Event) UnmarshalJSON(data []byte) error {
	var w eventWire
	extra, err := decodeKeeping(data, &w)
	if err != nil {
		return err
	}
	read := Event{
		w.Seq, w.Kind, time.Time(w.At), time.Time(w.Recorded), w.By, w.Entity, w.Engagement, w.Contract, w.Attestation, w.Waiver, w.Change,
		w.Subject, w.ChangeID, w.Customer, w.Notice, w.Ref, w.On, w.Grounds, w.Outcome, w.Services, w.Version, w.Hash, w.Review, extra,
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*e = read
	return nil
}

// ParseEvents reads a JSON list of events, no Seq given twice. The error is a
// [baakit.FieldErrors] of all that is wrong, with paths such as "[2].by".
func ParseEvents(data []byte) ([]Event, error) {
	var raw []json.RawMessage
	if err := strictjson.Decode(data, &raw); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	events := make([]Event, len(raw))
	for i, r := range raw {
		errs.Merge(at(i), events[i].UnmarshalJSON(r))
	}
	if len(errs) == 0 {
		errs.Merge("", checkEvents(events))
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return events, nil
}

func checkEvents(events []Event) error {
	var errs baakit.FieldErrors
	seen := make(map[int]bool, len(events))
	for i, e := range events {
		need(&errs, at(i)+".seq", e.Seq > 0 && !seen[e.Seq], "must be a number from 1 that no other event has")
		seen[e.Seq] = true
	}
	return errs.Err()
}

// inOrder returns the events that were known by then in the order in which
// they happened.
func inOrder(events []Event, known time.Time) []*Event {
	list := make([]*Event, 0, len(events))
	for i := range events {
		if !events[i].Recorded.After(known) {
			list = append(list, &events[i])
		}
	}
	compare := func(a, b *Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq))
	}
	if !slices.IsSortedFunc(list, compare) {
		slices.SortFunc(list, compare)
	}
	return list
}

func lastOf(list []Event) events.Last {
	return events.LastOf(list, func(e *Event) (int, time.Time, time.Time) { return e.Seq, e.At, e.Recorded })
}
