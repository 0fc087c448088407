package retention

import (
	"slices"
	"strconv"

	"github.com/baakit/baakit"
)

// A Mode says who may shorten what a record is governed by.
type Mode string

// The modes.
const (
	Advisory   Mode = "advisory"   // anybody
	Governance Mode = "governance" // a named role, with a reason
	Compliance Mode = "compliance" // nobody
)

// A Governed is what records are governed by over the edits of their policy.
// In compliance mode every schedule that ever governed them goes on to: a
// decision takes the longest rule of all of them, so that no edit brings a
// keep-through date nearer. (An event of the record may, where its own rule
// says so; a policy may not.) It is an immutable value.
type Governed struct {
	mode     Mode
	roles    []string
	versions []*Schedule
	all      *Schedule
	changes  []PolicyChange
}

// A PolicyChange is an edit of policy and what became of it.
type PolicyChange struct {
	On     baakit.Date `json:"on"`
	By     string      `json:"by"`
	Role   string      `json:"role,omitempty"`
	Reason string      `json:"reason,omitempty"`
	// Schedule is the hash of the new one. Replaced says that it took the
	// place of the others; otherwise it was added to them, and where it is
	// shorter it is a proposal for records that are governed from now on.
	Schedule string `json:"schedule"`
	Replaced bool   `json:"replaced"`
}

// Govern returns records governed by the schedule. In governance mode roles
// are those that may shorten.
func Govern(m Mode, s *Schedule, roles ...string) (Governed, error) {
	var errs baakit.FieldErrors
	if m != Advisory && m != Governance && m != Compliance {
		errs.Add("mode", "must be advisory, governance or compliance")
	}
	if s == nil {
		errs.Add("schedule", "is required")
	}
	if err := errs.Err(); err != nil {
		return Governed{}, err
	}
	return Governed{mode: m, roles: slices.Clone(roles), versions: []*Schedule{s}, all: s}, nil
}

// Edit returns what governs after the policy is edited to s. In compliance
// mode, and in governance mode without a role that may shorten and a reason,
// s is added to what governs; else it replaces it.
func (g Governed) Edit(s *Schedule, c PolicyChange) (Governed, error) {
	var errs baakit.FieldErrors
	if s == nil {
		errs.Add("schedule", "is required")
	}
	if c.On.IsZero() {
		errs.Add("on", "is required")
	}
	if c.By == "" {
		errs.Add("by", "is required")
	}
	if g.all == nil {
		errs.Add("governed", "must come from Govern")
	}
	if err := errs.Err(); err != nil {
		return g, err
	}
	c.Schedule = s.hash
	c.Replaced = g.mode == Advisory || g.mode == Governance && c.Reason != "" && slices.Contains(g.roles, c.Role)
	next := g
	next.changes = append(slices.Clone(g.changes), c)
	if c.Replaced {
		next.versions, next.all = []*Schedule{s}, s
		return next, nil
	}
	if slices.ContainsFunc(g.versions, func(v *Schedule) bool { return v.hash == s.hash }) {
		return next, nil
	}
	next.versions = append(slices.Clone(g.versions), s)
	var list []Policy
	for i, v := range next.versions {
		for _, p := range v.Policies() {
			if p.Effect == Delete && i < len(next.versions)-1 {
				continue // only the newest says by when to delete
			}
			if i > 0 {
				p.ID += "@" + strconv.Itoa(i+1)
			}
			list = append(list, p)
		}
	}
	all, err := NewSchedule(list)
	if err != nil {
		return g, err
	}
	next.all = all
	return next, nil
}

// Schedule returns what governs: the newest schedule, or in compliance mode
// all of them together.
func (g Governed) Schedule() *Schedule { return g.all }

// Mode returns the mode, which never changes.
func (g Governed) Mode() Mode { return g.mode }

// Changes returns the edits, the oldest first.
func (g Governed) Changes() []PolicyChange { return slices.Clone(g.changes) }
