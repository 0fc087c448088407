package auditkeys

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/strictjson"
)

// Iterations is how often PBKDF2-HMAC-SHA-256 is applied to a new passphrase.
const Iterations = 600_000

// A Master is what a ring is opened with. The zero Master is invalid. It
// prints and logs as its kind alone.
type Master struct {
	kind       masterKind
	key        []byte
	passphrase string
	kms        KMS
	iterations int // of a passphrase; for tests
}

type masterKind string

const (
	masterKey        masterKind = "key"
	masterPassphrase masterKind = "passphrase"
	masterKMS        masterKind = "kms"
)

// MasterKey returns the master of a key of [KeySize] bytes, which comes from a
// secret store. It keeps a copy.
func MasterKey(key []byte) Master { return Master{kind: masterKey, key: bytes.Clone(key)} }

// Passphrase returns the master of a passphrase, from which the key is made by
// PBKDF2-HMAC-SHA-256 with a random salt (NIST SP 800-132). It must have 12
// bytes at least; a random key is better than any passphrase.
func Passphrase(text string) Master {
	return Master{kind: masterPassphrase, passphrase: text, iterations: Iterations}
}

// MasterKMS returns the master of a key that stays in a key management service.
// The service is asked once each time that a ring is opened.
func MasterKMS(kms KMS) Master { return Master{kind: masterKMS, kms: kms} }

func (m Master) check() error {
	var errs baakit.FieldErrors
	switch {
	case m.kind == masterKey && len(m.key) != KeySize:
		errs.Add("master", "must be a key of 32 bytes")
	case m.kind == masterPassphrase && len(m.passphrase) < 12:
		errs.Add("master", "must be a passphrase of 12 bytes or more")
	case m.kind == masterKMS && m.kms == nil, m.kind == "":
		errs.Add("master", "is required")
	}
	return errs.Err()
}

// Format implements [fmt.Formatter]: whatever the verb, it prints the kind.
func (m Master) Format(s fmt.State, _ rune) {
	io.WriteString(s, "auditkeys.Master("+string(m.kind)+")")
}

// LogValue implements [slog.LogValuer] with the kind.
func (m Master) LogValue() slog.Value {
	return slog.StringValue("auditkeys.Master(" + string(m.kind) + ")")
}

const (
	masterName   = "MASTER"
	masterTemp   = "master.tmp"
	masterSchema = "baakit.audit.keys.master/1"
	saltSize     = 16
	maxMaster    = 64 << 10
	maxPBKDF2    = 10_000_000
)

// A masterFile is the form of the file MASTER.
type masterFile struct {
	Schema     string     `json:"schema"`
	Master     masterKind `json:"master"`
	Salt       []byte     `json:"salt"`
	Iterations int        `json:"iterations,omitempty"`
	Sealed     []byte     `json:"sealed"` // the secrets, under the master key
}

// secrets are what the master key protects.
type secrets struct {
	lookup [KeySize]byte            // under which patients are hashed
	keys   map[uint32][KeySize]byte // of the frames, by their generation
}

func newSecrets() secrets {
	s := secrets{keys: map[uint32][KeySize]byte{1: {}}}
	var key [KeySize]byte
	rand.Read(key[:])
	s.keys[1] = key
	rand.Read(s.lookup[:])
	return s
}

// next returns the secrets with one more generation.
func (s secrets) next() (secrets, uint32) {
	gen := s.newest() + 1
	n := secrets{lookup: s.lookup, keys: map[uint32][KeySize]byte{}}
	maps.Copy(n.keys, s.keys)
	var key [KeySize]byte
	rand.Read(key[:])
	n.keys[gen] = key
	return n, gen
}

// only returns the secrets with the newest generation alone.
func (s secrets) only() secrets {
	gen := s.newest()
	return secrets{lookup: s.lookup, keys: map[uint32][KeySize]byte{gen: s.keys[gen]}}
}

func (s secrets) newest() (gen uint32) {
	for g := range s.keys {
		gen = max(gen, g)
	}
	return gen
}

func (s secrets) ciphers() (generations, error) {
	g := make(generations, len(s.keys))
	for gen, key := range s.keys {
		aead, err := newAEAD(key[:])
		if err != nil {
			return nil, err
		}
		g[gen] = aead
	}
	return g, nil
}

func (s secrets) append(b []byte) []byte {
	b = append(b, s.lookup[:]...)
	gens := make([]uint32, 0, len(s.keys))
	for g := range s.keys {
		gens = append(gens, g)
	}
	slices.Sort(gens)
	for _, g := range gens {
		b = binary.BigEndian.AppendUint32(b, g)
		key := s.keys[g]
		b = append(b, key[:]...)
	}
	return b
}

