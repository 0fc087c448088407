package retention

import (
	"time"

	"github.com/baakit/baakit"
)

// A Lock is what an object store is asked to enforce for one record: until
// when nobody deletes it, and whether a hold is on. Adapters send the values
// of [Lock.S3], [Lock.GCS] and [Lock.Azure] with the SDK of their choice.
type Lock struct {
	Mode Mode `json:"mode"`
	// RetainUntil is the first instant at which it may be deleted; zero is
	// none.
	RetainUntil time.Time `json:"retain_until,omitzero"`
	Hold        bool      `json:"hold"`
	// Open: the end of keeping is not known or never comes, so that
	// RetainUntil is the horizon and has to be extended before it passes.
	Open bool `json:"open,omitempty"`
}

// LockOptions are those of [Project].
type LockOptions struct {
	Mode Mode           // Governance or Compliance; default Governance
	Zone *time.Location // the custodian's, in which days end; nil is UTC
	// Horizon is how far ahead a record without a known end is locked. Zero
	// is not at all: then only the hold is set.
	Horizon baakit.Period
}

// Project returns the lock for the decision. It never asks for an earlier
// instant than that of last, the lock set before; the zero Lock is none.
func Project(d *Decision, last Lock, opt *LockOptions) Lock {
	if opt == nil {
		opt = &LockOptions{}
	}
	l := Lock{Mode: opt.Mode, Hold: d.Outcome == Held}
	if l.Mode == "" {
		l.Mode = Governance
	}
	if last.Mode == Compliance {
		l.Mode = Compliance
	}
	through := d.KeepThrough
	if through.IsZero() {
		l.Open = true
		if d.NotBefore.After(through) {
			through = d.NotBefore
		}
		if h, err := opt.Horizon.AddTo(d.On, nil, baakit.RollForward); err == nil && h.After(through) {
			through = h
		}
		if opt.Horizon.IsZero() {
			l.Hold = true // nothing else would keep it
		}
	}
	if !through.IsZero() {
		_, l.RetainUntil = through.In(opt.Zone)
		l.RetainUntil = l.RetainUntil.UTC()
	}
	if last.RetainUntil.After(l.RetainUntil) {
		l.RetainUntil = last.RetainUntil
	}
	return l
}

// S3Lock has the values of PutObjectRetention and PutObjectLegalHold of
// Amazon S3.
type S3Lock struct {
	Mode            string    `json:"Mode"` // GOVERNANCE or COMPLIANCE
	RetainUntilDate time.Time `json:"RetainUntilDate,omitzero"`
	LegalHoldStatus string    `json:"LegalHoldStatus"` // ON or OFF
}

// S3 returns the lock as Amazon S3 names it. S3 has one legal hold an object
// version: it is on while any matter is.
func (l Lock) S3() S3Lock {
	s := S3Lock{"GOVERNANCE", l.RetainUntil, "OFF"}
	if l.Mode == Compliance {
		s.Mode = "COMPLIANCE"
	}
	if l.Hold {
		s.LegalHoldStatus = "ON"
	}
	return s
}

// GCSLock has the fields of an object of Google Cloud Storage. The hold is
// the temporary one: releasing the event-based one would restart a clock.
type GCSLock struct {
	RetentionMode  string    `json:"retention_mode"` // Unlocked or Locked
	RetainUntil    time.Time `json:"retain_until_time,omitzero"`
	TemporaryHold  bool      `json:"temporary_hold"`
	EventBasedHold bool      `json:"event_based_hold"`
}

// GCS returns the lock as Google Cloud Storage names it.
func (l Lock) GCS() GCSLock {
	g := GCSLock{"Unlocked", l.RetainUntil, l.Hold, false}
	if l.Mode == Compliance {
		g.RetentionMode = "Locked"
	}
	return g
}

// AzureLock has the values of a blob's immutability policy and legal hold.
type AzureLock struct {
	PolicyMode string    `json:"immutability_policy_mode"` // unlocked or locked
	Until      time.Time `json:"immutability_policy_until_date,omitzero"`
	LegalHold  bool      `json:"legal_hold"`
}

// Azure returns the lock as Azure Blob Storage names it.
func (l Lock) Azure() AzureLock {
	a := AzureLock{"unlocked", l.RetainUntil, l.Hold}
	if l.Mode == Compliance {
		a.PolicyMode = "locked"
	}
	return a
}
