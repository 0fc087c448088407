package breach

import (
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// TimelineSchema is the schema of a [Timeline] as JSON.
const TimelineSchema = "baakit.breach.timeline/1"

// A DelayReading is how a delay for law enforcement moves a date. 45 CFR 164.412
// does not say whether the 60 days stand still during a delay.
type DelayReading string

// The readings.
const (
	// LaterOf: the later of the normal date and the end of the delay. It is
	// the default, and never later than the other.
	LaterOf DelayReading = "later_of"
	// Tolled: the days of the delay do not count.
	Tolled DelayReading = "tolled"
)

// Options change how a timeline is made. The zero Options, like nil, is the
// defaults.
type Options struct {
	// Rules are the law; default those of the day of the first discovery.
	Rules *Rules
	// Delay is the reading of a delay; default LaterOf.
	Delay DelayReading
	// Calendars are the business days of jurisdictions; default
	// [Rules.Calendar].
	Calendars map[baakit.Jurisdiction]baakit.Calendar
	// ContractCalendar is the business days of contracts; default
	// [baakit.Federal], which also is that of federal clocks.
	ContractCalendar baakit.Calendar
	// SetAside is the caller's policy on deemed compliance: an obligation for
	// which it reports true gets the standing SetAside and keeps its date.
	// Default: none does.
	SetAside func(Obligation) bool
	// Forward adds proposed rules, which are not law, to look ahead.
	Forward bool
}

// A PartyClock is the day on which a party's clocks began.
type PartyClock struct {
	Party      string      `json:"party"`
	Role       Role        `json:"role"`
	Discovered baakit.Date `json:"discovered"`
	// Imputed: the discovery is that of an agent below.
	Imputed bool `json:"imputed,omitempty"`
	// Assumed: it is not known when the party discovered the incident, and
	// the day is the earliest possible.
	Assumed bool `json:"assumed,omitempty"`
}

// A Timeline is everything that an incident starts: the obligations in the
// order of their dates, those without a date by the day on which their clock
// began. It is a pure function of the facts, the rules and the options.
type Timeline struct {
	Schema        string       `json:"schema"`
	Incident      Incident     `json:"incident"`
	RulesAsOf     baakit.Date  `json:"rules_as_of"`
	Delay         DelayReading `json:"delay"`
	Forward       bool         `json:"forward,omitempty"`
	Determination Determined   `json:"determination"`
	// Clocks are the parties in the order of the incident.
	Clocks      []PartyClock   `json:"clocks"`
	Obligations []Obligation   `json:"obligations"`
	Questions   []OpenQuestion `json:"questions,omitempty"`
}

// Obligation returns the obligation with the ID and whether there is one.
func (t Timeline) Obligation(id string) (Obligation, bool) {
	i := slices.IndexFunc(t.Obligations, func(o Obligation) bool { return o.ID == id })
	if i < 0 {
		return Obligation{}, false
	}
	return t.Obligations[i], true
}

// ParseTimeline reads a timeline as JSON, as it was written. The incident in
// it is checked; that the obligations follow from it is not: make the
// timeline again for that.
func ParseTimeline(data []byte) (Timeline, error) {
	var t Timeline
	if err := strictjson.Decode(data, &t); err != nil {
		return Timeline{}, err
	}
	var errs baakit.FieldErrors
	if t.Schema != TimelineSchema {
		errs.Add("schema", "must be "+TimelineSchema)
	}
	errs.Merge("incident", t.Incident.Validate())
	if t.Delay != LaterOf && t.Delay != Tolled {
		errs.Add("delay", "must be later_of or tolled")
	}
	seen := make(map[string]bool)
	for i, o := range t.Obligations {
		path := at("obligations", i)
		if o.ID == "" || seen[o.ID] {
			errs.Add(path+".id", "is required, once")
		}
		seen[o.ID] = true
		if o.Regime == 0 || o.Kind == 0 || o.Standing == 0 || o.CountedFrom == 0 || o.Start.IsZero() || o.Confidence.IsZero() {
			errs.Add(path, "must have regime, kind, standing, counted_from, start and confidence")
		}
	}
	if err := errs.Err(); err != nil {
		return Timeline{}, err
	}
	return t, nil
}
