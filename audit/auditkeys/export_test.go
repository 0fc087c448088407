package auditkeys

import (
	"context"

	"github.com/baakit/baakit/internal/journal"
)

// WithFS returns options that use another file system.
func WithFS(opt RingOptions, fs journal.FS) *RingOptions {
	opt.fs = fs
	return &opt
}

// WithIterations returns a passphrase that costs less.
func WithIterations(m Master, n int) Master {
	m.iterations = n
	return m
}

// SecretOf returns a key's secret.
func SecretOf(k *Key) []byte { return k.secret[:] }

// SecretsOf returns the secrets that the master key protects.
func SecretsOf(r *Ring) [][]byte {
	list := [][]byte{r.secrets.lookup[:]}
	for _, k := range r.secrets.keys {
		list = append(list, k[:])
	}
	return list
}

// FrameOf returns the line of a key as it is stored; "" for one that is erased.
func FrameOf(r *Ring, id ID) string {
	k := r.ids[id]
	if k == nil || k.destroyed != 0 {
		return ""
	}
	for rec, err := range r.j.Replay(0) {
		if err != nil {
			return ""
		}
		if rec.Index == k.index && !blank(rec.Frame) {
			return string(rec.Frame)
		}
	}
	return ""
}

// An Entry is a ringEntry.
type Entry = ringEntry

// ParseEntry and AppendEntry are the codec of what a line holds.
var (
	ParseEntry  = parseRingEntry
	AppendEntry = ringEntry.append
	ParseMaster = func(data []byte) error { _, err := parseMaster(data); return err }
	OpenMaster  = func(m Master, data []byte) error { _, err := m.open(context.Background(), data); return err }
)

// Of the codec.
const MaxOwn = maxOwn
