package subprocessor

import (
	"slices"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// A Role is what an entity is under HIPAA (45 CFR 160.103). The zero Role is
// invalid.
type Role string

// The roles. A subcontractor that handles PHI is a business associate.
const (
	CoveredEntity     Role = "covered_entity"
	BusinessAssociate Role = "business_associate"
	OtherRole         Role = "other"
)

// An Entity is a legal person in the chain. The zero Entity is invalid.
type Entity struct {
	ID           string   `json:"id"`
	LegalName    string   `json:"legal_name"`
	Role         Role     `json:"role"`
	FormerNames  []string `json:"former_names,omitempty"`
	LEI          string   `json:"lei,omitempty"`
	Registration string   `json:"registration,omitempty"`
	Address      string   `json:"address,omitempty"`
	Country      string   `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Contact      string   `json:"contact,omitempty"` // for privacy, and for notices
	Parent       string   `json:"parent,omitempty"`
	Website      string   `json:"website,omitempty"`
	Extra        Extra    `json:"-"`
}

// Validate reports what is wrong with the entity, as [baakit.FieldErrors].
func (e Entity) Validate() error {
	var errs baakit.FieldErrors
	need(&errs, "id", events.IsName(e.ID), "is required, at most 200 printing ASCII characters without spaces")
	need(&errs, "legal_name", isLine(e.LegalName), "is required, one line of text")
	need(&errs, "role", slices.Contains([]Role{CoveredEntity, BusinessAssociate, OtherRole}, e.Role), "must be covered_entity, business_associate or other")
	for i, n := range e.FormerNames {
		need(&errs, "former_names"+at(i), isLine(n), "must be one line of text")
	}
	need(&errs, "lei", e.LEI == "" || len(e.LEI) == 20 && events.IsName(e.LEI), "must have 20 characters")
	need(&errs, "country", e.Country == "" || isCountry(e.Country), "must be two capital letters of ISO 3166-1")
	for _, f := range [][2]string{{"registration", e.Registration}, {"address", e.Address}, {"contact", e.Contact}} {
		need(&errs, f[0], f[1] == "" || isLine(f[1]), "must be one line of text")
	}
	need(&errs, "parent", e.Parent == "" || events.IsName(e.Parent), "must be the id of an entity")
	need(&errs, "website", e.Website == "" || isWeb(e.Website), "must be an https or http address")
	return errs.Err()
}

func need(errs *baakit.FieldErrors, path string, ok bool, rule string) {
	if !ok {
		errs.Add(path, rule)
	}
}

func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func isWeb(s string) bool {
	return len(s) <= 1000 && isLine(s) && !strings.ContainsAny(s, " <>\"") && (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://"))
}

type plainEntity Entity

// MarshalJSON implements json.Marshaler, extra fields included.
func (e Entity) MarshalJSON() ([]byte, error) { return encodeKeeping(plainEntity(e), e.Extra) }

// UnmarshalJSON implements json.Unmarshaler; unknown fields go to Extra.
func (e *Entity) UnmarshalJSON(data []byte) error {
	var p plainEntity
	extra, err := decodeKeeping(data, &p)
	if err != nil {
		return err
	}
	p.Extra = extra
	*e = Entity(p)
	return nil
}

// A PHI says what an engagement has of protected health information. The zero
// PHI is invalid.
type PHI string

// The kinds. Whoever holds encrypted PHI without the key still maintains it.
// A conduit only transmits, and needs a stated basis.
const (
	HandlesPHI     PHI = "yes"
	NoPHI          PHI = "none"
	EncryptedNoKey PHI = "encrypted_no_key"
	Conduit        PHI = "conduit"
	Deidentified   PHI = "deidentified"
)

// Handles reports whether the engagement is one that a public list shows.
func (p PHI) Handles() bool { return p == HandlesPHI || p == EncryptedNoKey || p == Conduit }

// A Requirement is evidence that an engagement has to have to be used.
type Requirement struct {
	Kind     AttestationKind `json:"kind"`
	Criteria []string        `json:"criteria,omitempty"`
}

// An Engagement is an entity doing an activity with data in a place for named
// products. One entity may have several. The zero Engagement is invalid.
type Engagement struct {
	ID                 string        `json:"id"`
	Entity             string        `json:"entity"`
	Service            string        `json:"service,omitempty"`  // of the entity, as attestations name it
	Products           []string      `json:"products,omitempty"` // of the vendor; none is all
	Purpose            string        `json:"purpose"`
	Activity           string        `json:"activity,omitempty"`
	DataCategories     []string      `json:"data_categories,omitempty"`
	PHI                PHI           `json:"phi"`
	PHIBasis           string        `json:"phi_basis,omitempty"`
	DataSubjects       string        `json:"data_subjects,omitempty"`
	Volume             string        `json:"volume,omitempty"`
	ProcessingPlaces   []string      `json:"processing_places,omitempty"` // ISO 3166-1 alpha-2
	StoragePlaces      []string      `json:"storage_places,omitempty"`
	RemoteAccessPlaces []string      `json:"remote_access_places,omitempty"`
	TransferMechanism  string        `json:"transfer_mechanism,omitempty"`
	Class              string        `json:"class,omitempty"` // with notice periods of its own, as "ai"
	AI                 string        `json:"ai,omitempty"`    // trains, infers, none
	Optional           bool          `json:"optional,omitempty"`
	Criticality        string        `json:"criticality,omitempty"`
	Replaces           string        `json:"replaces,omitempty"`
	OwnSubprocessors   string        `json:"own_subprocessors_url,omitempty"`
	Requires           []Requirement `json:"requires,omitempty"`
	Provenance         *Provenance   `json:"provenance,omitempty"`
	Extra              Extra         `json:"-"`
}

// Validate reports what is wrong with the engagement.
func (e Engagement) Validate() error {
	var errs baakit.FieldErrors
	need(&errs, "id", events.IsName(e.ID), "is required, at most 200 printing ASCII characters without spaces")
	need(&errs, "entity", events.IsName(e.Entity), "is required")
	need(&errs, "service", e.Service == "" || isLine(e.Service), "must be one line of text")
	need(&errs, "purpose", isLine(e.Purpose), "is required, one line of text")
	need(&errs, "phi", slices.Contains([]PHI{HandlesPHI, NoPHI, EncryptedNoKey, Conduit, Deidentified}, e.PHI), "must be yes, none, encrypted_no_key, conduit or deidentified")
	need(&errs, "phi_basis", e.PHI != Conduit || isLine(e.PHIBasis), "is required for a conduit")
	for _, f := range []struct {
		path   string
		places []string
	}{{"processing_places", e.ProcessingPlaces}, {"storage_places", e.StoragePlaces}, {"remote_access_places", e.RemoteAccessPlaces}} {
		for i, p := range f.places {
			need(&errs, f.path+at(i), isCountry(p), "must be two capital letters of ISO 3166-1")
		}
	}
	need(&errs, "ai", slices.Contains([]string{"", "none", "infers", "trains"}, e.AI), "must be none, infers or trains")
	need(&errs, "own_subprocessors_url", e.OwnSubprocessors == "" || isWeb(e.OwnSubprocessors), "must be an https or http address")
	for i, r := range e.Requires {
		need(&errs, "requires"+at(i)+".kind", r.Kind.valid(), "must be a kind of attestation")
	}
	return errs.Err()
}

// places returns where PHI is processed, stored or reached from, each once.
func (e Engagement) places() []string {
	all := slices.Concat(e.ProcessingPlaces, e.StoragePlaces, e.RemoteAccessPlaces)
	slices.Sort(all)
	return slices.Compact(all)
}

type plainEngagement Engagement

// MarshalJSON implements json.Marshaler, extra fields included.
func (e Engagement) MarshalJSON() ([]byte, error) { return encodeKeeping(plainEngagement(e), e.Extra) }

// UnmarshalJSON implements json.Unmarshaler; unknown fields go to Extra.
func (e *Engagement) UnmarshalJSON(data []byte) error {
	var p plainEngagement
	extra, err := decodeKeeping(data, &p)
	if err != nil {
		return err
	}
	p.Extra = extra
	*e = Engagement(p)
	return nil
}
