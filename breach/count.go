package breach

import (
	"encoding/json"
	"errors"
	"math"

	"github.com/baakit/baakit/internal/strictjson"
)

// MaxCount is the largest number of people that an incident may state.
const MaxCount = 10_000_000_000

var errCount = errors.New("must be a number of people from 0, or an object with estimate and at_most")

// A Count is a number of people, as far as it is known: final, an estimate, or
// not stated, which is the zero Count. A threshold that an estimate reaches is
// reached; one that it does not reach is open, up to the bound that is stated
// with the estimate. Counts are comparable, immutable and safe for concurrent
// use. In JSON a final count is a number, an estimate is
// {"estimate": 480, "at_most": 600}, where at_most may be missing.
type Count struct {
	n, most int64 // most is n for a final count
	stated  bool
}

const unbounded = math.MaxInt64

// Exactly returns the final count n.
func Exactly(n int) Count { return Count{int64(n), int64(n), true} }

// About returns the estimate n without an upper bound.
func About(n int) Count { return Count{int64(n), unbounded, true} }

// AboutAtMost returns the estimate n that is certainly not more than most.
func AboutAtMost(n, most int) Count { return Count{int64(n), int64(most), true} }

// IsZero reports whether no count is stated.
func (c Count) IsZero() bool { return !c.stated }

// N returns the number or the estimate; 0 if not stated.
func (c Count) N() int { return int(c.n) }

// Final reports whether the count is stated and no estimate.
func (c Count) Final() bool { return c.stated && c.n == c.most }

// valid reports whether the count can be one.
func (c Count) valid() bool {
	return !c.stated || c.n >= 0 && c.n <= MaxCount && c.most >= c.n && (c.most <= MaxCount || c.most == unbounded)
}

func (c Count) bounds() (low, high int64) {
	if !c.stated {
		return 0, unbounded
	}
	return c.n, c.most
}

type countJSON struct {
	Estimate *int64 `json:"estimate"`
	AtMost   *int64 `json:"at_most,omitempty"`
}

// MarshalJSON implements json.Marshaler; the count that is not stated is an
// error: leave it out with omitzero.
func (c Count) MarshalJSON() ([]byte, error) {
	switch {
	case !c.stated:
		return nil, errCount
	case c.n == c.most:
		return json.Marshal(c.n)
	case c.most == unbounded:
		return json.Marshal(countJSON{Estimate: &c.n})
	}
	return json.Marshal(countJSON{&c.n, &c.most})
}

// UnmarshalJSON implements json.Unmarshaler; on an error c is unchanged.
func (c *Count) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] != '{' {
		var n int64
		if string(data) == "null" || json.Unmarshal(data, &n) != nil || n < 0 || n > MaxCount {
			return errCount
		}
		*c = Count{n, n, true}
		return nil
	}
	var j countJSON
	if strictjson.Decode(data, &j) != nil || j.Estimate == nil {
		return errCount
	}
	n := Count{*j.Estimate, unbounded, true}
	if j.AtMost != nil {
		n.most = *j.AtMost
		if n.most == unbounded {
			return errCount
		}
	}
	if !n.valid() {
		return errCount
	}
	*c = n
	return nil
}
