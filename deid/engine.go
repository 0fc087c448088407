package deid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"sync"

	"github.com/baakit/baakit"
)

// The limits that an [Engine] has unless its Options say otherwise.
const (
	DefaultMaxRecord = 16 << 20
	DefaultMaxDepth  = 128
)

// Options are what an [Engine] needs besides its policy. The zero Options, or
// nil, are a job without codes, without text scrubber and without a reference
// day.
type Options struct {
	// AsOf is the day against which a date of birth is judged, normally the
	// day of the release. Without it no year of birth stays, except that of
	// an individual whose death is known.
	AsOf baakit.Date

	// Vault gives the codes of [CodeAs]; rules with codes need one, and a
	// Scope, which names the release: codes are the same within it and
	// nowhere else.
	Vault Vault
	Scope string

	// Key is the secret of HMAC, FormatPreserving and ShiftDate, 32 bytes
	// at least. It is not kept by the safe harbor, which has none of them.
	Key []byte

	// Text takes identifiers out of free text. Without it free text goes.
	Text TextScrubber

	// DropUntagged lets struct fields without a tag go, instead of
	// refusing the type.
	DropUntagged bool

	// MaxRecord is how many bytes one record may have, in and out: an
	// element of a JSON array, a line of NDJSON, a row of CSV. 0 is
	// [DefaultMaxRecord].
	MaxRecord int

	// MaxDepth is how deeply JSON may nest. 0 is [DefaultMaxDepth].
	MaxDepth int
}

// A TextScrubber removes the identifiers from free text.
//
// ScrubText appends the scrubbed text to dst and returns it with what it
// removed, by identifier. The subject may be nil. It is called by many
// goroutines, must not keep or change text, and returns an error, without
// anything of the text in it, if it cannot vouch for its result: the value is
// then not written.
type TextScrubber interface {
	ScrubText(ctx context.Context, dst, text []byte, s *Subject) ([]byte, []Removed, error)
}

// Removed says how many identifiers a [TextScrubber] removed by a rule of its
// own.
type Removed struct {
	Identifier Identifier
	Rule       string
	Count      int
}

// An Engine applies one policy. It is immutable and safe for concurrent use;
// the plans of struct types are compiled once and shared. Make it with [New].
type Engine struct {
	policy *Policy
	opts   Options
	root   *enode

	safeHarbor bool

	plans   sync.Map // reflect.Type -> *planResult
	columns sync.Map // name of an unknown column -> *Place

	mu     sync.Mutex
	places []*Place
	pool   sync.Pool // *Record
}

// An enode is a node of the policy with its places.
type enode struct {
	name    string // as a member
	members map[string]*enode
	slots   *[memberSlots]*enode // some of the members, one for each hash
	every   *enode
	rule    *Place // nil on the way
	unknown *Place // for what has no rule below here
}

const memberSlots = 64

func memberSlot(length int, first, last byte) uint {
	return (uint(length)*7 + uint(first)*5 + uint(last)) % memberSlots
}

// member is members[name], without a hash of the whole name for most.
func (n *enode) member(name []byte) *enode {
	if n.slots == nil || len(name) == 0 {
		return n.members[string(name)]
	}
	m := n.slots[memberSlot(len(name), name[0], name[len(name)-1])]
	if m == nil || m.name == string(name) {
		return m
	}
	return n.members[string(name)]
}

// A Place is a place in documents of some form, with what is there and what
// becomes of it. Adapters for a format make theirs once, with [Engine.Place].
// A Place is immutable and belongs to its engine.
type Place struct {
	id        int
	counter   int32 // what the outcome is added to in a report's counts
	op        op
	path      string
	kind      Kind
	action    Action
	namespace string
	reason    string
	unknown   bool
}

// Path returns where it is, Kind what is there, Action what becomes of it.
func (p *Place) Path() string { return p.path }

// Kind returns what is at the place.
func (p *Place) Kind() Kind { return p.kind }

// Action returns what becomes of the value.
func (p *Place) Action() Action { return p.action }

