package auditkeys

import (
	"errors"
	"fmt"

	"github.com/baakit/baakit/audit"
)

var (
	// ErrDestroyed says that a key was destroyed on purpose, or belongs to a
	// tenant whose keys were. Where a payload was to be opened it is
	// [audit.ErrErased] as well.
	ErrDestroyed = errors.New("auditkeys: the key was destroyed")

	// ErrNoKey says that a key is not there and that nobody destroyed it: a
	// ring of another log, or one that was lost and put back from a copy.
	ErrNoKey = errors.New("auditkeys: no such key")

	// ErrSuspended says that nothing may be sealed for this tenant or patient
	// just now, because it is about to be shredded.
	ErrSuspended = errors.New("auditkeys: sealing is suspended")

	// ErrOwner says that a chain has no owner, or that an owner is none.
	ErrOwner = errors.New("auditkeys: no owner")

	// ErrGovernance says that a key of the organisation was to be destroyed.
	ErrGovernance = errors.New("auditkeys: keys of governance chains are not destroyed")

	// ErrRing says that a ring could not be read or written. It wraps why.
	ErrRing = errors.New("auditkeys: the key ring failed")

	// ErrMaster says that a ring does not open with this master key, or was
	// changed: the two cannot be told apart.
	ErrMaster = errors.New("auditkeys: the key ring does not open with this master key")

	// ErrLocked says that a ring is open elsewhere. It is also [ErrRing].
	ErrLocked = errors.New("held by another process or value")

	// ErrInsideLog says that a ring was to be kept in the folder of a log.
	ErrInsideLog = errors.New("auditkeys: a key ring must not be kept in the folder of a log")
)

// A KeyError says which key was missing. It is what it wraps, [ErrDestroyed] or
// [ErrNoKey]; for a key that was destroyed it is [audit.ErrErased] too.
type KeyError struct {
	ID  ID
	Err error
}

func (e *KeyError) Error() string { return fmt.Sprintf("%v: %s", e.Err, e.ID) }

// Unwrap returns what the error is.
func (e *KeyError) Unwrap() []error {
	if errors.Is(e.Err, ErrDestroyed) {
		return []error{e.Err, audit.ErrErased}
	}
	return []error{e.Err}
}
