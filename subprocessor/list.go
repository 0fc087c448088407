package subprocessor

import (
	"cmp"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/baakit/baakit/internal/signature"
	"github.com/baakit/baakit/internal/strictjson"
)

// ListSchema is the schema of a [List] as JSON.
const ListSchema = "baakit.subprocessor.list/1"

// An Entry is an engagement as the public list shows it.
type Entry struct {
	ID                string      `json:"id"`
	Entity            string      `json:"entity"`
	Name              string      `json:"name"`
	FormerNames       []string    `json:"former_names,omitempty"`
	Address           string      `json:"address,omitempty"`
	Country           string      `json:"country,omitempty"`
	Contact           string      `json:"contact,omitempty"`
	Website           string      `json:"website,omitempty"`
	Service           string      `json:"service,omitempty"`
	Products          []string    `json:"products,omitempty"`
	Purpose           string      `json:"purpose"`
	Activity          string      `json:"activity,omitempty"`
	DataCategories    []string    `json:"data_categories,omitempty"`
	PHI               PHI         `json:"phi"`
	Places            []string    `json:"places,omitempty"`
	TransferMechanism string      `json:"transfer_mechanism,omitempty"`
	AI                string      `json:"ai,omitempty"`
	Optional          bool        `json:"optional,omitempty"`
	OwnSubprocessors  string      `json:"own_subprocessors_url,omitempty"`
	Since             baakit.Date `json:"since,omitzero"`
}

// A List is what the vendor publishes: Entries are the active engagements that
// handle PHI, Ending those suspended or leaving that may still hold it. Both
// are in order of their ids. Lists are values; the zero List is empty.
type List struct {
	Schema  string      `json:"schema"`
	Vendor  string      `json:"vendor"`
	Name    string      `json:"name"`
	AsOf    baakit.Date `json:"as_of"`
	Entries []Entry     `json:"entries"`
	Ending  []Entry     `json:"ending,omitempty"`
}

// List returns the list as the state has it.
func (s *State) List() List {
	l := List{Schema: ListSchema, Vendor: s.f.reg.vendor, AsOf: s.day, Entries: []Entry{}}
	if v := s.f.entities[s.f.reg.vendor]; v != nil {
		l.Name = v.LegalName
	}
	for _, g := range s.Engagements() {
		if !g.Engagement.PHI.Handles() {
			continue
		}
		switch g.Status {
		case Active:
			l.Entries = append(l.Entries, s.entry(g))
		case Suspended, Offboarding:
			l.Ending = append(l.Ending, s.entry(g))
		}
	}
	return l
}

func (s *State) entry(g EngagementState) Entry {
	e, v := g.Engagement, s.f.entities[g.Engagement.Entity]
	return Entry{
		e.ID, e.Entity, v.LegalName, v.FormerNames, v.Address, v.Country, v.Contact, v.Website, e.Service, e.Products, e.Purpose, e.Activity,
		e.DataCategories, e.PHI, e.places(), e.TransferMechanism, e.AI, e.Optional, e.OwnSubprocessors, g.ActiveFrom,
	}
}

// Canonical returns the list as canonical JSON (RFC 8785).
func (l List) Canonical() ([]byte, error) { return jcs.Marshal(l) }

// Hash returns the SHA-256 of the canonical JSON in hexadecimal.
func (l List) Hash() (string, error) {
	data, err := l.Canonical()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// ParseList reads a list as JSON, strictly. The error is a
// [baakit.FieldErrors].
func ParseList(data []byte) (List, error) {
	var l List
	if err := strictjson.Decode(data, &l); err != nil {
		return List{}, err
	}
	var errs baakit.FieldErrors
	need(&errs, "schema", l.Schema == ListSchema, "must be "+ListSchema)
	need(&errs, "vendor", events.IsName(l.Vendor), "is required")
	need(&errs, "as_of", !l.AsOf.IsZero(), "is required")
	seen := make(map[string]bool)
	check := func(path string, list []Entry) {
		for i, e := range list {
			need(&errs, path+at(i)+".id", events.IsName(e.ID) && !seen[e.ID], "is required and must be that of one entry only")
			need(&errs, path+at(i)+".purpose", isLine(e.Purpose), "is required")
			need(&errs, path+at(i)+".phi", e.PHI.Handles(), "must be yes, encrypted_no_key or conduit")
			need(&errs, path+at(i)+".website", e.Website == "" || isWeb(e.Website), "must be an https or http address")
			need(&errs, path+at(i)+".own_subprocessors_url", e.OwnSubprocessors == "" || isWeb(e.OwnSubprocessors), "must be an https or http address")
			seen[e.ID] = true
		}
	}
	check("entries", l.Entries)
	check("ending", l.Ending)
	if err := errs.Err(); err != nil {
		return List{}, err
	}
	if l.Entries == nil {
		l.Entries = []Entry{}
	}
	byID := func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(l.Entries, byID)
	slices.SortFunc(l.Ending, byID)
	return l, nil
}

// Published is a version of the list that was published: it never changes.
type Published struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Hash    string    `json:"hash"`
	List    List      `json:"list"`
}

