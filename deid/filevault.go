package deid

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/journal"
)

var (
	// ErrVaultKey is the error of a vault that was made under another key,
	// or whose content was changed: the two cannot be told apart.
	ErrVaultKey = errors.New("deid: the vault does not open with this key")

	// ErrVault is the error of a vault that cannot be read or written. What
	// it wraps says why, without any identifier.
	ErrVault = errors.New("deid: the vault failed")

	// ErrVaultLocked is the error of a vault that is open elsewhere. It is
	// also [ErrVault].
	ErrVaultLocked = errors.New("held by another process or value")
)

// MaxID is how many bytes an identifier in a vault may have.
const MaxID = 64 << 10

// vaultFormat names the frames of the journal: base64 of AES-256-GCM over a
// code, the scope, the namespace and the id, bound to the frame's number.
const vaultFormat = "baakit.deid.vault/1"

// A FileVault is a [Vault] in a folder on disk, encrypted under a key that is
// kept elsewhere. It is safe for concurrent use, and held by one process at a
// time; make it with [OpenFileVault].
//
// A code is on stable storage before it is given out, so that a process that
// is killed, or a machine that loses its power, never gives a second code for
// an identifier whose first one may have been used. Callers at the same time
// share one write. Every entry is encrypted with AES-256-GCM and bound to its
// place, so that an entry that was changed, moved or taken out of the middle
// shows as [ErrVaultKey]. That the newest entries are missing, as in a copy
// that was put back, cannot show: restore a vault only together with what was
// released under it.
//
// Memory is about 150 bytes for each code; the identifiers stay on disk.
type FileVault struct {
	j    *journal.Journal
	aead cipher.AEAD
	mac  []byte // key of the lookup hashes

	mu      sync.Mutex
	next    uint64 // number of the next frame
	codes   map[lookup]Code
	places  map[codeKey]framePlace
	waiting map[lookup]*pendingCode
}

// A lookup is the keyed hash of scope, namespace and id; it never leaves the
// memory.
type lookup [sha256.Size]byte

type codeKey struct {
	owner [16]byte // keyed hash of scope and namespace
	code  Code
}

type framePlace struct {
	offset int64
	index  uint64
	length int
}

// A pendingCode is on its way to the disk.
type pendingCode struct {
	done chan struct{}
	code Code
	err  error
}

var _ Reidentifier = (*FileVault)(nil)

// OpenFileVault opens the vault in a folder, making both if there is none. The
// key has 32 bytes and comes from a key service or a secret store, never from
// the folder itself.
//
// Its errors are [ErrVaultKey], [ErrVaultLocked], [ErrVault] and, for a key of
// another length, a [baakit.FieldError]. Close the vault after use.
func OpenFileVault(dir string, key []byte) (*FileVault, error) {
	aead, mac, err := vaultKeys(key)
	if err != nil {
		return nil, err
	}
	v := &FileVault{
		aead: aead, mac: mac,
		codes: make(map[lookup]Code), places: make(map[codeKey]framePlace), waiting: make(map[lookup]*pendingCode),
	}
	j, err := journal.Open(dir, journal.Config{Format: vaultFormat, Visit: v.read})
	switch {
	case errors.Is(err, ErrVaultKey):
		return nil, ErrVaultKey
	case errors.Is(err, journal.ErrLocked):
		return nil, fmt.Errorf("%w: %w", ErrVault, ErrVaultLocked)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrVault, err)
	}
	v.j = j
	return v, nil
}

// read takes a frame of the journal into the index.
func (v *FileVault) read(r journal.Record) error {
	e, err := v.unseal(r.Index, r.Frame)
	if err != nil {
		return err
	}
	v.keep(v.lookup(e.scope, e.namespace, e.id), e.scope, e.namespace, e.code, framePlace{r.Offset, r.Index, len(r.Frame)})
	v.next = r.Index + 1
	return nil
}

func (v *FileVault) keep(at lookup, scope, namespace string, code Code, place framePlace) {
	v.codes[at] = code
	v.places[codeKey{v.owner(scope, namespace), code}] = place
}

func (v *FileVault) lookup(scope, namespace string, id []byte) lookup {
	return vaultLookup(v.mac, scope, namespace, id)
}

func (v *FileVault) owner(scope, namespace string) [16]byte {
	sum := vaultLookup(v.mac, scope, namespace, nil)
	return [16]byte(sum[:16])
}

