package retention

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// ScheduleSchema is the schema of a [Schedule] as JSON.
const ScheduleSchema = "baakit.retention.schedule/1"

// A Schedule is a set of policies, compiled for [Evaluate]. The order and
// the repetition of policies make no difference. A Schedule is immutable and
// safe for concurrent use; the zero Schedule has no policies, and every
// record is unclassified by it.
type Schedule struct {
	policies []policy // by ID, then From
	triggers []Trigger
	facts    []string
	hash     string
}

// A policy is a Policy compiled: its rules are nodes of one slice.
type policy struct {
	Policy
	from, through int32
	nodes         []node
	root          int32 // -1 where only parts have rules
	parts         []int32
	remove        bool
	onlyIf        int32 // the fact, or -1
}

type node struct {
	op    op
	unit  baakit.Unit
	slot  int16 // of the trigger
	n     int32
	kids  []int32
	tests []compiledTest
}

type compiledTest struct {
	test test
	slot int16
	age  int32 // 0 is the record's majority
}

// Slot 0 is the birth; triggers follow.
const (
	birthSlot    = 0
	firstTrigger = 1
	maxSlots     = factBit
	maxFacts     = lawBit - factBit
)

// NewSchedule returns the schedule of the policies. Two policies of one ID
// must be equal or apply on different days. The error is a
// [baakit.FieldErrors] with paths such as "policies[2].rule".
func NewSchedule(policies []Policy) (*Schedule, error) {
	var errs baakit.FieldErrors
	s := &Schedule{}
	list := make([]Policy, 0, len(policies))
	texts := make(map[string]bool, len(policies))
	for i := range policies {
		at := "policies" + index(i)
		if err := policies[i].Validate(); err != nil {
			errs.Merge(at, err)
			continue
		}
		text, err := json.Marshal(policies[i])
		if err != nil {
			errs.Add(at, "must have a JSON form")
			continue
		}
		if texts[string(text)] {
			continue
		}
		texts[string(text)] = true
		for j := range list {
			if list[j].ID == policies[i].ID && overlap(list[j].From, list[j].Through, policies[i].From, policies[i].Through) {
				errs.Add(at+".id", "must not be that of another policy for the same days")
			}
		}
		list = append(list, policies[i].clone())
	}
	slices.SortFunc(list, func(a, b Policy) int {
		if c := strings.Compare(a.ID, b.ID); c != 0 {
			return c
		}
		return a.From.Compare(b.From)
	})
	for i := range list {
		s.policies = append(s.policies, s.compile(list[i]))
	}
	if len(s.triggers) > maxSlots-firstTrigger || len(s.facts) > maxFacts {
		errs.Add("policies", "must need at most 47 triggers and 15 facts")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode(list); err != nil {
		return nil, err
	}
	s.hash = hex.EncodeToString(sum.Sum(nil))
	return s, nil
}

// ParseSchedule reads a schedule from JSON: an object with the schema and a
// list of policies. The error is a [baakit.FieldErrors].
func ParseSchedule(data []byte) (*Schedule, error) {
	var w scheduleWire
	if err := strictjson.Decode(data, &w); err != nil {
		return nil, err
	}
	if w.Schema != ScheduleSchema {
		return nil, baakit.FieldErrors{{Path: "schema", Rule: "must be " + ScheduleSchema}}
	}
	return NewSchedule(w.Policies)
}

type scheduleWire struct {
	Schema   string   `json:"schema"`
	Policies []Policy `json:"policies"`
}

// MarshalJSON implements json.Marshaler; [ParseSchedule] reads it back.
func (s *Schedule) MarshalJSON() ([]byte, error) {
	return json.Marshal(scheduleWire{ScheduleSchema, s.Policies()})
}

// Policies returns the policies, by ID.
func (s *Schedule) Policies() []Policy {
	list := make([]Policy, len(s.policies))
	for i := range s.policies {
		list[i] = s.policies[i].clone()
	}
	return list
}

// Hash returns the SHA-256 of the policies in hex: schedules of equal
// policies have equal hashes.
func (s *Schedule) Hash() string { return s.hash }

func (s *Schedule) compile(p Policy) policy {
	c := policy{Policy: p, from: 0, through: big, root: -1, onlyIf: -1, remove: p.Effect == Delete}
	if !p.From.IsZero() {
		c.from = pack(p.From)
	}
	if !p.Through.IsZero() {
		c.through = pack(p.Through)
	}
	if c.Majority == 0 {
		for _, j := range p.Jurisdictions {
			c.Majority = max(c.Majority, Majority(j))
		}
	}
	if p.OnlyIf != "" {
		c.onlyIf = s.fact(p.OnlyIf)
	}
	if !p.Rule.IsZero() {
		c.root = s.add(&c, p.Rule)
	}
	for _, t := range p.Parts {
		c.parts = append(c.parts, s.add(&c, t.Rule))
	}
	return c
}

func (s *Schedule) slot(t Trigger) int16 {
	i := slices.Index(s.triggers, t)
	if i < 0 {
		i = len(s.triggers)
		s.triggers = append(s.triggers, t)
	}
	return int16(min(i, 1000) + firstTrigger)
}

func (s *Schedule) fact(name string) int32 {
	i := slices.Index(s.facts, name)
	if i < 0 {
		i = len(s.facts)
		s.facts = append(s.facts, name)
	}
	return int32(min(i, 1000))
}

func (s *Schedule) add(p *policy, r Rule) int32 {
	n := node{op: r.op, n: int32(r.n)}
	switch r.op {
	case opAfter:
		n.unit, n.n, n.slot = r.period.Unit(), int32(r.period.N()), s.slot(r.trigger)
	case opMajority:
		if p.Majority > 0 {
			n.op, n.n = opAge, int32(p.Majority+r.n)
		}
	}
	for _, part := range r.parts {
		n.kids = append(n.kids, s.add(p, part))
	}
	for _, c := range r.tests {
		t := compiledTest{test: c.test, age: int32(c.age)}
		switch c.test {
		case testMinor:
			t.slot, t.age = s.slot(c.trigger), int32(p.Majority)
		case testUnder, testHappened:
			t.slot = s.slot(c.trigger)
		case testFact:
			t.slot = int16(s.fact(c.fact))
		}
		n.tests = append(n.tests, t)
	}
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1)
}
