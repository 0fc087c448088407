package retention

import (
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// An AssetKind says what kind of copy an asset is.
type AssetKind string

// The kinds of assets. Whatever holds a copy is one of them.
const (
	StoreAsset         AssetKind = "store"
	ReplicaAsset       AssetKind = "replica"
	CacheAsset         AssetKind = "cache"
	IndexAsset         AssetKind = "index"
	ExportAsset        AssetKind = "export"
	LogAsset           AssetKind = "log"
	BackupAsset        AssetKind = "backup"
	SubcontractorAsset AssetKind = "subcontractor"
)

// An Asset is one place in which PHI of the agreement is: a store, a derived
// copy, a backup, a subcontractor. It holds counts and hashes, never PHI.
type Asset struct {
	ID    string    `json:"id"`
	Kind  AssetKind `json:"kind"`
	Class string    `json:"class,omitempty"` // of the records in it
	// Media is a kind of media of [Methods]; none for a subcontractor.
	Media        string `json:"media,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	Serial       string `json:"serial,omitempty"`
	Property     string `json:"property,omitempty"` // number of the organization
	Source       string `json:"source,omitempty"`   // system, account or computer
	Region       string `json:"region,omitempty"`

	Count    int64       `json:"count"`
	Manifest string      `json:"manifest,omitempty"` // SHA-256 of the list of items, hex
	From     baakit.Date `json:"from,omitzero"`      // dates of the records in it
	Through  baakit.Date `json:"through,omitzero"`

	// Requires is the weakest category that will do; zero is clear.
	Requires Category `json:"requires,omitempty"`
	// NotBefore is the first day on which a duty to keep lets it go, from a
	// decision; zero is none.
	NotBefore baakit.Date `json:"not_before,omitzero"`
	Decision  string      `json:"decision,omitempty"` // its id
	// Keys are the copies of the keys it is encrypted with.
	Keys []string `json:"keys,omitempty"`

	// CopyOf, Retention and LockedThrough are those of a backup: it ages out
	// Retention after the last of the assets it copies is erased, and not
	// before its lock ends.
	CopyOf        []string      `json:"copy_of,omitempty"`
	Retention     baakit.Period `json:"retention,omitzero"`
	LockedThrough baakit.Date   `json:"locked_through,omitzero"`

	// Above is the subcontractor asset whose own subcontractor this one is.
	Above string `json:"above,omitempty"`
	// AttestBy is the last day for a subcontractor's attestation.
	AttestBy baakit.Date `json:"attest_by,omitzero"`
}

// Validate reports what is wrong with the asset as [baakit.FieldErrors].
func (a *Asset) Validate() error {
	var errs baakit.FieldErrors
	if !events.IsName(a.ID) {
		errs.Add("id", "is required, at most 200 bytes of printing ASCII without spaces")
	}
	kinds := []AssetKind{StoreAsset, ReplicaAsset, CacheAsset, IndexAsset, ExportAsset, LogAsset, BackupAsset, SubcontractorAsset}
	if !slices.Contains(kinds, a.Kind) {
		errs.Add("kind", "must be a kind of asset")
	}
	if a.Kind != SubcontractorAsset && !isMedia(a.Media) {
		errs.Add("media", "must be a kind of media of the table of methods")
	}
	if a.Count < 0 {
		errs.Add("count", "must not be negative")
	}
	if a.Kind != SubcontractorAsset && !isHash(a.Manifest) {
		errs.Add("manifest", "must be the SHA-256 of the list of items in hex")
	}
	if a.Requires != "" && a.Requires.strength() == 0 {
		errs.Add("requires", "must be clear, purge or destroy")
	}
	if a.Kind == BackupAsset && (len(a.CopyOf) == 0 || a.Retention.IsZero()) {
		errs.Add("copy_of", "must be given for a backup, with its retention")
	}
	switch a.Retention.Unit() {
	case baakit.Hours, baakit.BusinessDays:
		errs.Add("retention", "must be in days, months or years")
	}
	return errs.Err()
}

func isHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

// An InfeasibleReason is why an asset can be neither returned nor destroyed:
// a closed list (45 CFR 164.504(e)(2)(ii)(J), (e)(4)).
type InfeasibleReason string

// The reasons.
const (
	LawRequires   InfeasibleReason = "law_requires_keeping"
	UnderHold     InfeasibleReason = "legal_hold"
	LockedBackup  InfeasibleReason = "immutable_backup"
	Commingled    InfeasibleReason = "commingled"
	OwnManagement InfeasibleReason = "own_management_or_legal_duty"
)

// An Infeasibility says why an asset stays for now, and under what limits.
type Infeasibility struct {
	Reason InfeasibleReason `json:"reason"`
	// Uses are the purposes that make it infeasible: no other use is allowed.
	Uses []string `json:"uses"`
	// Protections says that those of the agreement go on.
	Protections bool `json:"protections"`
	// Noticed is the day on which the covered entity was told.
	Noticed baakit.Date `json:"noticed"`
	// Until is when it ends, or Review when it is looked at again, within
	// twelve months.
	Until  baakit.Date `json:"until,omitzero"`
	Review baakit.Date `json:"review,omitzero"`
}

func (x *Infeasibility) validate(on baakit.Date) error {
	var errs baakit.FieldErrors
	if !slices.Contains([]InfeasibleReason{LawRequires, UnderHold, LockedBackup, Commingled, OwnManagement}, x.Reason) {
		errs.Add("reason", "must be a reason of the list")
	}
	if len(x.Uses) == 0 || slices.Contains(x.Uses, "") {
		errs.Add("uses", "must name the purposes to which use is limited")
	}
	if !x.Protections {
		errs.Add("protections", "must go on")
	}
	if x.Noticed.IsZero() || x.Noticed.After(on) {
		errs.Add("noticed", "must be the day on which the covered entity was told")
	}
	switch {
	case x.Until.IsZero() == x.Review.IsZero():
		errs.Add("until", "must be given, or else a date of review")
	case !x.Review.IsZero() && (x.Review.Before(on) || x.Review.After(on.AddMonths(12, baakit.RollBack))):
		errs.Add("review", "must be within twelve months")
	case !x.Until.IsZero() && x.Until.Before(on):
		errs.Add("until", "must not be past")
	}
	return errs.Err()
}

// A CryptoErase holds the facts on which the erasure of keys counts as
// erasure of the data. Each was checked by somebody; one that is not true
// makes the certificate false.
type CryptoErase struct {
	EncryptedFromFirstWrite bool `json:"encrypted_from_first_write"`
	KeyBits                 int  `json:"key_bits"`
	ValidatedModule         bool `json:"validated_module"`
	// KeyUnique: the key erases neither more nor less than the asset.
	KeyUnique bool `json:"key_unique"`
	// AllCopiesListed: wrapped copies, escrow, module backups and caches.
	AllCopiesListed bool `json:"all_copies_listed"`
	// KeySanitized: zeroized, not merely unlinked or scheduled for deletion.
	KeySanitized bool `json:"key_sanitized"`
	// ExportsListed: decrypted copies are assets of their own.
	ExportsListed bool `json:"exports_listed"`
}

func (c *CryptoErase) validate() error {
	var errs baakit.FieldErrors
	for _, f := range []struct {
		path string
		ok   bool
		rule string
	}{
		{"encrypted_from_first_write", c.EncryptedFromFirstWrite, "must be true: plaintext ever on the media defeats it"},
		{"key_bits", c.KeyBits >= sanitization().KeyBits, "must be at least 128"},
		{"validated_module", c.ValidatedModule, "must be true"},
		{"key_unique", c.KeyUnique, "must be true: the key erases neither more nor less"},
		{"all_copies_listed", c.AllCopiesListed, "must be true"},
		{"key_sanitized", c.KeySanitized, "must be true: unlinking or scheduling is no erasure"},
		{"exports_listed", c.ExportsListed, "must be true"},
	} {
		if !f.ok {
			errs.Add(f.path, f.rule)
		}
	}
	return errs.Err()
}
