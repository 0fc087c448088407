package retention

import (
	"time"

	"github.com/baakit/baakit"
)

// StateSchema is the schema of a [State] as JSON.
const StateSchema = "baakit.retention.state/1"

// A Phase is where a disposition stands.
type Phase string

// The phases, in their order.
const (
	PhaseActive      Phase = "active"
	PhaseTerminating Phase = "terminating"
	PhaseEnded       Phase = "ended"
	PhaseInventoried Phase = "inventoried"
	PhaseElected     Phase = "elected"
	PhaseHoldChecked Phase = "hold_checked"
	PhaseExecuting   Phase = "executing"
	PhaseReconciled  Phase = "reconciled"
	PhaseClosed      Phase = "closed"
)

// An AssetStatus is where an asset stands.
type AssetStatus string

// The statuses. An asset is accounted for when it is verified, aged out or
// attested.
const (
	StatusPending    AssetStatus = "pending"
	StatusProposed   AssetStatus = "proposed"
	StatusApproved   AssetStatus = "approved"
	StatusPermitted  AssetStatus = "permitted"
	StatusSent       AssetStatus = "sent"
	StatusReceived   AssetStatus = "received"
	StatusErased     AssetStatus = "erased"
	StatusVerified   AssetStatus = "verified"
	StatusAgedOut    AssetStatus = "aged_out"
	StatusAttested   AssetStatus = "attested"
	StatusInfeasible AssetStatus = "infeasible"
)

// A State is where a disposition stood at Valid by what was known at Known.
type State struct {
	Schema    string    `json:"schema"`
	Agreement string    `json:"agreement"`
	Clause    string    `json:"clause,omitempty"`
	Valid     time.Time `json:"valid"`
	Known     time.Time `json:"known"`

	Phase Phase `json:"phase"`
	// Epoch counts the changes that make a permit stale.
	Epoch       int         `json:"epoch"`
	EndedOn     baakit.Date `json:"ended_on,omitzero"`
	DueOn       baakit.Date `json:"due_on,omitzero"` // return or destroy through this day
	InventoryOn baakit.Date `json:"inventory_on,omitzero"`
	Election    Election    `json:"election,omitempty"`
	ElectedBy   string      `json:"elected_by,omitempty"`
	ElectedOn   baakit.Date `json:"elected_on,omitzero"`
	Export      *Export     `json:"export,omitempty"`

	Assets []AssetState `json:"assets,omitempty"`
	Holds  []AssetHold  `json:"holds,omitempty"`

	// Exceptions are the assets that are not accounted for, with why.
	Exceptions []Exception `json:"exceptions,omitempty"`
	// FinalNotBefore is the first day on which a final certificate is
	// possible; zero while that is not known.
	FinalNotBefore baakit.Date `json:"final_not_before,omitzero"`
	// LastInEffect is the day on which the agreement was last in effect: that
	// on which the last PHI went (45 CFR 164.504(e)(2)(ii)(J)), or its end if
	// later. The six years of its own documents run from it. Zero while
	// anything is left.
	LastInEffect     baakit.Date `json:"last_in_effect,omitzero"`
	Certificates     []string    `json:"certificates,omitempty"` // hashes
	FinalCertificate bool        `json:"final_certificate,omitempty"`
	Findings         []Finding   `json:"findings,omitempty"`
	Ignored          []int       `json:"ignored,omitempty"` // Seq of events that were not possible
}

// An Export is the offer to the covered entity to take its data before the
// end, in a named portable format, and what came of it.
type Export struct {
	Format   string      `json:"format"`
	Offered  baakit.Date `json:"offered"`
	By       string      `json:"by"`
	Taken    baakit.Date `json:"taken,omitzero"`
	Declined baakit.Date `json:"declined,omitzero"`
	Hash     string      `json:"hash,omitempty"`
}

