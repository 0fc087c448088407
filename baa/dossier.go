package baa

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// The schemas of a [Dossier] and of a list of relationships as JSON.
const (
	DossierSchema       = "baakit.baa.dossier/1"
	RelationshipsSchema = "baakit.baa.relationships/1"
)

// Everywhere in the services or regions of a [Dossier] stands for all of
// them.
const Everywhere = "*"

// A Dossier is what an organisation has on file about one agreement: with
// whom, for what, its versions' terms, and its events. It is plain data; the
// zero Dossier is invalid.
type Dossier struct {
	ID           string   `json:"id"`
	Counterparty string   `json:"counterparty"`
	OtherNames   []string `json:"other_names,omitempty"` // earlier names, and those of companies that became part of it
	// Services and Regions are the scope of the agreement. Empty: not stated,
	// which matches nothing; [Everywhere]: all.
	Services []string `json:"services,omitempty"`
	Regions  []string `json:"regions,omitempty"`

	Zone     string         `json:"zone"` // as in America/Chicago
	Policy   LifePolicy     `json:"policy,omitzero"`
	Versions []VersionTerms `json:"versions"`
	Events   []Event        `json:"events"`
}

// MarshalJSON implements json.Marshaler with the schema.
func (d Dossier) MarshalJSON() ([]byte, error) {
	type plain Dossier
	if d.Events == nil {
		d.Events = []Event{}
	}
	return json.Marshal(struct {
		Schema string `json:"schema"`
		plain
	}{DossierSchema, plain(d)})
}

// ParseDossier reads a Dossier from JSON, strictly, and checks it as
// [Dossier.Lifecycle] does. The error is a [baakit.FieldErrors] of all that
// is wrong, without values.
func ParseDossier(data []byte) (Dossier, error) {
	var w struct {
		Schema       string          `json:"schema"`
		ID           string          `json:"id"`
		Counterparty string          `json:"counterparty"`
		OtherNames   []string        `json:"other_names"`
		Services     []string        `json:"services"`
		Regions      []string        `json:"regions"`
		Zone         string          `json:"zone"`
		Policy       LifePolicy      `json:"policy"`
		Versions     []VersionTerms  `json:"versions"`
		Events       json.RawMessage `json:"events"`
	}
	if err := strictjson.Decode(data, &w); err != nil {
		return Dossier{}, err
	}
	var errs baakit.FieldErrors
	if w.Schema != DossierSchema {
		errs.Add("schema", "must be "+DossierSchema)
	}
	d := Dossier{w.ID, w.Counterparty, w.OtherNames, w.Services, w.Regions, w.Zone, w.Policy, w.Versions, nil}
	_, err := d.Lifecycle(nil)
	errs.Merge("", err)
	if len(w.Events) > 0 {
		events, err := ParseEvents(w.Events)
		errs.Merge("events", err)
		d.Events = events
	}
	if err := errs.Err(); err != nil {
		return Dossier{}, err
	}
	return d, nil
}

// Lifecycle returns the life cycle of the agreement; a nil calendar is
// [baakit.Federal]. The error is a [baakit.FieldErrors] of what is wrong with
// the dossier but for its events.
func (d Dossier) Lifecycle(cal baakit.Calendar) (*Lifecycle, error) {
	var errs baakit.FieldErrors
	if !events.IsName(d.ID) {
		errs.Add("id", "is required, at most 200 printing ASCII characters")
	}
	errs.Merge("", checkParty(d.Counterparty, d.Services, d.Regions))
	for i, s := range d.OtherNames {
		if !isText(s, 200) {
			errs.Add("other_names"+at(i), "must be a line of printing characters, not too long")
		}
	}
	zone, err := time.LoadLocation(d.Zone)
	if err != nil || d.Zone == "" || d.Zone == "Local" {
		errs.Add("zone", "must be the name of a time zone, as in America/Chicago")
		zone = time.UTC
	}
	life, err := NewLifecycle(LifecycleConfig{Versions: d.Versions, Zone: zone, Calendar: cal, Policy: d.Policy})
	errs.Merge("", err)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return life, nil
}

func checkParty(counterparty string, services, regions []string) error {
	var errs baakit.FieldErrors
	if !isText(counterparty, 200) {
		errs.Add("counterparty", "is required, a line of at most 200 printing characters")
	}
	for _, list := range []struct {
		name  string
		items []string
	}{{"services", services}, {"regions", regions}} {
		for i, s := range list.items {
			if !isText(s, 200) || slices.Contains(list.items[:i], s) {
				errs.Add(list.name+at(i), "must be a line of printing characters, not too long, and given once")
			}
		}
	}
	return errs.Err()
}

// A Relationship is one use of a vendor, or work for a client, for which an
// agreement may be needed. The zero Relationship is invalid.
type Relationship struct {
	ID           string   `json:"id"`
	Counterparty string   `json:"counterparty"`
	Services     []string `json:"services,omitempty"` // in use
	Regions      []string `json:"regions,omitempty"`  // in use
	Facts        Facts    `json:"facts"`              // for [Determine]
}

func (r Relationship) check() error {
	var errs baakit.FieldErrors
	if !events.IsName(r.ID) {
		errs.Add("id", "is required, at most 200 printing ASCII characters")
	}
	errs.Merge("", checkParty(r.Counterparty, r.Services, r.Regions))
	errs.Merge("facts", r.Facts.Validate())
	return errs.Err()
}

// ParseRelationships reads {"schema": RelationshipsSchema, "relationships":
// [...]}, strictly. The error is a [baakit.FieldErrors].
func ParseRelationships(data []byte) ([]Relationship, error) {
	var w struct {
		Schema        string         `json:"schema"`
		Relationships []Relationship `json:"relationships"`
	}
	if err := strictjson.Decode(data, &w); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	if w.Schema != RelationshipsSchema {
		errs.Add("schema", "must be "+RelationshipsSchema)
	}
	for i, r := range w.Relationships {
		errs.Merge("relationships"+at(i), r.check())
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return w.Relationships, nil
}
