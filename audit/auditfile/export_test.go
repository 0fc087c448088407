package auditfile

import "github.com/baakit/baakit/internal/journal"

// WithFS returns options that use another file system.
func WithFS(opt Options, fs journal.FS) *Options {
	opt.fs = fs
	return &opt
}