// An AssetState is an asset and what happened to it.
type AssetState struct {
	Asset
	Status         AssetStatus    `json:"status"`
	ProposedBy     string         `json:"proposed_by,omitempty"`
	ApprovedBy     string         `json:"approved_by,omitempty"`
	Permit         int            `json:"permit,omitempty"` // its epoch
	HoldsChecked   time.Time      `json:"holds_checked,omitzero"`
	Sent           bool           `json:"sent,omitempty"`
	Received       bool           `json:"received,omitempty"`
	Recipient      string         `json:"recipient,omitempty"`
	Format         string         `json:"format,omitempty"`
	SentHash       string         `json:"sent_hash,omitempty"`
	AcknowledgedBy string         `json:"acknowledged_by,omitempty"`
	KeysDestroyed  []KeyCopy      `json:"keys_destroyed,omitempty"`
	ErasedBy       string         `json:"erased_by,omitempty"`
	ErasedAt       time.Time      `json:"erased_at,omitzero"` // of cryptographic erasure: the last key copy
	Technique      Technique      `json:"technique,omitempty"`
	Category       Category       `json:"category,omitempty"`
	Tool           string         `json:"tool,omitempty"`
	Erase          *CryptoErase   `json:"erase,omitempty"`
	VerifiedBy     string         `json:"verified_by,omitempty"`
	VerifiedAt     time.Time      `json:"verified_at,omitzero"`
	Attestation    string         `json:"attestation,omitempty"` // hash of the certificate
	Infeasible     *Infeasibility `json:"infeasible,omitempty"`
	// AgesOut is when a backup is without the data; zero while an asset that
	// it copies is not erased.
	AgesOut baakit.Date `json:"ages_out,omitzero"`
	// HeldBy are the matters that bar its destruction at Valid.
	HeldBy []string `json:"held_by,omitempty"`
}

// Done reports whether the asset is accounted for.
func (a *AssetState) Done() bool {
	return a.Status == StatusVerified || a.Status == StatusAgedOut || a.Status == StatusAttested
}

// A KeyCopy is a destroyed copy of a key.
type KeyCopy struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// An AssetHold is a hold on assets of the inventory, none for all of them.
type AssetHold struct {
	Matter   string      `json:"matter"`
	Assets   []string    `json:"assets,omitempty"`
	Placed   baakit.Date `json:"placed"`
	PlacedBy string      `json:"placed_by"`
	Lifted   baakit.Date `json:"lifted,omitzero"`
	LiftedBy string      `json:"lifted_by,omitempty"`
	Through  baakit.Date `json:"through,omitzero"` // the end of its release grace
}

// An Exception is an asset that is left, and why.
type Exception struct {
	Asset string `json:"asset"`
	// Reason is hold, ageing_out, attestation, acknowledgement, a reason of
	// an Infeasibility, or pending.
	Reason string      `json:"reason"`
	Until  baakit.Date `json:"until,omitzero"`
}

// A Finding is something that somebody should look at.
type Finding struct {
	ID       string      `json:"id"`
	Severity string      `json:"severity"` // error, warning, info
	Says     string      `json:"says"`
	Asset    string      `json:"asset,omitempty"`
	On       baakit.Date `json:"on,omitzero"`
}

// closedInventory reports whether the inventory is closed.
func (s *State) closedInventory() bool { return !s.InventoryOn.IsZero() }

func (f *fold) hold(matter string) *AssetHold {
	for i := range f.Holds {
		if f.Holds[i].Matter == matter && f.Holds[i].Lifted.IsZero() {
			return &f.Holds[i]
		}
	}
	return nil
}

func (f *fold) started() bool {
	for i := range f.Assets {
		if a := &f.Assets[i]; a.Sent || a.ErasedBy != "" || len(a.KeysDestroyed) > 0 {
			return true
		}
	}
	return false
}

func (f *fold) allDone() bool {
	for i := range f.Assets {
		if !f.Assets[i].Done() {
			return false
		}
	}
	return f.closedInventory()
}

// ageOut returns the day on which a backup holds nothing of what it copies
// any more: its retention after the last of them is erased, or the end of its
// lock if that is later.
func (f *fold) ageOut(a *AssetState) baakit.Date {
	if a.Kind != BackupAsset {
		return baakit.Date{}
	}
	last := baakit.Date{}
	for _, id := range a.CopyOf {
		src := f.asset(id)
		if src == nil || src.ErasedAt.IsZero() {
			return baakit.Date{}
		}
		if day := f.d.day(src.ErasedAt); day.After(last) {
			last = day
		}
	}
	out, err := a.Retention.AddTo(last, nil, baakit.RollForward)
	if err != nil {
		return baakit.Date{}
	}
	if a.LockedThrough.After(out) {
		out = a.LockedThrough
	}
	return out
}

