package auditfile

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

// wrap gives an error of the journal the names that package audit has for it.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	for _, pair := range [...]struct{ journal, audit error }{
		{journal.ErrFull, audit.ErrFull},
		{journal.ErrReplaced, audit.ErrReplaced},
		{journal.ErrFailed, audit.ErrFailed},
		{journal.ErrLocked, audit.ErrLocked},
		{journal.ErrClosed, audit.ErrClosed},
		{journal.ErrReadOnly, audit.ErrReadOnly},
		{journal.ErrDamaged, audit.ErrTampered},
		{journal.ErrFrame, audit.ErrLine},
		{journal.ErrNotExist, fs.ErrNotExist},
	} {
		if errors.Is(err, pair.journal) && !errors.Is(err, pair.audit) {
			err = &storeError{pair.audit, err}
		}
	}
	return err
}

// A storeError is an error of the journal that is also one of package audit.
type storeError struct{ is, cause error }

func (e *storeError) Error() string   { return e.cause.Error() }
func (e *storeError) Unwrap() []error { return []error{e.is, e.cause} }

// tampered says that a place of the folder does not hold what it should.
func tampered(base, at int64, rule string) error {
	return fmt.Errorf("auditfile: %w: %s at byte %d: %s", audit.ErrTampered, segmentFile(base, ".jsonl"), at, rule)
}
