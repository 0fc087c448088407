package subprocessor

import (
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// A ChangeKind says what changes. The zero kind is invalid.
type ChangeKind string

// The kinds of changes.
const (
	AddSubprocessor     ChangeKind = "add"
	ReplaceSubprocessor ChangeKind = "replace"
	RemoveSubprocessor  ChangeKind = "remove"
	NewPurpose          ChangeKind = "new_purpose"
	NewData             ChangeKind = "new_data"
	NewRegion           ChangeKind = "new_region"
	Renamed             ChangeKind = "rename"
	Merger              ChangeKind = "merger"
	NewSubSubprocessor  ChangeKind = "new_sub_subcontractor"
)

// ChangeKinds returns every kind of change.
func ChangeKinds() []ChangeKind {
	return []ChangeKind{AddSubprocessor, ReplaceSubprocessor, RemoveSubprocessor, NewPurpose, NewData, NewRegion, Renamed, Merger, NewSubSubprocessor}
}

// A Start says what starts a customer's clocks. The zero Start is invalid.
type Start string

// The starts. Received takes delivery, or the stronger evidence that the terms
// ask for.
const (
	StartSent     Start = "sent"
	StartReceived Start = "received"
	StartPosted   Start = "posted"
)

// A Consent says what a contract takes for consent. The zero Consent is
// invalid.
type Consent string

// The modes: a general authorisation with a right to object is silence, a
// prior specific one is affirmative, no right at all is none.
const (
	ConsentSilence     Consent = "silence"
	ConsentAffirmative Consent = "affirmative"
	ConsentNone        Consent = "none"
)

// ClassTerms are the periods for a class of engagement, as "ai".
type ClassTerms struct {
	Class  string        `json:"class"`
	Notice baakit.Period `json:"notice,omitzero"`
	Window baakit.Period `json:"window,omitzero"`
}

// EmergencyTerms allow a change before its notice, for the reasons named.
type EmergencyTerms struct {
	Reasons      []string      `json:"reasons"`
	NoticeWithin baakit.Period `json:"notice_within"`
	Longest      baakit.Period `json:"longest,omitzero"` // of an approval
}

// NoticeTerms are what a customer's contract says on changes of subprocessors.
// Notice is how long before it takes effect a change is announced; Window how
// long the customer may object; each may be zero for none. Material nil means
// that every kind of change is.
type NoticeTerms struct {
	Notice  baakit.Period `json:"notice,omitzero"`
	Window  baakit.Period `json:"window,omitzero"`
	Start   Start         `json:"start"`
	Consent Consent       `json:"consent"`
	// Evidence is the least that counts as received: delivered, opened or
	// acknowledged; empty is delivered.
	Evidence  Delivery        `json:"evidence,omitempty"`
	Material  []ChangeKind    `json:"material,omitzero"`
	Classes   []ClassTerms    `json:"classes,omitempty"`
	Channel   string          `json:"channel,omitempty"`
	Remedies  []string        `json:"remedies,omitempty"`
	Cure      baakit.Period   `json:"cure,omitzero"`      // to resolve an objection
	Terminate baakit.Period   `json:"terminate,omitzero"` // window of a right to terminate
	Emergency *EmergencyTerms `json:"emergency,omitempty"`
	// RollForward: a window that ends on a day that is not a business day goes
	// on through the next one. Without it nothing moves.
	RollForward bool `json:"roll_forward,omitempty"`
}

// Validate reports what is wrong with the terms.
func (n NoticeTerms) Validate() error {
	var errs baakit.FieldErrors
	days := func(path string, p baakit.Period) {
		need(&errs, path, p.Unit() != baakit.Hours, "must be in days, business days, months or years")
	}
	days("notice", n.Notice)
	days("window", n.Window)
	days("cure", n.Cure)
	days("terminate", n.Terminate)
	need(&errs, "start", n.Start == StartSent || n.Start == StartReceived || n.Start == StartPosted, "must be sent, received or posted")
	need(&errs, "consent", n.Consent == ConsentSilence || n.Consent == ConsentAffirmative || n.Consent == ConsentNone, "must be silence, affirmative or none")
	need(&errs, "evidence", slices.Contains([]Delivery{"", Delivered, Opened, Acknowledged}, n.Evidence), "must be delivered, opened or acknowledged")
	for i, k := range n.Material {
		need(&errs, "material"+at(i), slices.Contains(ChangeKinds(), k), "must be a kind of change")
	}
	for i, c := range n.Classes {
		need(&errs, "classes"+at(i)+".class", events.IsName(c.Class), "is required")
		days("classes"+at(i)+".notice", c.Notice)
		days("classes"+at(i)+".window", c.Window)
	}
	if e := n.Emergency; e != nil {
		need(&errs, "emergency.reasons", len(e.Reasons) > 0, "must name the reasons that are allowed")
		need(&errs, "emergency.notice_within", !e.NoticeWithin.IsZero() && e.NoticeWithin.Unit() != baakit.Hours, "is required, in days, business days, months or years")
		days("emergency.longest", e.Longest)
	}
	return errs.Err()
}

// material reports whether a kind of change needs a notice.
func (n NoticeTerms) material(k ChangeKind) bool {
	return n.Consent != ConsentNone && (n.Material == nil || slices.Contains(n.Material, k))
}

// of returns the notice and the window for a class of engagement.
func (n NoticeTerms) of(class string) (notice, window baakit.Period) {
	for _, c := range n.Classes {
		if c.Class == class && class != "" {
			return c.Notice, c.Window
		}
	}
	return n.Notice, n.Window
}

// Dates are what a customer's clocks give from the day they started. Each is
// zero where the terms have no such clock, and all are where nothing started.
type Dates struct {
	Start baakit.Date `json:"start,omitzero"`
	// WindowEnd is the last day to object.
	WindowEnd baakit.Date `json:"window_end,omitzero"`
	// NoticeRun is the day on which an advance notice has run.
	NoticeRun baakit.Date `json:"notice_run,omitzero"`
	// Earliest is the first day on which the change may take effect in
	// silence; zero where silence is not consent or nothing started.
	Earliest baakit.Date `json:"earliest,omitzero"`
	// TerminateThrough is the last day of a right to terminate.
	TerminateThrough baakit.Date `json:"terminate_through,omitzero"`
}

// Dates returns the dates that the terms give a change of the class whose
// clock started on start. A nil cal is [baakit.Federal]. For the zero start
// all are zero: no notice, no window.
func (n NoticeTerms) Dates(class string, start baakit.Date, cal baakit.Calendar) Dates {
	if cal == nil {
		cal = baakit.Federal()
	}
	if start.IsZero() {
		return Dates{}
	}
	d := Dates{Start: start, Earliest: start}
	notice, window := n.of(class)
	if !notice.IsZero() {
		d.NoticeRun = count(start, notice, cal, baakit.RollForward)
		d.Earliest = d.NoticeRun
	}
	if !window.IsZero() {
		d.WindowEnd = count(start, window, cal, baakit.RollBack)
		if n.RollForward && !cal.IsBusinessDay(d.WindowEnd) {
			d.WindowEnd = baakit.NextBusinessDay(cal, d.WindowEnd)
		}
		if after := d.WindowEnd.AddDays(1); after.After(d.Earliest) {
			d.Earliest = after
		}
	}
	if !n.Terminate.IsZero() {
		d.TerminateThrough = count(start, n.Terminate, cal, baakit.RollBack)
	}
	if n.Consent == ConsentAffirmative {
		d.Earliest = baakit.Date{}
	}
	return d
}

func count(d baakit.Date, p baakit.Period, cal baakit.Calendar, r baakit.Roll) baakit.Date {
	end, err := p.AddTo(d, cal, r)
	if err != nil {
		return lastDate
	}
	return end
}

var lastDate = baakit.MustParseDate("9999-12-31")
