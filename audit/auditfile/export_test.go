package auditfile

import "github.com/baakit/baakit/internal/journal"

// WithFS returns options that use another file system.
func WithFS(opt Options, fs journal.FS) *Options {
	opt.fs = fs
	return &opt
}

// ForgetIndexes closes the indexes that are held open.
func ForgetIndexes(s *Store) {
	for _, c := range s.chains {
		for _, p := range c.parts {
			s.files.Forget(s.path(p.segment.base, indexSuffix))
		}
	}
}
