package breach

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// A ResponseKind says what was done in response to an incident.
type ResponseKind string

// The kinds, with the fields that they need besides Seq, Kind, At, Recorded
// and By.
const (
	Assessed       ResponseKind = "assessed"        // Evidence: of the assessment
	NoticeGiven    ResponseKind = "notice_given"    // Obligation, Method, Count
	NoticeReturned ResponseKind = "notice_returned" // Obligation, Count: came back or bounced
	NoticeReached  ResponseKind = "notice_reached"  // Obligation, Count: substitute notice reached them
	PostingEnded   ResponseKind = "posting_ended"   // Obligation
	DelayBegan     ResponseKind = "delay_began"     // Ref names the official's statement
	DelayEnded     ResponseKind = "delay_ended"     // Ref
	SpeakerNamed   ResponseKind = "speaker_named"   // Audience, Speaker: who may speak to it
	StatementMade  ResponseKind = "statement_made"  // Audience, Speaker
	ResponseClosed ResponseKind = "closed"
)

// A NoticeMethod is how a notice was given.
type NoticeMethod string

// The methods: 45 CFR 164.404(d), 164.406, 164.408.
const (
	FirstClassMail NoticeMethod = "first_class_mail"
	AgreedEmail    NoticeMethod = "email_agreed" // the individual agreed to e-mail
	Telephone      NoticeMethod = "telephone"
	HomePage       NoticeMethod = "home_page"
	MajorMedia     NoticeMethod = "major_media"
	PressRelease   NoticeMethod = "press_release"
	Portal         NoticeMethod = "portal"
	AsContract     NoticeMethod = "as_contract" // as an agreement says
	OtherMeans     NoticeMethod = "other"
)

func (m NoticeMethod) valid() bool {
	return slices.Contains([]NoticeMethod{FirstClassMail, AgreedEmail, Telephone, HomePage, MajorMedia, PressRelease, Portal, AsContract, OtherMeans}, m)
}

// A ResponseEvent is one thing that was done, at an instant, and was recorded
// at another. The zero event is invalid. It names people by their part and
// holds no PHI.
type ResponseEvent struct {
	// Seq is the place of the event in the record, from 1 and unique.
	Seq      int          `json:"seq"`
	Kind     ResponseKind `json:"kind"`
	At       time.Time    `json:"at"`
	Recorded time.Time    `json:"recorded"`
	By       string       `json:"by"` // a party or a part, such as "privacy officer"

	Obligation string       `json:"obligation,omitempty"` // the ID in the timeline
	Method     NoticeMethod `json:"method,omitempty"`
	Count      int          `json:"count,omitempty"` // of individuals
	Audience   string       `json:"audience,omitempty"`
	Speaker    string       `json:"speaker,omitempty"`
	Ref        string       `json:"ref,omitempty"`
	// Evidence is the hash of what proves it: the assessment, a postal
	// receipt, the portal's confirmation.
	Evidence string `json:"evidence,omitempty"`
}

// responseFields are the fields that an event of a kind must and may have.
func responseFields(k ResponseKind) (must, may string, ok bool) {
	switch k {
	case Assessed:
		return "", "evidence ref", true
	case NoticeGiven:
		return "obligation method", "count evidence ref", true
	case NoticeReturned, NoticeReached:
		return "obligation count", "evidence ref", true
	case PostingEnded:
		return "obligation", "evidence ref", true
	case DelayBegan, DelayEnded:
		return "ref", "evidence", true
	case SpeakerNamed:
		return "audience speaker", "ref", true
	case StatementMade:
		return "audience speaker", "evidence ref", true
	case ResponseClosed:
		return "", "evidence ref", true
	}
	return "", "", false
}

// Validate reports what is wrong with the event by itself, as
// [baakit.FieldErrors] in field order.
func (e ResponseEvent) Validate() error {
	var errs baakit.FieldErrors
	if e.Seq < 1 {
		errs.Add("seq", "must be a number from 1")
	}
	must, may, known := responseFields(e.Kind)
	if !known {
		errs.Add("kind", "must be a kind of event")
	}
	if e.At.IsZero() || e.At.Year() < 1 || e.At.Year() > 9999 {
		errs.Add("at", "is required, in the years 1 to 9999")
	}
	if e.Recorded.IsZero() || e.Recorded.Before(e.At) || e.Recorded.Year() > 9999 {
		errs.Add("recorded", "is required and must not be before at")
	}
	required(&errs, "by", e.By)
	if !known {
		return errs.Err()
	}
	events.CheckFields(&errs, strings.Fields(must), strings.Fields(may),
		events.Has("obligation", e.Obligation != "", shortText(e.Obligation), "must be at most 200 bytes on one line"),
		events.Has("method", e.Method != "", e.Method.valid(), "must be a method"),
		events.Has("count", e.Count != 0, e.Count > 0, "must be a number from 1"),
		events.Has("audience", e.Audience != "", shortText(e.Audience), "must be at most 200 bytes on one line"),
		events.Has("speaker", e.Speaker != "", shortText(e.Speaker), "must be at most 200 bytes on one line"),
		events.Has("ref", e.Ref != "", shortText(e.Ref), "must be at most 200 bytes on one line"),
		events.Has("evidence", e.Evidence != "", shortText(e.Evidence), "must be at most 200 bytes on one line"),
	)
	return errs.Err()
}

func shortText(s string) bool { return len(s) <= 200 && !strings.ContainsAny(s, "\r\n\x00") }

// ParseResponseEvents reads a JSON list of events, strictly, each of them
// valid and no Seq given twice. The error is a [baakit.FieldErrors] of all
// that is wrong, with paths such as "[2].by".
func ParseResponseEvents(data []byte) ([]ResponseEvent, error) {
	var raw []json.RawMessage
	if err := strictjson.Decode(data, &raw); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	events := make([]ResponseEvent, len(raw))
	for i, r := range raw {
		path := fmt.Sprintf("[%d]", i)
		var w responseWire
		if err := strictjson.Decode(r, &w); err != nil {
			errs.Merge(path, err)
			continue
		}
		events[i] = w.event()
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if err := checkResponse(events); err != nil {
		return nil, err
	}
	return events, nil
}

// A responseWire reads instants without putting the input in an error.
type responseWire struct {
	Seq        int            `json:"seq"`
	Kind       ResponseKind   `json:"kind"`
	At         events.Instant `json:"at"`
	Recorded   events.Instant `json:"recorded"`
	By         string         `json:"by"`
	Obligation string         `json:"obligation"`
	Method     NoticeMethod   `json:"method"`
	Count      int            `json:"count"`
	Audience   string         `json:"audience"`
	Speaker    string         `json:"speaker"`
	Ref        string         `json:"ref"`
	Evidence   string         `json:"evidence"`
}

func (w responseWire) event() ResponseEvent {
	return ResponseEvent{
		w.Seq, w.Kind, time.Time(w.At), time.Time(w.Recorded), w.By, w.Obligation, w.Method, w.Count, w.Audience, w.Speaker, w.Ref, w.Evidence,
	}
}

func checkResponse(events []ResponseEvent) error {
	var errs baakit.FieldErrors
	seen := make(map[int]bool)
	for i, e := range events {
		path := fmt.Sprintf("[%d]", i)
		errs.Merge(path, e.Validate())
		if e.Seq > 0 && seen[e.Seq] {
			errs.Add(path+".seq", "must not be that of another event")
		}
		seen[e.Seq] = true
	}
	return errs.Err()
}
