package review

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// CoverageSchema is the schema of a [Coverage] as JSON.
const CoverageSchema = "baakit.audit.review_coverage/1"

// A Coverage is what was reviewed, and what was not: the fold over reviews.
type Coverage struct {
	Chains []ChainCoverage // by name
}

// A ChainCoverage is that of one chain.
type ChainCoverage struct {
	Chain string
	Size  uint64 // of the chain
	// Stretches part the chain, without gap or overlap: those that were
	// reviewed, each with the last review, and those that were not.
	Stretches []Stretch
	// Partial are reviews by a query that left something out: they say
	// nothing about a whole stretch.
	Partial []Stretch
}

// A Stretch is some entries of a chain, and the last review of them.
type Stretch struct {
	From, Until uint64
	At          time.Time // zero if nobody reviewed them
	Reviewer    string
}

// Reviewed reports whether there was a review of the stretch.
func (s Stretch) Reviewed() bool { return !s.At.IsZero() }

// Through returns the number of entries from the first on that were reviewed
// without a gap.
func (c ChainCoverage) Through() uint64 {
	n := uint64(0)
	for _, s := range c.Stretches {
		if !s.Reviewed() {
			break
		}
		n = s.Until
	}
	return n
}

// Gaps returns the stretches that nobody reviewed.
func (c ChainCoverage) Gaps() []Stretch {
	return slices.DeleteFunc(slices.Clone(c.Stretches), Stretch.Reviewed)
}

// Last returns the time of the last review of any part of the chain; zero for
// none.
func (c ChainCoverage) Last() time.Time {
	var last time.Time
	for _, s := range c.Stretches {
		if s.At.After(last) {
			last = s.At
		}
	}
	return last
}

// Overdue reports whether a review of the chain is due: it holds entries and
// was last reviewed longer than every before now, or never. The regulation says
// "regularly" and no number: every is the organisation's own. Its errors are
// those of [baakit.Period.AddToInstant]; days are those of UTC.
func (c ChainCoverage) Overdue(now time.Time, every baakit.Period, cal baakit.Calendar) (bool, error) {
	if c.Size == 0 {
		return false, nil
	}
	last := c.Last()
	end, err := every.AddToInstant(cmp.Or(last, now), nil, cal, baakit.RollBack)
	if err != nil {
		return false, err
	}
	return last.IsZero() || !now.Before(end), nil
}

// CoverageOf folds reviews into what was reviewed of chains of the sizes. Only
// a review by a query of everything ([Query.Everything]) covers what it looked
// at; where several do, the last one counts, and of two at one time the one
// that comes later in the list. What a review says of entries that a chain does
// not have, or of a chain without a size, counts for nothing.
func CoverageOf(reviews []Review, sizes map[string]uint64) Coverage {
	out := Coverage{Chains: []ChainCoverage{}}
	for chain, size := range sizes {
		c := ChainCoverage{Chain: chain, Size: size}
		var full []Stretch
		for _, r := range reviews {
			for _, g := range r.Ranges {
				until := min(g.Until, size)
				if g.Chain != chain || g.From >= until {
					continue
				}
				s := Stretch{g.From, until, r.At, r.Reviewer}
				if r.Query.Everything() {
					full = append(full, s)
				} else {
					c.Partial = append(c.Partial, s)
				}
			}
		}
		c.Stretches = part(full, size)
		out.Chains = append(out.Chains, c)
	}
	slices.SortFunc(out.Chains, func(a, b ChainCoverage) int { return cmp.Compare(a.Chain, b.Chain) })
	return out
}

// part cuts the entries up to size where a stretch begins or ends, and gives
// each part the last review of it.
func part(full []Stretch, size uint64) []Stretch {
	cuts := []uint64{0, size}
	for _, s := range full {
		cuts = append(cuts, s.From, s.Until)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var out []Stretch
	for i := 1; i < len(cuts); i++ {
		p := Stretch{From: cuts[i-1], Until: cuts[i]}
		for _, s := range full {
			if s.From <= p.From && s.Until >= p.Until && !s.At.Before(p.At) {
				p.At, p.Reviewer = s.At, s.Reviewer
			}
		}
		if n := len(out); n > 0 && out[n-1].At.Equal(p.At) && out[n-1].Reviewer == p.Reviewer {
			out[n-1].Until = p.Until
			continue
		}
		out = append(out, p)
	}
	return out
}

type stretchWire struct {
	From     uint64         `json:"from"`
	Until    uint64         `json:"until"`
	At       events.Instant `json:"at,omitzero"`
	Reviewer string         `json:"reviewer,omitempty"`
}

type coverageWire struct {
	Schema string              `json:"schema"`
	Chains []chainCoverageWire `json:"chains"`
}

type chainCoverageWire struct {
	Chain     string        `json:"chain"`
	Size      uint64        `json:"size"`
	Stretches []stretchWire `json:"stretches"`
	Partial   []stretchWire `json:"partial,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (c Coverage) MarshalJSON() ([]byte, error) {
	w := coverageWire{CoverageSchema, []chainCoverageWire{}}
	wire := func(list []Stretch) []stretchWire {
		out := []stretchWire{}
		for _, s := range list {
			out = append(out, stretchWire{s.From, s.Until, events.Instant(s.At), s.Reviewer})
		}
		return out
	}
	for _, chain := range c.Chains {
		w.Chains = append(w.Chains, chainCoverageWire{chain.Chain, chain.Size, wire(chain.Stretches), wire(chain.Partial)})
	}
	return json.Marshal(w)
}