func parseSecrets(b []byte) (s secrets, ok bool) {
	const each = 4 + KeySize
	if len(b) != KeySize+each && len(b) != KeySize+2*each {
		return secrets{}, false
	}
	s.lookup, b = [KeySize]byte(b), b[KeySize:]
	s.keys = make(map[uint32][KeySize]byte, 2)
	last := uint32(0)
	for ; len(b) > 0; b = b[each:] {
		gen := binary.BigEndian.Uint32(b)
		if gen <= last {
			return secrets{}, false
		}
		s.keys[gen], last = [KeySize]byte(b[4:]), gen
	}
	return s, true
}

// bound is what the file says of itself, and binds the secrets.
func (f masterFile) bound() map[string]string {
	return map[string]string{"schema": f.Schema, "master": string(f.Master), "salt": fmt.Sprintf("%x", f.Salt), "iterations": fmt.Sprint(f.Iterations)}
}

func (f masterFile) boundBytes() []byte {
	return fmt.Appendf(nil, "%s\n%s\n%x\n%d\n", f.Schema, f.Master, f.Salt, f.Iterations)
}

// secret returns the key that the master gives for the file.
func (m Master) secret(f masterFile) ([]byte, error) {
	if m.kind == masterPassphrase {
		return pbkdf2.Key(sha256.New, m.passphrase, f.Salt, f.Iterations, KeySize)
	}
	return hkdf.Key(sha256.New, m.key, f.Salt, masterSchema, KeySize)
}

// seal returns the content of the file MASTER.
func (m Master) seal(ctx context.Context, s secrets) ([]byte, error) {
	f := masterFile{Schema: masterSchema, Master: m.kind, Salt: make([]byte, saltSize), Iterations: m.iterations}
	rand.Read(f.Salt)
	plain := s.append(nil)
	defer clear(plain)
	var err error
	if m.kind == masterKMS {
		if f.Sealed, err = m.kms.Encrypt(ctx, plain, f.bound()); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRing, err)
		}
		if len(f.Sealed) > maxMaster/2 {
			return nil, fmt.Errorf("%w: the ciphertext of the key management service is too long", ErrRing)
		}
	} else {
		key, err := m.secret(f)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRing, err)
		}
		aead, err := newAEAD(key)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRing, err)
		}
		f.Sealed = aead.Seal(nil, nil, plain, f.boundBytes())
	}
	text, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRing, err)
	}
	return append(text, '\n'), nil
}

// parseMaster reads the form of the file, without opening it.
func parseMaster(data []byte) (masterFile, error) {
	var f masterFile
	if len(data) > maxMaster {
		return masterFile{}, ErrMaster
	}
	if err := strictjson.Decode(data, &f); err != nil {
		return masterFile{}, ErrMaster
	}
	switch {
	case f.Schema != masterSchema, len(f.Salt) != saltSize, len(f.Sealed) == 0:
		return masterFile{}, ErrMaster
	case f.Master == masterPassphrase:
		if f.Iterations < 1 || f.Iterations > maxPBKDF2 {
			return masterFile{}, ErrMaster
		}
	case f.Master != masterKey && f.Master != masterKMS, f.Iterations != 0:
		return masterFile{}, ErrMaster
	}
	return f, nil
}

// open returns the secrets of the file MASTER.
func (m Master) open(ctx context.Context, data []byte) (secrets, error) {
	f, err := parseMaster(data)
	if err != nil {
		return secrets{}, err
	}
	if f.Master != m.kind {
		return secrets{}, ErrMaster
	}
	var plain []byte
	if m.kind == masterKMS {
		if plain, err = m.kms.Decrypt(ctx, f.Sealed, f.bound()); err != nil {
			return secrets{}, fmt.Errorf("%w: %w", ErrMaster, err)
		}
	} else {
		key, err := m.secret(f)
		if err != nil {
			return secrets{}, fmt.Errorf("%w: %w", ErrRing, err)
		}
		aead, err := newAEAD(key)
		if err != nil {
			return secrets{}, fmt.Errorf("%w: %w", ErrRing, err)
		}
		if plain, err = aead.Open(nil, nil, f.Sealed, f.boundBytes()); err != nil {
			return secrets{}, ErrMaster
		}
	}
	defer clear(plain)
	s, ok := parseSecrets(plain)
	if !ok {
		return secrets{}, ErrMaster
	}
	return s, nil
}

// readMaster returns the file MASTER; nil if there is none.
func readMaster(files journal.FS, dir string) ([]byte, error) {
	f, err := files.OpenFile(filepath.Join(dir, masterName), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxMaster+1))
}

// writeMaster puts the file MASTER in its place at once.
func writeMaster(files journal.FS, dir string, data []byte) error {
	temp := filepath.Join(dir, masterTemp)
	f, err := files.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := f.Write(data)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := files.Rename(temp, filepath.Join(dir, masterName)); err != nil {
		return err
	}
	return files.SyncDir(dir)
}
