package journal

import (
	"errors"
	"fmt"
)

var (
	// ErrLocked says that another process or value holds the journal open for
	// writing.
	ErrLocked = errors.New("journal: held by another writer")

	// ErrClosed says that the journal was closed.
	ErrClosed = errors.New("journal: closed")

	// ErrReadOnly says that the journal was opened for reading.
	ErrReadOnly = errors.New("journal: opened read-only")

	// ErrFailed says that a write, a sync or a check failed. The frames of the
	// append that met it may or may not be found after reopening; nothing more
	// is written until then.
	ErrFailed = errors.New("journal: failed until reopened")

	// ErrFull says that the disk or quota is full. It comes with ErrFailed.
	ErrFull = errors.New("journal: no space left")

	// ErrReplaced says that the segment's file was deleted, replaced or changed
	// by somebody else. It comes with ErrFailed, except to a reader whose
	// journal was compacted meanwhile: that one opens it again.
	ErrReplaced = errors.New("journal: the file is not the one that was written")

	// ErrDamaged says that what is stored does not read as a journal; a
	// DamageError says where.
	ErrDamaged = errors.New("journal: damaged")

	// ErrFrame says that a frame is empty, above the limit, contains a line
	// feed or NUL, or could be read as a line of the journal's own.
	ErrFrame = errors.New("journal: not a frame")

	// ErrNotExist says that there is no journal in the folder.
	ErrNotExist = errors.New("journal: no journal in this folder")
)

// A DamageError says where a journal stops being readable, and by which rule.
// It is [ErrDamaged].
type DamageError struct {
	Segment string // the file's name, without its folder
	Offset  int64  // in the file: the first byte behind the last good line or commit
	Rule    string // what is wrong, without any content
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("journal: %s at byte %d: %s", e.Segment, e.Offset, e.Rule)
}

// Is reports whether target is [ErrDamaged].
func (e *DamageError) Is(target error) bool { return target == ErrDamaged }

func failed(err error) error {
	if isFull(err) {
		return fmt.Errorf("%w: %w: %w", ErrFailed, ErrFull, err)
	}
	return fmt.Errorf("%w: %w", ErrFailed, err)
}
