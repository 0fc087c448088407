package retention

import (
	"bytes"
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
)

// CertificateSchema is the schema of a [Certificate] as JSON, and the context
// of its signatures.
const CertificateSchema = "baakit.retention.certificate/1"

// ErrSignature is the error of a certificate whose signature does not verify.
var ErrSignature = errors.New("retention: the certificate's signature does not verify")

// A Person is somebody who acted, by position rather than by name where that
// will do.
type Person struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Location string `json:"location,omitempty"`
	Contact  string `json:"contact,omitempty"`
}

// A CertificateDraft is what the certifier states beside what the state of
// the disposition says.
type CertificateDraft struct {
	ID     string      `json:"id"`
	Final  bool        `json:"final"`
	Issued baakit.Date `json:"issued"`
	// Standard is the exact name of the edition claimed; AgreementStandard is
	// that which the agreement cites, if it cites one.
	Standard          string `json:"standard"`
	AgreementStandard string `json:"agreement_standard,omitempty"`
	Sanitizer         Person `json:"sanitizer"`
	Verifier          Person `json:"verifier"`
	// Media states what the inventory does not, by asset.
	Media map[string]MediaDetails `json:"media,omitempty"`
	// Previous is the certificate before this one; nil for the first.
	Previous *Certificate `json:"-"`
}

// MediaDetails are what NIST SP 800-88 asks of an entry beside the asset and
// the events.
type MediaDetails struct {
	Verification string `json:"verification_method,omitempty"`
	Result       string `json:"verification_result,omitempty"`
	PreCategory  string `json:"pre_sanitization_category,omitempty"`
	PostCategory string `json:"post_sanitization_category,omitempty"`
	Destination  string `json:"post_sanitization_destination,omitempty"`
	Tool         string `json:"tool,omitempty"` // with version, where the event has none
}

// A Certificate is the proof of a disposition, interim with its exceptions or
// final without any. It holds counts and hashes, never PHI. Certificates of an
// agreement are a chain: each has the hash of the one before.
type Certificate struct {
	Schema   string `json:"schema"`
	ID       string `json:"id"`
	Kind     string `json:"kind"` // interim or final
	Sequence int    `json:"sequence"`
	Previous string `json:"previous,omitempty"` // hash

	Agreement string      `json:"agreement"`
	Clause    string      `json:"clause,omitempty"`
	EndedOn   baakit.Date `json:"ended_on"`
	DueOn     baakit.Date `json:"due_on"`
	Election  Election    `json:"election"`
	ElectedBy string      `json:"elected_by,omitempty"`
	ElectedOn baakit.Date `json:"elected_on,omitzero"`
	Issued    baakit.Date `json:"issued"`

	Standard          string `json:"standard"`
	AgreementStandard string `json:"agreement_standard,omitempty"`

	HoldsChecked time.Time     `json:"holds_checked"`
	Entries      []Entry       `json:"entries"`
	Exceptions   []Exception   `json:"exceptions"`
	Attestations []Attestation `json:"attestations"`
	// Inventory counts the assets; each is an entry, an attestation or an
	// exception.
	Inventory    int         `json:"inventory"`
	Items        int64       `json:"items"` // of the entries
	LastInEffect baakit.Date `json:"last_in_effect,omitzero"`

	Sanitizer Person `json:"sanitizer"`
	Verifier  Person `json:"verifier"`

	Signature *signature.Signature `json:"signature,omitempty"`
}

// An Entry is one asset that is gone.
type Entry struct {
	Asset        string      `json:"asset"`
	Kind         AssetKind   `json:"kind"`
	Class        string      `json:"class,omitempty"`
	Outcome      string      `json:"outcome"` // destroyed, returned, transferred
	Count        int64       `json:"count"`
	Manifest     string      `json:"manifest"`
	From         baakit.Date `json:"from,omitzero"`
	Through      baakit.Date `json:"through,omitzero"`
	Manufacturer string      `json:"manufacturer,omitempty"`
	Model        string      `json:"model,omitempty"`
	Serial       string      `json:"serial,omitempty"`
	Property     string      `json:"property,omitempty"`
	MediaType    string      `json:"media_type"`
	MediaSource  string      `json:"media_source,omitempty"`
	Region       string      `json:"region,omitempty"`

	Category      Category     `json:"category"`
	Technique     Technique    `json:"technique"`
	Tool          string       `json:"tool,omitempty"`
	SanitizedBy   string       `json:"sanitized_by"`
	SanitizedAt   time.Time    `json:"sanitized_at"`
	VerifiedBy    string       `json:"verified_by,omitempty"`
	VerifiedAt    time.Time    `json:"verified_at,omitzero"`
	ApprovedBy    []string     `json:"approved_by,omitempty"`
	HoldsChecked  time.Time    `json:"holds_checked"`
	Decision      string       `json:"decision,omitempty"`
	Recipient     string       `json:"recipient,omitempty"`
	Format        string       `json:"format,omitempty"`
	Acknowledged  string       `json:"acknowledged_by,omitempty"`
	Erase         *CryptoErase `json:"cryptographic_erase,omitempty"`
	KeysDestroyed []KeyCopy    `json:"keys_destroyed,omitempty"`
	Details       MediaDetails `json:"details,omitzero"`
}

