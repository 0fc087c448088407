package baa

import (
	"time"

	"github.com/baakit/baakit"
)

// StateSchema is the schema of a [State] as JSON.
const StateSchema = "baakit.baa.state/1"

// A Status is where an agreement stands in its life.
type Status string

// The statuses, in the order of a life.
const (
	StatusDraft             Status = "draft"
	StatusOffered           Status = "offered"
	StatusLapsed            Status = "lapsed"    // final
	StatusWithdrawn         Status = "withdrawn" // final
	StatusPartiallyExecuted Status = "partially_executed"
	StatusExecuted          Status = "executed" // signed, takes effect later
	StatusActive            Status = "active"
	StatusInCure            Status = "in_cure"
	StatusCureFailed        Status = "cure_failed"
	StatusExpired           Status = "expired" // passed on the way to wind_down
	StatusWindDown          Status = "wind_down"
	StatusRetained          Status = "retained" // what cannot be returned is kept, protected
	StatusSuperseded        Status = "superseded"
	StatusClosed            Status = "closed" // final
)

func (s Status) live() bool {
	return s == StatusActive || s == StatusInCure || s == StatusCureFailed
}

func (s Status) unformed() bool {
	return s == StatusDraft || s == StatusOffered || s == StatusPartiallyExecuted
}

// Uses says what PHI that the business associate has may be used for.
type Uses string

// The uses.
const (
	UsesNone        Uses = "none"
	UsesAgreed      Uses = "as_agreed"
	UsesReturn      Uses = "return_or_destroy"
	UsesInfeasible  Uses = "purposes_that_make_return_infeasible"
	UsesAsSucceeded Uses = "as_the_next_agreement_allows"
)

// A Ruling is an answer with its reasons. The zero Ruling is no.
type Ruling struct {
	Yes     bool            `json:"yes"`
	Reasons []baakit.Reason `json:"reasons"`
}

// A Transition is one step of a life: the status that began at an instant.
type Transition struct {
	Status Status    `json:"status"`
	At     time.Time `json:"at"`
}

// A Deadline is a clock of the agreement that runs or has run. Through is its
// last day in the agreement's zone, Until the first instant after it. For
// "earliest_termination" and "amendment" Until is instead the instant from
// which the act is allowed or takes effect, and Through its day.
type Deadline struct {
	ID      string      `json:"id"`
	Through baakit.Date `json:"through"`
	Until   time.Time   `json:"until"`
	Overdue bool        `json:"overdue,omitempty"`
	Ref     string      `json:"ref,omitempty"`
}

// A Duty is what a party still has to do. From is law, agreement, or both.
type Duty struct {
	baakit.Reason
	From string `json:"from"`
	Due  string `json:"due,omitempty"` // the ID of its Deadline
	// Sections are those that the agreement says survive.
	Sections []string `json:"sections,omitempty"`
}

// A LifeFinding is something about the life of an agreement that somebody
// should look at. Days, where it is about some, are From through Through.
type LifeFinding struct {
	baakit.Reason
	Severity string      `json:"severity"` // error, warning, advice, info
	From     baakit.Date `json:"from,omitzero"`
	Through  baakit.Date `json:"through,omitzero"`
	Seq      int         `json:"seq,omitempty"` // of the event that it is about
}

// Governing is the version whose words govern, and how it came to.
type Governing struct {
	Version string    `json:"version"`
	Label   string    `json:"label,omitempty"`
	From    time.Time `json:"from"`
	// Method and Strength are those of the weakest acceptance that made it
	// govern; a signature is wet or drawn ink to this package, and strong.
	Method   AcceptanceMethod `json:"method"`
	Strength Strength         `json:"strength"`
}

// A State is where an agreement stood at Valid by what was known at Known.
// InForce and PHI are two questions: an agreement can be in force, as between
// the parties, on a day on which no PHI could flow; the reverse cannot be.
type State struct {
	Schema string    `json:"schema"`
	Valid  time.Time `json:"valid"`
	Known  time.Time `json:"known"`

	Status Status    `json:"status"`
	Since  time.Time `json:"since,omitzero"`
	Cause  Cause     `json:"cause,omitempty"` // why it ended

	// Governing is nil where no version governs.
	Governing *Governing `json:"governing"`
	// InForce: the agreement binds the parties at Valid.
	InForce Ruling `json:"in_force"`
	// PHI: new PHI may be disclosed to the business associate at Valid.
	PHI Ruling `json:"phi"`
	// Uses is what the PHI that it already has may be used for.
	Uses Uses `json:"uses"`

	Deadlines []Deadline    `json:"deadlines,omitempty"`
	Duties    []Duty        `json:"duties,omitempty"`
	Findings  []LifeFinding `json:"findings,omitempty"`
	Passed    []Transition  `json:"passed"`
}

// Finding returns the first finding with the id and whether there is one.
func (s State) Finding(id string) (LifeFinding, bool) {
	for _, f := range s.Findings {
		if f.ID == id {
			return f, true
		}
	}
	return LifeFinding{}, false
}

// Deadline returns the first deadline with the id and whether there is one.
func (s State) Deadline(id string) (Deadline, bool) {
	for _, d := range s.Deadlines {
		if d.ID == id {
			return d, true
		}
	}
	return Deadline{}, false
}
