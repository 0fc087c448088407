package subprocessor

import (
	"errors"
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// The errors of commands that the state does not allow. Each comes wrapped in
// a [RefusedError].
var (
	// ErrUnknown: an entity, engagement, contract or change is not on record.
	ErrUnknown = errors.New("not on record")
	// ErrNotPossible: not in this state.
	ErrNotPossible = errors.New("not possible in this state")
	// ErrCycle: the contract would close a cycle of the chain.
	ErrCycle = errors.New("the chain would have a cycle")
	// ErrOrphan: no chain of contracts in effect reaches a covered entity.
	ErrOrphan = errors.New("no contracts in effect reach a covered entity")
	// ErrNotClear: the change is not clear for every customer.
	ErrNotClear = errors.New("not clear for every customer")
	// ErrEmergency: no customer's contract allows an emergency for the reason,
	// or nobody approved it, or it is over.
	ErrEmergency = errors.New("no emergency that a contract allows")
	// ErrHoldsPHI: the entity may still hold PHI.
	ErrHoldsPHI = errors.New("retention is not closed")
	// ErrVersion: the version or its hash is not the next one of the list.
	ErrVersion = errors.New("not the next version of the list")
	// ErrConflict: an event that is recorded already would become impossible.
	ErrConflict = errors.New("an event that is recorded already would become impossible")
)

// A RefusedError says which command was refused and wraps the reason. It
// holds nothing of the input.
type RefusedError struct {
	Kind EventKind
	Err  error
}

func (e *RefusedError) Error() string {
	return "subprocessor: " + string(e.Kind) + ": " + e.Err.Error()
}

func (e *RefusedError) Unwrap() error { return e.Err }

// RegistryConfig is what [NewRegistry] makes a Registry of.
type RegistryConfig struct {
	// Vendor is the id of the entity whose list it is; required.
	Vendor string
	// Zone is where its days begin and end; required.
	Zone *time.Location
	// Calendar has its business days; nil is [baakit.Federal].
	Calendar baakit.Calendar
}

// A Registry knows whose list it is and tells its state from events. It holds
// no events. It is immutable and safe for concurrent use; the zero Registry is
// of no use.
type Registry struct {
	vendor string
	zone   *time.Location
	cal    baakit.Calendar
}

// NewRegistry checks c and returns the registry. The error is a
// [baakit.FieldErrors].
func NewRegistry(c RegistryConfig) (*Registry, error) {
	var errs baakit.FieldErrors
	need(&errs, "vendor", events.IsName(c.Vendor), "is required, the id of an entity")
	need(&errs, "zone", c.Zone != nil, "is required")
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if c.Calendar == nil {
		c.Calendar = baakit.Federal()
	}
	return &Registry{c.Vendor, c.Zone, c.Calendar}, nil
}

// RegistrySchema is the schema of a registry as JSON.
const RegistrySchema = "baakit.subprocessor.registry/1"

// ParseRegistry reads a registry with its events:
//
//	{"schema": "baakit.subprocessor.registry/1", "vendor": "fernhill", "zone": "America/Chicago",
//	 "calendar": "federal", "closures": ["2026-12-24"], "events": [...]}
//
// Every event must have been possible after those before it. The error is a
// [baakit.FieldErrors].
func ParseRegistry(data []byte) (*Registry, []Event, error) {
	var w struct {
		Schema   string        `json:"schema"`
		Vendor   string        `json:"vendor"`
		Zone     string        `json:"zone"`
		Calendar string        `json:"calendar"`
		Closures []baakit.Date `json:"closures"`
		Events   []Event       `json:"events"`
	}
	if err := strictjson.Decode(data, &w); err != nil {
		return nil, nil, err
	}
	var errs baakit.FieldErrors
	need(&errs, "schema", w.Schema == RegistrySchema, "must be "+RegistrySchema)
	loc, err := time.LoadLocation(w.Zone)
	if err != nil || w.Zone == "" || w.Zone == "Local" {
		errs.Add("zone", "must be the name of a time zone, as in America/Chicago")
	}
	cal := map[string]baakit.Calendar{"": baakit.Federal(), "federal": baakit.Federal(), "weekdays": baakit.Weekdays()}[w.Calendar]
	need(&errs, "calendar", cal != nil, "must be federal or weekdays")
	need(&errs, "vendor", events.IsName(w.Vendor), "is required, the id of an entity")
	errs.Merge("events", checkEvents(w.Events))
	if err := errs.Err(); err != nil {
		return nil, nil, err
	}
	if len(w.Closures) > 0 {
		cal = baakit.WithClosures(cal, w.Closures...)
	}
	reg := &Registry{w.Vendor, loc, cal}
	f := newFold(reg)
	for _, e := range inOrder(w.Events, forever) {
		if err := f.apply(e); err != nil {
			i := slices.IndexFunc(w.Events, func(x Event) bool { return x.Seq == e.Seq })
			errs.Add("events"+at(i), "was refused: "+err.Error())
		}
		f.applied, f.lastSeq = append(f.applied, e), max(f.lastSeq, e.Seq)
	}
	if err := errs.Err(); err != nil {
		return nil, nil, err
	}
	return reg, w.Events, nil
}

var forever = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// Record is every command: it checks that e is possible after what is
// recorded and returns it complete, to be appended by the caller. A zero Seq
// becomes the next one, a zero Recorded becomes At, or for an event that is
// recorded late the last time of record. It changes nothing itself.
//
// An event may be recorded late: then it must have been possible when it
// happened and leave possible everything that is recorded already. The error
// is a [baakit.FieldErrors] for an event that is wrong by itself, otherwise a
// [*RefusedError].
func (r *Registry) Record(events []Event, e Event) (Event, error) {
	var errs baakit.FieldErrors
	last := lastOf(events)
	last.Complete(&e.Seq, e.At, &e.Recorded)
	errs.Merge("", e.Validate())
	last.Check(&errs, e.Seq, e.Recorded)
	errs.Merge("events", checkEvents(events))
	if err := errs.Err(); err != nil {
		return Event{}, err
	}
	list := inOrder(events, e.Recorded)
	behind := slices.IndexFunc(list, func(f *Event) bool { return f.At.After(e.At) })
	if behind < 0 {
		behind = len(list)
	}
	now := newFold(r)
	now.run(list[:behind])
	if err := now.apply(&e); err != nil {
		return Event{}, &RefusedError{e.Kind, err}
	}
	if behind < len(list) {
		before := newFold(r)
		before.run(list)
		now.run(list[behind:])
		for _, seq := range now.ignored {
			if !slices.Contains(before.ignored, seq) {
				return Event{}, &RefusedError{e.Kind, ErrConflict}
			}
		}
	}
	return e, nil
}

// StateAt returns the state at valid by what was known at known. Events that
// were not possible when they happened changed nothing and are listed in
// Ignored. The error is a [baakit.FieldErrors] of wrong times or events.
func (r *Registry) StateAt(events []Event, valid, known time.Time) (*State, error) {
	var errs baakit.FieldErrors
	checkAxes(&errs, valid, known)
	errs.Merge("events", checkEvents(events))
	if err := errs.Err(); err != nil {
		return nil, err
	}
	f := newFold(r)
	for _, e := range inOrder(events, known) {
		if e.At.After(valid) {
			break
		}
		f.step(e)
	}
	return f.state(valid, known), nil
}

func (r *Registry) day(t time.Time) baakit.Date { return baakit.DateOf(t, r.zone) }

// EndOf returns the last instant of a day in the registry's zone.
func (r *Registry) EndOf(d baakit.Date) time.Time {
	_, end := d.In(r.zone)
	return end.Add(-1)
}

// Calendar returns the registry's business days.
func (r *Registry) Calendar() baakit.Calendar { return r.cal }

// Vendor returns the id of the entity whose list it is.
func (r *Registry) Vendor() string { return r.vendor }