// An Attestation is a subcontractor's own certificate.
type Attestation struct {
	Asset       string    `json:"asset"`
	Above       string    `json:"above,omitempty"`
	At          time.Time `json:"at"`
	Certificate string    `json:"certificate"` // hash
}

// Certify returns the certificate of what the state says, or as
// [baakit.FieldErrors] why none can be given: a standard that is named
// wrongly, an asset under a hold that is said to be gone, one that is not
// counted, an exception on a final certificate, one person in two roles.
func Certify(s State, d CertificateDraft) (Certificate, error) {
	var errs baakit.FieldErrors
	c := Certificate{
		Schema: CertificateSchema, ID: d.ID, Kind: "interim", Sequence: 1,
		Agreement: s.Agreement, Clause: s.Clause, EndedOn: s.EndedOn, DueOn: s.DueOn,
		Election: s.Election, ElectedBy: s.ElectedBy, ElectedOn: s.ElectedOn, Issued: d.Issued,
		Standard: d.Standard, AgreementStandard: d.AgreementStandard,
		Entries: []Entry{}, Exceptions: slices.Clone(s.Exceptions), Attestations: []Attestation{},
		Inventory: len(s.Assets), HoldsChecked: s.Valid, LastInEffect: s.LastInEffect,
		Sanitizer: d.Sanitizer, Verifier: d.Verifier,
	}
	if c.Exceptions == nil {
		c.Exceptions = []Exception{}
	}
	if d.Final {
		c.Kind = "final"
		if s.FinalNotBefore.IsZero() || d.Issued.Before(s.FinalNotBefore) {
			errs.Add("issued", "must not be before everything is gone, backups too, for a final certificate")
		}
	}
	if p := d.Previous; p != nil {
		c.Sequence = p.Sequence + 1
		var err error
		if c.Previous, err = p.Hash(); err != nil || p.Agreement != c.Agreement {
			errs.Add("previous", "must be a certificate of the same agreement")
		}
		if p.Kind == "final" {
			errs.Add("previous", "must not be final")
		}
	}
	if !s.closedInventory() {
		errs.Add("inventory", "must be closed first")
	}
	for i := range s.Assets {
		a := &s.Assets[i]
		switch {
		case !a.Done():
		case a.Kind == SubcontractorAsset:
			c.Attestations = append(c.Attestations, Attestation{a.ID, a.Above, a.ErasedAt, a.Attestation})
		default:
			e := entry(a, d.Media[a.ID], s.Election)
			c.Entries = append(c.Entries, e)
			c.Items += e.Count
		}
		if a.Done() && len(a.HeldBy) > 0 {
			errs.Add("assets"+index(i), "is under a hold and cannot be certified")
		}
	}
	errs.Merge("", c.Validate())
	if err := errs.Err(); err != nil {
		return Certificate{}, err
	}
	return c, nil
}

func entry(a *AssetState, m MediaDetails, elected Election) Entry {
	e := Entry{
		Asset: a.ID, Kind: a.Kind, Class: a.Class, Outcome: "destroyed", Count: a.Count, Manifest: a.Manifest, From: a.From, Through: a.Through,
		Manufacturer: a.Manufacturer, Model: a.Model, Serial: a.Serial, Property: a.Property, MediaType: a.Media, MediaSource: a.Source, Region: a.Region,
		Category: a.Category, Technique: a.Technique, Tool: a.Tool, SanitizedBy: a.ErasedBy, SanitizedAt: a.ErasedAt, VerifiedBy: a.VerifiedBy, VerifiedAt: a.VerifiedAt,
		HoldsChecked: a.HoldsChecked, Decision: a.Decision, Recipient: a.Recipient, Format: a.Format, Acknowledged: a.AcknowledgedBy,
		Erase: a.Erase, KeysDestroyed: slices.Clone(a.KeysDestroyed), Details: m,
	}
	if a.ProposedBy != "" {
		e.ApprovedBy = []string{a.ProposedBy, a.ApprovedBy}
	}
	if a.Received {
		e.Outcome = "returned"
		if elected == ElectTransfer {
			e.Outcome = "transferred"
		}
	}
	if e.Tool == "" {
		e.Tool = m.Tool
	}
	e.Details.Tool = ""
	return e
}

