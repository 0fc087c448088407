package audithttp

import "github.com/baakit/baakit/internal/journal"

// SpillOn returns options of a spill journal in a file system of the test's.
func SpillOn(fs journal.FS) *SpillOptions { return &SpillOptions{fs: fs} }

var (
	ParseTraceParent = parseTraceParent
	RouteOf          = routeOf
	IsUUID           = isUUID
	ParseFrame       = func(data []byte) error { _, err := parseFrame(data); return err }
	ParseGroup       = func(data []byte) error { _, err := parseGroup(data); return err }
)