// publish checks that the version is the next one and its hash that of the
// list at that time by what was known then.
func (f *fold) publish(e *Event) error {
	list := f.before(e).state(e.At, e.Recorded).List()
	hash, err := list.Hash()
	if err != nil || hash != e.Hash || e.Version != len(f.versions)+1 {
		return ErrVersion
	}
	f.versions = append(f.versions, Published{e.Version, e.At, e.Hash, list})
	return nil
}

// before returns the fold of what was recorded before e: what became known
// later of the days before it does not change what was published.
func (f *fold) before(e *Event) *fold {
	if f.lastSeq < e.Seq {
		return f
	}
	then := newFold(f.reg)
	for _, a := range f.applied {
		if a.Seq < e.Seq {
			then.step(a)
		}
	}
	return then
}

// Publish returns the event that publishes the list of an instant as the next
// version.
func (r *Registry) Publish(events []Event, at time.Time) (Event, error) {
	s, err := r.StateAt(events, at, forever)
	if err != nil {
		return Event{}, err
	}
	hash, err := s.List().Hash()
	if err != nil {
		return Event{}, err
	}
	return r.Record(events, Event{Kind: ListPublished, At: at, Version: len(s.f.versions) + 1, Hash: hash})
}

// SignedListSchema is the schema of a [SignedList] as JSON.
const SignedListSchema = "baakit.subprocessor.signed_list/1"

// ErrSignature says that a signed list does not verify.
var ErrSignature = errors.New("subprocessor: the signature does not verify")

// A SignedList is a list with a signature that anybody who has the vendor's
// public key can verify offline. The signature is over the canonical JSON of
// the list.
type SignedList struct {
	Schema    string              `json:"schema"`
	List      List                `json:"list"`
	Signature signature.Signature `json:"signature"`
}

// Sign returns the list signed by an Ed25519 or ECDSA P-256 key.
func (l List) Sign(signer crypto.Signer) (SignedList, error) {
	data, err := l.Canonical()
	if err != nil {
		return SignedList{}, err
	}
	s, err := signature.Sign(signer, SignedListSchema, data)
	return SignedList{SignedListSchema, l, s}, err
}

// Verify reports whether key signed the list: nil or an error that is
// [ErrSignature]. The key comes from elsewhere, never from s.
func (s SignedList) Verify(key crypto.PublicKey) error {
	data, err := s.List.Canonical()
	if err != nil || s.Schema != SignedListSchema || s.Signature.Verify(key, SignedListSchema, data) != nil {
		return ErrSignature
	}
	return nil
}

// ParseSignedList reads a signed list as JSON. It does not verify it.
func ParseSignedList(data []byte) (SignedList, error) {
	var w struct {
		Schema    string          `json:"schema"`
		List      json.RawMessage `json:"list"`
		Signature json.RawMessage `json:"signature"`
	}
	if err := strictjson.Decode(data, &w); err != nil {
		return SignedList{}, err
	}
	var errs baakit.FieldErrors
	need(&errs, "schema", w.Schema == SignedListSchema, "must be "+SignedListSchema)
	var s SignedList
	if l, err := ParseList(w.List); err != nil {
		errs.Merge("list", err)
	} else {
		s.List = l
	}
	if json.Unmarshal(w.Signature, &s.Signature) != nil {
		errs.Add("signature", "must be a signature")
	}
	s.Schema = w.Schema
	return s, errs.Err()
}
