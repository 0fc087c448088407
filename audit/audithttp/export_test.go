package audithttp

import (
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

// SpillOn returns options of a spill journal in a file system of the test's.
func SpillOn(fs journal.FS) *SpillOptions { return &SpillOptions{fs: fs} }

var (
	ParseTraceParent = parseTraceParent
	RouteOf          = routeOf
	IsUUID           = isUUID
	ParseFrame       = func(data []byte) error { _, err := parseFrame(data); return err }
	ParseGroup       = func(data []byte) error { _, err := parseGroup(data); return err }
)

// AppendHalf does what Append does, up to where the spill is durable and the
// journal does not know it yet; finish does the rest.
func AppendHalf(s *SpillJournal, chain string, events []audit.Event) (finish func(), err error) {
	p, err := s.submit(chain, events)
	if err != nil {
		return nil, err
	}
	offset, err := p.wait()
	return func() { p.durable(offset) }, err
}