// New returns an engine for the policy; nil Options are the zero Options. The
// errors are [baakit.FieldErrors].
func New(policy *Policy, opts *Options) (*Engine, error) {
	var errs baakit.FieldErrors
	if policy == nil || policy.root == nil {
		errs.Add("policy", "must come from Definition.Compile")
		return nil, errs
	}
	e := &Engine{policy: policy, safeHarbor: policy.def.Method == MethodSafeHarbor}
	if opts != nil {
		e.opts = *opts
		e.opts.Key = bytes.Clone(opts.Key)
	}
	for k, own := range policy.byKind {
		if Kind(k).valid() {
			errs.Merge("rules."+Kind(k).String(), e.lacks(own.action))
		}
	}
	if det := policy.def.Determination; det != nil && !det.ValidThrough.IsZero() {
		if e.opts.AsOf.IsZero() || e.opts.AsOf.After(det.ValidThrough) {
			errs.Add("as_of", "must be a day through which the determination is valid")
		}
	}
	if e.opts.MaxRecord < 0 || e.opts.MaxDepth < 0 {
		errs.Add("max_record", "limits must not be negative")
	}
	e.opts.MaxRecord = orDefault(e.opts.MaxRecord, DefaultMaxRecord)
	e.opts.MaxDepth = orDefault(e.opts.MaxDepth, DefaultMaxDepth)
	e.root = e.compile(policy.root, &errs)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return e, nil
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// lacks returns what the action needs and the engine does not have.
func (e *Engine) lacks(a Action) error {
	if _, coded := a.namespace(); coded {
		if e.opts.Vault == nil || e.opts.Scope == "" {
			return baakit.FieldError{Rule: "codes need a vault and a scope"}
		}
	}
	if a.keyed() && len(e.opts.Key) < 32 {
		return baakit.FieldError{Rule: "needs a key of 32 bytes at least"}
	}
	return nil
}

func (e *Engine) compile(n *node, errs *baakit.FieldErrors) *enode {
	out := &enode{every: nil, unknown: e.addPlace(&Place{path: n.path, action: Drop, unknown: true})}
	if n.rule != nil {
		p, err := e.Place(n.path, *n.rule)
		errs.Merge(n.path, err)
		out.rule = p
	}
	if n.every != nil {
		out.every = e.compile(n.every, errs)
	}
	if n.members != nil {
		out.members = make(map[string]*enode, len(n.members))
		out.slots = new([memberSlots]*enode)
		for _, name := range sortedKeys(n.members) {
			m := e.compile(n.members[name], errs)
			m.name, out.members[name] = name, m
			if name == "" {
				continue
			}
			if slot := &out.slots[memberSlot(len(name), name[0], name[len(name)-1])]; *slot == nil {
				*slot = m
			}
		}
	}
	return out
}

// Place returns a place with the given path and rule for an adapter: where the
// rule names no action the policy's own is taken, and what the policy refuses
// is refused here, with an error that is a [baakit.FieldError]. The path of
// the rule is not looked at. Make places once, not for each document.
func (e *Engine) Place(path string, r Rule) (*Place, error) {
	resolved, rule := e.policy.resolve(r)
	if rule != "" {
		return nil, baakit.FieldError{Path: path, Rule: rule}
	}
	if err := e.lacks(resolved.Action); err != nil {
		var missing baakit.FieldError
		errors.As(err, &missing)
		missing.Path = path
		return nil, missing
	}
	namespace, _ := resolved.Action.namespace()
	return e.addPlace(&Place{path: path, kind: resolved.Kind, action: resolved.Action, namespace: namespace, reason: resolved.Reason}), nil
}

// UnknownPlace returns the place under which an adapter counts what no rule
// names below path. Its values are dropped.
func (e *Engine) UnknownPlace(path string) *Place {
	return e.addPlace(&Place{path: path, action: Drop, unknown: true})
}

func (e *Engine) addPlace(p *Place) *Place {
	e.mu.Lock()
	defer e.mu.Unlock()
	p.id = len(e.places)
	p.counter = int32(p.id*int(lastOutcome)) - 1
	p.op = p.action.op()
	e.places = append(e.places, p)
	return p
}

// Policy returns the policy.
func (e *Engine) Policy() *Policy { return e.policy }

// MaxRecord returns how many bytes one record may have.
func (e *Engine) MaxRecord() int { return e.opts.MaxRecord }

// MaxDepth returns how deeply JSON may nest.
func (e *Engine) MaxDepth() int { return e.opts.MaxDepth }

// Format implements [fmt.Formatter]: an engine holds a key and prints nothing.
func (e *Engine) Format(s fmt.State, _ rune) { io.WriteString(s, "deid.Engine") }

// LogValue implements [slog.LogValuer] and logs nothing of what is inside.
func (e *Engine) LogValue() slog.Value { return slog.StringValue("deid.Engine") }

type planResult struct {
	plan *plan
	err  error
}

func (e *Engine) planFor(t reflect.Type) (*plan, error) {
	if cached, ok := e.plans.Load(t); ok {
		result := cached.(*planResult)
		return result.plan, result.err
	}
	plan, err := e.compilePlan(t)
	cached, _ := e.plans.LoadOrStore(t, &planResult{plan, err})
	result := cached.(*planResult)
	return result.plan, result.err
}
