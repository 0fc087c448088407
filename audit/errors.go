package audit

import (
	"errors"
	"fmt"
)

var (
	// ErrConflict says that a chain does not have the size at which an append
	// was to begin; nothing was appended. Read what came between, decide
	// again, and append at the new size.
	ErrConflict = errors.New("audit: the chain has another size")

	// ErrUnknownChain says that the store holds no entry of the chain.
	ErrUnknownChain = errors.New("audit: no such chain")

	// ErrOutOfRange says that an entry or a size lies behind the end of the
	// chain.
	ErrOutOfRange = errors.New("audit: beyond the end of the chain")

	// ErrClosed says that the log or the store was closed.
	ErrClosed = errors.New("audit: closed")

	// ErrReadOnly says that the store was opened for reading.
	ErrReadOnly = errors.New("audit: opened read-only")

	// ErrLocked says that another writer holds the store.
	ErrLocked = errors.New("audit: held by another writer")

	// ErrFailed says that a store failed to write. What the failed append held
	// may or may not be found when the store is opened again; until then it
	// takes nothing.
	ErrFailed = errors.New("audit: the store has failed until it is reopened")

	// ErrFull says that the store has no space left. It comes with ErrFailed
	// where the store cannot tell how much was written.
	ErrFull = errors.New("audit: no space left in the store")

	// ErrReplaced says that somebody deleted, replaced or changed a file under
	// the running store. It comes with ErrFailed, except to a reader whose store
	// was compacted by its writer meanwhile: that one opens it again.
	ErrReplaced = errors.New("audit: the store's file is not the one that was written")

	// ErrUncertain says that the caller's context ended while its entry was
	// being written: it may or may not become durable.
	ErrUncertain = errors.New("audit: the entry may or may not have been appended")

	// ErrTooLarge says that a line or a sealed payload is above its limit.
	ErrTooLarge = errors.New("audit: above the limit of a line or payload")

	// ErrLine says that bytes are not a line of this format; a [LineError]
	// says why.
	ErrLine = errors.New("audit: not a line of an audit log")

	// ErrTampered says that a chain does not verify; a [Fault] says where and
	// by which rule. Stores return it too for contents that cannot be read as
	// what they wrote.
	ErrTampered = errors.New("audit: does not verify")

	// ErrCheckpoint says that a text is not a checkpoint that the verifier
	// accepts: not a signed note, another log's, or without a valid signature.
	ErrCheckpoint = errors.New("audit: not a checkpoint of this log")

	// ErrProof says that a proof is malformed or proves something else.
	ErrProof = errors.New("audit: the proof does not hold")

	// ErrNoSealer says that an event has something to seal and the log has no
	// [Sealer].
	ErrNoSealer = errors.New("audit: the event has a sealed part and the log no sealer")

	// ErrErased says that the sealed part of an entry is gone, or the key to it.
	ErrErased = errors.New("audit: the sealed part was erased")

	// ErrSealed says that a sealed part could not be opened, or is not the one
	// that the line commits to.
	ErrSealed = errors.New("audit: the sealed part is not the one of this line")
)

// A LineError says where bytes stop being a line, and by which rule, without
// the bytes. It is [ErrLine].
type LineError struct {
	Offset int    // in the line
	Rule   string // what should have been there
}

func (e *LineError) Error() string {
	return fmt.Sprintf("audit: line, byte %d: %s", e.Offset, e.Rule)
}

// Is reports whether target is [ErrLine].
func (e *LineError) Is(target error) bool { return target == ErrLine }