func vaultLookup(key []byte, scope, namespace string, id []byte) (at lookup) {
	mac := hmac.New(sha256.New, key)
	var buf [128]byte
	mac.Write(AppendVaultKey(buf[:0], scope, namespace, id))
	mac.Sum(at[:0])
	return at
}

// seal returns the frame of an entry.
func (v *FileVault) seal(index uint64, e vaultEntry) []byte {
	sealed := v.aead.Seal(nil, nil, e.append(nil), binary.BigEndian.AppendUint64([]byte(vaultFormat), index))
	return base64.RawStdEncoding.AppendEncode(nil, sealed)
}

func (v *FileVault) unseal(index uint64, frame []byte) (vaultEntry, error) {
	sealed, err := base64.RawStdEncoding.AppendDecode(nil, frame)
	if err != nil {
		return vaultEntry{}, ErrVaultKey
	}
	plain, err := v.aead.Open(nil, nil, sealed, binary.BigEndian.AppendUint64([]byte(vaultFormat), index))
	if err != nil {
		return vaultEntry{}, ErrVaultKey
	}
	return parseVaultEntry(plain)
}

// Code implements [Vault]. Its errors are that of ctx, [ErrVault], and a
// [baakit.FieldError] for an id above [MaxID].
func (v *FileVault) Code(ctx context.Context, scope, namespace string, id []byte) (Code, error) {
	if err := checkVaultKey(ctx, scope, namespace, id); err != nil {
		return Code{}, err
	}
	at := v.lookup(scope, namespace, id)
	v.mu.Lock()
	if code, ok := v.codes[at]; ok {
		v.mu.Unlock()
		return code, nil
	}
	if p, ok := v.waiting[at]; ok {
		v.mu.Unlock()
		select {
		case <-p.done:
			return p.code, p.err
		case <-ctx.Done():
			return Code{}, ctx.Err()
		}
	}
	e := vaultEntry{NewCode(), scope, namespace, id}
	frame := v.seal(v.next, e)
	group, err := v.j.Submit(frame)
	if err != nil {
		v.mu.Unlock()
		return Code{}, fmt.Errorf("%w: %w", ErrVault, err)
	}
	index := v.next
	v.next++
	p := &pendingCode{done: make(chan struct{})}
	v.waiting[at] = p
	v.mu.Unlock()

	// The group must be waited for, even if ctx ends: its Wait may be the
	// one that writes for all.
	offsets, err := group.Wait()
	v.mu.Lock()
	delete(v.waiting, at)
	if err != nil {
		p.err = fmt.Errorf("%w: %w", ErrVault, err)
	} else {
		p.code = e.code
		v.keep(at, scope, namespace, e.code, framePlace{offsets[0], index, len(frame)})
	}
	v.mu.Unlock()
	close(p.done)
	return p.code, p.err
}

// Reidentify implements [Reidentifier].
func (v *FileVault) Reidentify(ctx context.Context, scope, namespace string, code Code) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.mu.Lock()
	place, ok := v.places[codeKey{v.owner(scope, namespace), code}]
	v.mu.Unlock()
	if !ok {
		return nil, ErrNoCode
	}
	frame := make([]byte, place.length)
	if _, err := v.j.ReadAt(frame, place.offset); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrVault, err)
	}
	e, err := v.unseal(place.index, frame)
	if err != nil {
		return nil, err
	}
	if e.code != code || e.scope != scope || e.namespace != namespace {
		return nil, ErrVaultKey
	}
	return bytes.Clone(e.id), nil
}

// Len returns how many codes the vault holds.
func (v *FileVault) Len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.codes)
}

// Close waits for what is being written and lets the folder go. The vault
// cannot be used afterwards; closing again does nothing.
func (v *FileVault) Close() error { return v.j.Close() }

// Format implements [fmt.Formatter] and prints nothing of what is inside.
func (v *FileVault) Format(s fmt.State, _ rune) { io.WriteString(s, "deid.FileVault(redacted)") }

// LogValue implements [slog.LogValuer] and logs nothing of what is inside.
func (v *FileVault) LogValue() slog.Value { return slog.StringValue("deid.FileVault(redacted)") }

func checkVaultKey(ctx context.Context, scope, namespace string, id []byte) error {
	if len(id) > MaxID || len(scope) > MaxID || len(namespace) > MaxID {
		return baakit.FieldError{Path: "id", Rule: "must have 65536 bytes at most"}
	}
	return ctx.Err()
}