// Validate reports what is wrong with the certificate by itself, as
// [baakit.FieldErrors].
func (c *Certificate) Validate() error {
	var errs baakit.FieldErrors
	if c.Schema != CertificateSchema {
		errs.Add("schema", "must be "+CertificateSchema)
	}
	if !events.IsName(c.ID) {
		errs.Add("id", "is required")
	}
	if c.Kind != "interim" && c.Kind != "final" {
		errs.Add("kind", "must be interim or final")
	}
	if c.Sequence < 1 || (c.Sequence == 1) != (c.Previous == "") {
		errs.Add("previous", "must be the hash of the certificate before, for all but the first")
	}
	if c.Agreement == "" {
		errs.Add("agreement", "is required")
	}
	if c.Issued.IsZero() {
		errs.Add("issued", "is required")
	}
	for _, p := range []struct {
		path   string
		person Person
	}{{"sanitizer", c.Sanitizer}, {"verifier", c.Verifier}} {
		if p.person.Name == "" || p.person.Title == "" {
			errs.Add(p.path, "must have a name and a title")
		}
	}
	if c.Sanitizer.Name == c.Verifier.Name {
		errs.Add("verifier", "must be another person than the sanitizer")
	}
	if c.Kind == "final" && len(c.Exceptions) > 0 {
		errs.Add("exceptions", "must be empty on a final certificate")
	}
	if c.Kind == "final" && c.LastInEffect.IsZero() {
		errs.Add("last_in_effect", "is required on a final certificate")
	}
	first := c.Issued
	for i := range c.Entries {
		if d := baakit.DateOf(c.Entries[i].SanitizedAt, nil); d.Before(first) {
			first = d
		}
	}
	standard, rule := Standard{}, ""
	for i := range c.Entries {
		s, why := checkStandard(c.Standard, c.AgreementStandard, baakit.DateOf(c.Entries[i].SanitizedAt, nil))
		if standard = s; why != "" {
			rule = why
		}
	}
	if len(c.Entries) == 0 {
		standard, rule = checkStandard(c.Standard, c.AgreementStandard, c.Issued)
	}
	if rule != "" {
		errs.Add("standard", rule)
	}
	seen := make(map[string]bool)
	once := func(path, id string) {
		if id == "" || seen[id] {
			errs.Add(path, "must name an asset, each exactly once")
		}
		seen[id] = true
	}
	var items int64
	for i := range c.Entries {
		e := &c.Entries[i]
		at := "entries" + index(i)
		once(at+".asset", e.Asset)
		items += e.Count
		errs.Merge(at, e.validate(c, standard))
	}
	for i, a := range c.Attestations {
		once("attestations"+index(i)+".asset", a.Asset)
		if !isHash(a.Certificate) {
			errs.Add("attestations"+index(i)+".certificate", "must be the hash of a certificate")
		}
	}
	for i, x := range c.Exceptions {
		once("exceptions"+index(i)+".asset", x.Asset)
		if x.Reason == "" {
			errs.Add("exceptions"+index(i)+".reason", "is required")
		}
	}
	if len(seen) != c.Inventory {
		errs.Add("inventory", "must count every asset: each is an entry, an attestation or an exception")
	}
	if items != c.Items {
		errs.Add("items", "must be the sum of the entries")
	}
	return errs.Err()
}