// finish draws what follows from the assets at the instant.
func (f *fold) finish(valid time.Time) {
	on := f.d.day(valid)
	last := f.EndedOn
	notBefore, open := f.EndedOn, false
	permit, executing := false, false
	find := func(id, severity, says, asset string, day baakit.Date) {
		f.Findings = append(f.Findings, Finding{id, severity, says, asset, day})
	}
	for i := range f.Assets {
		a := &f.Assets[i]
		a.AgesOut = f.ageOut(a)
		permit = permit || a.Permit > 0
		executing = executing || a.Sent || a.ErasedBy != "" || a.Infeasible != nil
		if a.Done() {
			day := f.d.day(a.ErasedAt)
			if d := f.d.day(a.VerifiedAt); !a.VerifiedAt.IsZero() && d.After(notBefore) {
				notBefore = d
			}
			if day.After(last) {
				last = day
			}
			if day.After(notBefore) {
				notBefore = day
			}
			if a.Kind == SubcontractorAsset && !a.AttestBy.IsZero() && day.After(a.AttestBy) {
				find("RD-ATTESTED-LATE", "warning", "the subcontractor attested after the day agreed", a.ID, a.AttestBy)
			}
			continue
		}
		a.HeldBy = f.barred(&a.Asset, valid)
		x := Exception{Asset: a.ID, Reason: "pending"}
		switch {
		case len(a.HeldBy) > 0:
			x.Reason = "hold"
		case a.Infeasible != nil:
			x.Reason, x.Until = string(a.Infeasible.Reason), a.Infeasible.Until
			if x.Until.IsZero() {
				x.Until = a.Infeasible.Review
			}
			if !a.Infeasible.Review.IsZero() && on.After(a.Infeasible.Review) {
				find("RD-REVIEW", "error", "the review of what is kept as infeasible is overdue", a.ID, a.Infeasible.Review)
			}
		case a.Kind == BackupAsset:
			x.Reason, x.Until = "ageing_out", a.AgesOut
		case a.Kind == SubcontractorAsset:
			x.Reason, x.Until = "attestation", a.AttestBy
			if !a.AttestBy.IsZero() && on.After(a.AttestBy) {
				find("RD-ATTESTATION", "error", "the attestation of the subcontractor is overdue: ask, and escalate", a.ID, a.AttestBy)
			}
		case a.Sent && !a.Received:
			x.Reason = "acknowledgement"
		}
		f.Exceptions = append(f.Exceptions, x)
		if a.AgesOut.After(notBefore) {
			notBefore = a.AgesOut
		}
		if a.Kind != BackupAsset || a.AgesOut.IsZero() || len(a.HeldBy) > 0 {
			open = true
		}
	}
	if !f.DueOn.IsZero() && on.After(f.DueOn) && len(f.Exceptions) > 0 {
		for _, x := range f.Exceptions {
			if x.Reason == "pending" || x.Reason == "acknowledgement" {
				find("RD-OVERDUE", "error", "it is neither returned nor destroyed, nor stated to be infeasible, by the day agreed", x.Asset, f.DueOn)
			}
		}
	}
	if f.EndedOn.IsZero() {
		return
	}
	if f.Export == nil {
		find("RD-EXPORT", "info", "no export was offered before the end", "", baakit.Date{})
	}
	if f.Phase == PhaseClosed {
		f.LastInEffect = last
		return
	}
	if f.closedInventory() && f.Election != "" {
		f.Phase = PhaseElected
		switch {
		case f.allDone():
			f.Phase = PhaseReconciled
		case executing:
			f.Phase = PhaseExecuting
		case permit:
			f.Phase = PhaseHoldChecked
		}
	}
	if f.closedInventory() && !open {
		f.FinalNotBefore = notBefore
	}
	if f.allDone() {
		f.LastInEffect = last
	}
}
