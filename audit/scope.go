package audit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/baakit/baakit"
)

var (
	// ErrNoScope says that a context has no [Scope]: whatever serves the
	// access does not log it.
	ErrNoScope = errors.New("audit: the context has no scope")

	// ErrRecorded says that an access is in the log already, or is over, and
	// that what is said of it now comes too late.
	ErrRecorded = errors.New("audit: the access has been recorded")
)

// A Scope is one access while it is being served: what serves it, such as
// the middleware of package audithttp, begins it with what is known from
// outside and records it before it lets anything out; what handles it says in
// between whose information it is about.
//
//	func chart(w http.ResponseWriter, r *http.Request) {
//		if err := audit.From(r.Context()).SetPatient(id); err != nil {
//			…
//		}
//	}
//
// Each patient gets an entry. Nothing that was said of an access can be taken
// back, and after an append that failed every method returns its error. The
// methods of a nil Scope return [ErrNoScope]. A Scope is safe for concurrent
// use.
type Scope struct {
	write func([]Event) error

	mu       sync.Mutex
	event    Event
	patients []string
	known    map[string]struct{} // of patients, once they are many
	recorded Outcome             // of the last entries; "" before the first
	closed   bool
	err      error
}

// NewScope begins an access. write appends the events that it is given, all
// or none, and returns nil when they are durable; the scope calls it one at a
// time. If e has a Patient it is the first.
func NewScope(e Event, write func([]Event) error) *Scope {
	s := &Scope{write: write, event: e}
	if e.Patient != "" {
		s.patients = []string{e.Patient}
	}
	return s
}

type scopeKey struct{}

// Context returns a context that carries the scope.
func (s *Scope) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// From returns the scope that a context carries, or nil, with which nothing
// can be said: every method returns [ErrNoScope].
func From(ctx context.Context) *Scope {
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	return s
}

// SetPatient says whose information the access is about; called again it adds
// to those named before. Each of them gets an entry of its own. After
// [Scope.Record] it appends theirs before it returns, so that what is sent
// later may be about them.
//
// Its errors are [ErrNoScope], [ErrRecorded] after [Scope.Close], a
// [baakit.FieldErrors] of an empty or malformed name, and those of the append.
// After an error nothing about the patient may be shown.
func (s *Scope) SetPatient(ids ...string) error {
	if s == nil {
		return ErrNoScope
	}
	for _, id := range ids {
		if id == "" || !utf8.ValidString(id) {
			return baakit.FieldErrors{{Path: "patient", Rule: "is required, in valid UTF-8"}}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return err
	}
	from := len(s.patients)
	for _, id := range ids {
		if !s.has(id) {
			s.patients = append(s.patients, id)
			if s.known != nil {
				s.known[id] = struct{}{}
			}
		}
	}
	if s.recorded != "" && len(s.patients) > from {
		s.err = s.append(s.event, s.patients[from:])
	}
	return s.err
}

// has tells whether a patient was named.
func (s *Scope) has(id string) bool {
	if s.known == nil && len(s.patients) > 16 {
		s.known = make(map[string]struct{}, 2*len(s.patients))
		for _, p := range s.patients {
			s.known[p] = struct{}{}
		}
	}
	if s.known != nil {
		_, ok := s.known[id]
		return ok
	}
	return slices.Contains(s.patients, id)
}

// Update lets change fill in the event, as long as nothing is recorded. What
// it does to Patient is added as by [Scope.SetPatient]; an Outcome that it
// sets stands unless the access ends worse. Its errors are [ErrNoScope],
// [ErrRecorded] and that of an append that failed.
func (s *Scope) Update(change func(*Event)) error {
	if s == nil {
		return ErrNoScope
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return err
	}
	if s.recorded != "" {
		return ErrRecorded
	}
	s.event.Patient = ""
	change(&s.event)
	if p := s.event.Patient; p != "" && !s.has(p) {
		s.patients = append(s.patients, p)
	}
	return nil
}

// Record appends an entry with the outcome for each patient, or one for none,
// and returns when they are durable. If the access was recorded before it
// appends others only if the outcome is worse than what they say: an answer
// that broke off, a panic. reason, if not "", goes into Event.Reason.
//
// Whatever serves the access calls it before anything gets out. A handler
// that is about to change something calls it itself, with [Success], before
// the change becomes final: an answer that is withheld for want of an entry
// undoes no change.
//
// Its errors are [ErrNoScope], [ErrRecorded] after [Scope.Close], and those of
// the append.
func (s *Scope) Record(outcome Outcome, reason string) error {
	if s == nil {
		return ErrNoScope
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return err
	}
	if s.recorded != "" && outcome.rank() <= s.recorded.rank() {
		return nil
	}
	e := s.event
	if outcome.rank() > e.Outcome.rank() {
		e.Outcome = outcome
	}
	if reason != "" && (s.recorded != "" || e.Reason == "") {
		e.Reason = reason
	}
	if s.err = s.append(e, s.patients); s.err == nil {
		s.recorded, s.event.Outcome = e.Outcome, e.Outcome
	}
	return s.err
}

// Event returns what is known of the access so far, without its patients if
// there are several.
func (s *Scope) Event() Event {
	if s == nil {
		return Event{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.event
	e.Patient = ""
	if len(s.patients) == 1 {
		e.Patient = s.patients[0]
	}
	return e
}

// Close ends the access: whatever is said of it from now on is refused with
// [ErrRecorded].
func (s *Scope) Close() {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = true
	}
}

func (s *Scope) usable() error {
	if s.err == nil && s.closed {
		return ErrRecorded
	}
	return s.err
}

// append writes the event once for each patient.
func (s *Scope) append(e Event, patients []string) error {
	if len(patients) < 2 {
		e.Patient = ""
		if len(patients) == 1 {
			e.Patient = patients[0]
		}
		return s.write([]Event{e})
	}
	events := make([]Event, len(patients))
	for i, p := range patients {
		events[i] = e
		events[i].Patient = p
	}
	return s.write(events)
}

// rank orders outcomes from unknown to the worst.
func (o Outcome) rank() int {
	return slices.Index([]Outcome{Success, MinorFailure, SeriousFailure, MajorFailure}, o)
}
