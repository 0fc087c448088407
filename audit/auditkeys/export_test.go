package auditkeys

import "github.com/baakit/baakit/internal/journal"

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