func (e *Entry) validate(c *Certificate, s Standard) error {
	var errs baakit.FieldErrors
	if !isHash(e.Manifest) || e.Count < 0 {
		errs.Add("manifest", "must be the SHA-256 of the list of items, with their count")
	}
	m, ok := method(e.MediaType, e.Technique)
	switch {
	case !ok:
		errs.Add("technique", "must be a technique for the media")
	case m.Category != e.Category:
		errs.Add("category", "must be what the technique reaches: "+string(m.Category))
	}
	need := func(field string, missing bool) {
		if missing && slices.Contains(s.Fields, field) {
			errs.Add(field, "is required by the standard")
		}
	}
	automatic := e.Technique == AgeOut
	need("media_type", e.MediaType == "")
	need("media_source", e.MediaSource == "")
	need("tool", e.Tool == "" && !automatic)
	need("verification_method", e.Details.Verification == "" && !automatic)
	need("sanitized_by", e.SanitizedBy == "")
	need("sanitized_on", e.SanitizedAt.IsZero())
	need("verified_by", e.VerifiedBy == "" && !automatic)
	need("verified_on", e.VerifiedAt.IsZero() && !automatic)
	if e.VerifiedBy != "" && e.VerifiedBy == e.SanitizedBy {
		errs.Add("verified_by", "must be another person than sanitized it")
	}
	if !e.VerifiedAt.IsZero() && e.VerifiedAt.Before(e.SanitizedAt) {
		errs.Add("verified_at", "must not be before it was sanitized")
	}
	if len(e.ApprovedBy) != 2 || e.ApprovedBy[0] == e.ApprovedBy[1] || e.ApprovedBy[1] == "" {
		errs.Add("approved_by", "must be two people")
	}
	if e.HoldsChecked.IsZero() {
		errs.Add("holds_checked", "is required")
	}
	if baakit.DateOf(e.SanitizedAt, nil).After(c.Issued.AddDays(1)) {
		errs.Add("sanitized_at", "must not be after the certificate is issued")
	}
	if (e.Technique == CryptographicErase) != (e.Erase != nil) {
		errs.Add("cryptographic_erase", "is required for cryptographic erasure, and only then")
	}
	if e.Erase != nil {
		errs.Merge("cryptographic_erase", e.Erase.validate())
		last := time.Time{}
		for _, k := range e.KeysDestroyed {
			if k.At.After(last) {
				last = k.At
			}
		}
		if len(e.KeysDestroyed) == 0 || !last.Equal(e.SanitizedAt) {
			errs.Add("sanitized_at", "must be the destruction of the last copy of the key")
		}
	}
	return errs.Err()
}

// canonical returns the canonical JSON of the certificate without its
// signature: what is hashed and signed.
func (c *Certificate) canonical() ([]byte, error) {
	plain := *c
	plain.Signature = nil
	return jcs.Marshal(plain)
}

// Hash returns the SHA-256, in hex, of the canonical JSON of the certificate
// without its signature. The next certificate names it as Previous.
func (c *Certificate) Hash() (string, error) {
	data, err := c.canonical()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Sign returns the certificate signed by the signer, an Ed25519 or ECDSA
// P-256 key that may be in a key service. It refuses a certificate that is not
// valid.
func (c Certificate) Sign(signer crypto.Signer) (Certificate, error) {
	if err := c.Validate(); err != nil {
		return Certificate{}, err
	}
	data, err := c.canonical()
	if err != nil {
		return Certificate{}, err
	}
	s, err := signature.Sign(signer, CertificateSchema, data)
	if err != nil {
		return Certificate{}, err
	}
	c.Signature = &s
	return c, nil
}

// Verify checks the signature against the key, which comes from elsewhere,
// never from the certificate: [ErrSignature] if it does not verify.
func (c *Certificate) Verify(key crypto.PublicKey) error {
	data, err := c.canonical()
	if err != nil || c.Signature == nil || c.Signature.Verify(key, CertificateSchema, data) != nil {
		return ErrSignature
	}
	return nil
}

// VerifyChain checks a list of certificates from the first: their validity,
// signatures, sequence and links, and that none follows a final one. It
// returns a [baakit.FieldErrors] with paths such as "[2].previous".
func VerifyChain(list []Certificate, key crypto.PublicKey) error {
	var errs baakit.FieldErrors
	previous := ""
	for i := range list {
		c := &list[i]
		errs.Merge(index(i), c.Validate())
		if c.Verify(key) != nil {
			errs.Add(index(i)+".signature", "must verify")
		}
		if c.Sequence != i+1 || c.Previous != previous || c.Agreement != list[0].Agreement {
			errs.Add(index(i)+".previous", "must be the certificate before")
		}
		if i > 0 && list[i-1].Kind == "final" {
			errs.Add(index(i), "must not follow a final certificate")
		}
		previous, _ = c.Hash()
	}
	return errs.Err()
}

// ParseCertificate reads a certificate from JSON, strictly, and validates it;
// its signature is the question of [Certificate.Verify]. The error is a
// [baakit.FieldErrors].
func ParseCertificate(data []byte) (Certificate, error) {
	var c Certificate
	if _, err := jcs.Canonicalize(data); err != nil {
		return Certificate{}, baakit.FieldErrors{{Rule: "must be JSON with each member given once"}}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Certificate{}, baakit.FieldErrors{{Rule: "must be a certificate: a field is unknown or not of its type"}}
	}
	if err := c.Validate(); err != nil {
		return Certificate{}, err
	}
	return c, nil
}
