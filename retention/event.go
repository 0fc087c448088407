package retention

import (
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// An EventKind says what happened in a disposition.
type EventKind string

// The kinds of events, in the order of a disposition.
const (
	Terminating     EventKind = "terminating"      // By gave notice
	ExportOffered   EventKind = "export_offered"   // Format: before the end, to the covered entity
	ExportTaken     EventKind = "export_taken"     // Format, Hash
	ExportDeclined  EventKind = "export_declined"  //
	Ended           EventKind = "ended"            // the agreement ended
	Inventoried     EventKind = "inventoried"      // Asset, New
	InventoryClosed EventKind = "inventory_closed" //
	Elected         EventKind = "elected"          // Election, by the covered entity
	HoldPlaced      EventKind = "hold_placed"      // Matter, Assets (none is all)
	HoldLifted      EventKind = "hold_lifted"      // Matter, Bars through the release grace
	LawChanged      EventKind = "law_changed"      // Ref: permits are stale
	Proposed        EventKind = "proposed"         // Asset
	Approved        EventKind = "approved"         // Asset, by another than proposed it
	Permitted       EventKind = "permitted"        // Asset: holds were checked; sets Epoch
	Returned        EventKind = "returned"         // Asset, Recipient, Format, Hash
	Transferred     EventKind = "transferred"      // Asset, Recipient, Format, Hash
	Acknowledged    EventKind = "acknowledged"     // Asset, Hash: by the recipient
	KeyDestroyed    EventKind = "key_destroyed"    // Asset, Key, Epoch
	Erased          EventKind = "erased"           // Asset, Technique, Tool, Epoch
	AgedOut         EventKind = "aged_out"         // Asset, Epoch: of a backup
	Attested        EventKind = "attested"         // Asset, Hash of the certificate, Epoch: of a subcontractor
	Verified        EventKind = "verified"         // Asset, by another than erased it
	MadeInfeasible  EventKind = "infeasible"       // Asset, Infeasible
	Reviewed        EventKind = "reviewed"         // Asset, Infeasible again
	Certified       EventKind = "certified"        // Hash, Final
	Closed          EventKind = "closed"           //
)

// An Election is what the covered entity chose for its PHI.
type Election string

// The elections.
const (
	ElectReturn   Election = "return"
	ElectDestroy  Election = "destroy"
	ElectTransfer Election = "transfer"
)

// An Event is one thing that happened in a disposition, at an instant, and
// was recorded at another. Which fields an event of a kind has is said at the
// kinds. Events are made by [Disposition.Record] or read from JSON; once
// recorded they are never changed. The zero Event is invalid.
type Event struct {
	// Seq is the place of the event in the record, from 1.
	Seq  int       `json:"seq"`
	Kind EventKind `json:"kind"`
	// At is when it happened, Recorded when it became known; never earlier.
	At       time.Time `json:"at"`
	Recorded time.Time `json:"recorded"`
	By       string    `json:"by"`

	Asset      string         `json:"asset,omitempty"`
	New        *Asset         `json:"new,omitempty"`
	Assets     []string       `json:"assets,omitempty"`
	Election   Election       `json:"election,omitempty"`
	Matter     string         `json:"matter,omitempty"`
	Grace      baakit.Period  `json:"grace,omitzero"` // of a lifted hold
	Epoch      int            `json:"epoch,omitempty"`
	Recipient  string         `json:"recipient,omitempty"`
	Format     string         `json:"format,omitempty"`
	Hash       string         `json:"hash,omitempty"`
	Key        string         `json:"key,omitempty"`
	Technique  Technique      `json:"technique,omitempty"`
	Tool       string         `json:"tool,omitempty"` // with its version
	Erase      *CryptoErase   `json:"erase,omitempty"`
	Infeasible *Infeasibility `json:"infeasible,omitempty"`
	Final      bool           `json:"final,omitempty"`
	Ref        string         `json:"ref,omitempty"`
}

// fields says which fields an event of a kind must and may have.
func (k EventKind) fields() (must, may []string, known bool) {
	switch k {
	case Terminating, Ended, InventoryClosed, ExportDeclined, Closed:
		return nil, []string{"ref"}, true
	case ExportOffered:
		return []string{"format"}, []string{"ref"}, true
	case ExportTaken:
		return []string{"format", "hash"}, []string{"ref"}, true
	case Inventoried:
		return []string{"asset", "new"}, nil, true
	case Elected:
		return []string{"election"}, []string{"ref"}, true
	case HoldPlaced:
		return []string{"matter"}, []string{"assets", "ref"}, true
	case HoldLifted:
		return []string{"matter"}, []string{"grace", "ref"}, true
	case LawChanged:
		return []string{"ref"}, nil, true
	case Proposed, Approved, Verified:
		return []string{"asset"}, []string{"ref"}, true
	case Permitted:
		return []string{"asset"}, []string{"epoch", "ref"}, true
	case Returned, Transferred:
		return []string{"asset", "recipient", "format", "hash"}, []string{"ref"}, true
	case Acknowledged:
		return []string{"asset", "hash"}, []string{"ref"}, true
	case KeyDestroyed:
		return []string{"asset", "key", "epoch"}, []string{"ref"}, true
	case Erased:
		return []string{"asset", "technique", "epoch"}, []string{"tool", "erase", "ref"}, true
	case AgedOut:
		return []string{"asset", "epoch"}, []string{"ref"}, true
	case Attested:
		return []string{"asset", "hash", "epoch"}, []string{"ref"}, true
	case MadeInfeasible, Reviewed:
		return []string{"asset", "infeasible"}, []string{"ref"}, true
	case Certified:
		return []string{"hash"}, []string{"final", "ref"}, true
	}
	return nil, nil, false
}

// Validate reports what is wrong with the event by itself, as
// [baakit.FieldErrors]: a field missing or not of its kind. Whether it was
// possible when it happened is the question of [Disposition.Record].
func (e *Event) Validate() error {
	var errs baakit.FieldErrors
	if e.Seq < 1 {
		errs.Add("seq", "must be a number from 1")
	}
	must, may, known := e.Kind.fields()
	if !known {
		errs.Add("kind", "must be a kind of event")
	}
	if e.At.IsZero() || e.At.Year() > maxYear {
		errs.Add("at", "is required")
	}
	if e.Recorded.Before(e.At) || e.Recorded.Year() > maxYear {
		errs.Add("recorded", "is required and must not be before at")
	}
	if e.By == "" || len(e.By) > 200 {
		errs.Add("by", "is required, at most 200 bytes")
	}
	if !known {
		return errs.Err()
	}
	events.CheckFields(&errs, must, may,
		events.Has("asset", e.Asset != "", events.IsName(e.Asset), events.NameRule),
		events.Has("new", e.New != nil, e.New == nil || e.New.ID == e.Asset, "must have the id of the asset"),
		events.Has("assets", len(e.Assets) > 0, true),
		events.Has("election", e.Election != "", slices.Contains([]Election{ElectReturn, ElectDestroy, ElectTransfer}, e.Election), "must be return, destroy or transfer"),
		events.Has("matter", e.Matter != "", len(e.Matter) <= 200, "must be at most 200 bytes"),
		events.Has("grace", !e.Grace.IsZero(), e.Grace.Unit() != baakit.Hours && e.Grace.Unit() != baakit.BusinessDays, "must be in days, months or years"),
		events.Has("epoch", e.Epoch != 0, e.Epoch > 0, "must be a number from 1"),
		events.Has("recipient", e.Recipient != "", len(e.Recipient) <= 200, "must be at most 200 bytes"),
		events.Has("format", e.Format != "", len(e.Format) <= 200, "must be at most 200 bytes"),
		events.Has("hash", e.Hash != "", isHash(e.Hash), "must be a SHA-256 in lower-case hexadecimal"),
		events.Has("key", e.Key != "", events.IsName(e.Key), events.NameRule),
		events.Has("technique", e.Technique != "", isIdentifier(string(e.Technique)), "must be of lower-case letters, digits and underscores"),
		events.Has("tool", e.Tool != "", len(e.Tool) <= 200, "must be at most 200 bytes"),
		events.Has("erase", e.Erase != nil, true),
		events.Has("infeasible", e.Infeasible != nil, true),
		events.Has("final", e.Final, true),
		events.Has("ref", e.Ref != "", len(e.Ref) <= 200, "must be at most 200 bytes"),
	)
	if e.New != nil {
		errs.Merge("new", e.New.Validate())
	}
	return errs.Err()
}

type instant = events.Instant

// An eventWire is an Event as it is read.
type eventWire struct {
	Seq      int       `json:"seq"`
	Kind     EventKind `json:"kind"`
	At       instant   `json:"at"`
	Recorded instant   `json:"recorded"`
	By       string    `json:"by"`

	Asset      string         `json:"asset,omitempty"`
	New        *Asset         `json:"new,omitempty"`
	Assets     []string       `json:"assets,omitempty"`
	Election   Election       `json:"election,omitempty"`
	Matter     string         `json:"matter,omitempty"`
	Grace      baakit.Period  `json:"grace,omitzero"` // of a lifted hold
	Epoch      int            `json:"epoch,omitempty"`
	Recipient  string         `json:"recipient,omitempty"`
	Format     string         `json:"format,omitempty"`
	Hash       string         `json:"hash,omitempty"`
	Key        string         `json:"key,omitempty"`
	Technique  Technique      `json:"technique,omitempty"`
	Tool       string         `json:"tool,omitempty"` // with its version
	Erase      *CryptoErase   `json:"erase,omitempty"`
	Infeasible *Infeasibility `json:"infeasible,omitempty"`
	Final      bool           `json:"final,omitempty"`
	Ref        string         `json:"ref,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler. It reads strictly and refuses
// what [Event.Validate] refuses.
func (e *Event) UnmarshalJSON(data []byte) error {
	var p eventWire
	if err := strictjson.Decode(data, &p); err != nil {
		return err
	}
	read := Event{
		p.Seq, p.Kind, time.Time(p.At), time.Time(p.Recorded), p.By, p.Asset, p.New, p.Assets, p.Election, p.Matter, p.Grace,
		p.Epoch, p.Recipient, p.Format, p.Hash, p.Key, p.Technique, p.Tool, p.Erase, p.Infeasible, p.Final, p.Ref,
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*e = read
	return nil
}

// ParseEvents reads a JSON list of events, strictly, each valid and no Seq
// given twice. The error is a [baakit.FieldErrors] with paths such as
// "[2].by".
func ParseEvents(data []byte) ([]Event, error) {
	return events.Parse(data, func(e *Event) int { return e.Seq })
}

func lastOf(list []Event) events.Last {
	return events.LastOf(list, func(e *Event) (int, time.Time, time.Time) { return e.Seq, e.At, e.Recorded })
}
