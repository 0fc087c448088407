package breach

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/baakit/baakit"
)

// ResponseSchema is the schema of a [Response] as JSON.
const ResponseSchema = "baakit.breach.response/1"

//go:embed law/response.json
var responseJSON []byte

type responseLaw struct {
	Schema     string      `json:"schema"`
	AsOf       baakit.Date `json:"as_of"`
	Source     string      `json:"source"`
	Substitute struct {
		Few          string `json:"few"`
		Many         string `json:"many"`
		ManyFrom     int    `json:"many_from"`
		CitationFew  string `json:"citation_few"`
		CitationMany string `json:"citation_many"`
	} `json:"substitute"`
	Findings []struct {
		ID       string `json:"id"`
		Severity string `json:"severity"`
		Says     string `json:"says"`
		Citation string `json:"citation"`
	} `json:"findings"`
}

var loadResponseLaw = sync.OnceValue(func() *responseLaw {
	var law responseLaw
	if err := json.Unmarshal(responseJSON, &law); err != nil {
		panic("breach: law/response.json: " + err.Error()) // embedded and tested
	}
	return &law
})

func (l *responseLaw) cite(s string) baakit.Citation {
	return baakit.MustParseCitation(s).WithAsOf(l.AsOf).WithConfidence(baakit.Primary)
}

// A Response is what had been done about an incident at Valid by what was
// known at Known, held against its timeline: with the assessment, the file
// that carries the burden of proof (45 CFR 164.414(b)).
type Response struct {
	Schema     string              `json:"schema"`
	Valid      time.Time           `json:"valid"`
	Known      time.Time           `json:"known"`
	Assessed   bool                `json:"assessed"`
	Delayed    bool                `json:"delayed"` // a delay for law enforcement stands
	Closed     bool                `json:"closed"`
	Acts       []Act               `json:"acts"`               // one for each obligation that is owed or may be
	Other      []Act               `json:"other,omitempty"`    // for obligations that the timeline does not have
	Speakers   map[string][]string `json:"speakers,omitempty"` // who may speak, by audience
	Statements []ResponseEvent     `json:"statements,omitempty"`
	Findings   []ResponseFinding   `json:"findings,omitempty"`
}

// An ActStatus says how an obligation stands.
type ActStatus string

// The statuses. An act without a due day is never late.
const (
	ActOpen    ActStatus = "open"
	ActOverdue ActStatus = "overdue"
	ActDone    ActStatus = "done"
	ActLate    ActStatus = "late"
)

// An Act is what was done about an obligation.
type Act struct {
	Obligation string         `json:"obligation"`
	Status     ActStatus      `json:"status"`
	Due        baakit.Date    `json:"due,omitzero"`
	First      time.Time      `json:"first,omitzero"`
	Last       time.Time      `json:"last,omitzero"`
	Count      int            `json:"count,omitempty"` // of individuals, all events together
	Returned   int            `json:"returned,omitempty"`
	Methods    []NoticeMethod `json:"methods,omitempty"`
	Evidence   []string       `json:"evidence,omitempty"`
	ended      time.Time
}

// A ResponseFinding is something that somebody should look at.
type ResponseFinding struct {
	baakit.Reason
	Severity   string `json:"severity"` // error, warning
	Obligation string `json:"obligation,omitempty"`
	Seq        int    `json:"seq,omitempty"`
}

// ResponseAt folds the events that were known by an instant into how the
// response stood at another, in whatever order they are given. Days are those
// of the incident's zone, UTC where it states none. The error is that of
// invalid events, a [baakit.FieldErrors].
func ResponseAt(events []ResponseEvent, t Timeline, valid, known time.Time) (Response, error) {
	if err := checkResponse(events); err != nil {
		return Response{}, err
	}
	f := responseFold{
		law: loadResponseLaw(), t: t, zone: time.UTC,
		r:    Response{Schema: ResponseSchema, Valid: valid, Known: known},
		acts: make(map[string]*Act), delays: make(map[string]bool),
	}
	if !t.Incident.Zone.IsZero() {
		f.zone = t.Incident.Zone.Location()
	}
	var past []ResponseEvent
	for _, e := range events {
		if !e.Recorded.After(known) && !e.At.After(valid) {
			past = append(past, e)
		}
	}
	slices.SortFunc(past, func(a, b ResponseEvent) int { return cmp.Or(a.At.Compare(b.At), a.Seq-b.Seq) })
	for _, e := range past {
		f.apply(e)
	}
	f.close()
	return f.r, nil
}

type responseFold struct {
	law    *responseLaw
	t      Timeline
	zone   *time.Location
	r      Response
	acts   map[string]*Act
	order  []string // obligations that the timeline does not have
	delays map[string]bool
}

func (f *responseFold) act(id string) *Act {
	a := f.acts[id]
	if a == nil {
		a = &Act{Obligation: id}
		f.acts[id] = a
		if _, ok := f.t.Obligation(id); !ok {
			f.order = append(f.order, id)
		}
	}
	return a
}

func (f *responseFold) apply(e ResponseEvent) {
	switch e.Kind {
	case Assessed:
		f.r.Assessed = true
	case NoticeGiven:
		f.given(e)
	case NoticeReturned:
		f.act(e.Obligation).Returned += e.Count
	case NoticeReached:
		a := f.act(e.Obligation)
		a.Returned = max(0, a.Returned-e.Count)
	case PostingEnded:
		f.act(e.Obligation).ended = e.At
	case DelayBegan:
		f.delays[e.Ref] = true
	case DelayEnded:
		delete(f.delays, e.Ref)
	case SpeakerNamed:
		if f.r.Speakers == nil {
			f.r.Speakers = make(map[string][]string)
		}
		if !slices.Contains(f.r.Speakers[e.Audience], e.Speaker) {
			f.r.Speakers[e.Audience] = append(f.r.Speakers[e.Audience], e.Speaker)
		}
	case StatementMade:
		f.r.Statements = append(f.r.Statements, e)
		if !slices.Contains(f.r.Speakers[e.Audience], e.Speaker) {
			f.find("speaker", "", e.Seq)
		}
	case ResponseClosed:
		f.r.Closed = true
	}
}

func (f *responseFold) given(e ResponseEvent) {
	a := f.act(e.Obligation)
	if a.First.IsZero() {
		a.First = e.At
	}
	a.Last = e.At
	a.Count += e.Count
	a.ended = time.Time{}
	if !slices.Contains(a.Methods, e.Method) {
		a.Methods = append(a.Methods, e.Method)
	}
	if e.Evidence == "" {
		f.find("unproven", e.Obligation, e.Seq)
	} else if !slices.Contains(a.Evidence, e.Evidence) {
		a.Evidence = append(a.Evidence, e.Evidence)
	}
	o, known := f.t.Obligation(e.Obligation)
	if len(f.delays) > 0 && (!known || delayable(o.Kind)) {
		f.find("during_delay", e.Obligation, e.Seq)
	}
}

// delayable reports whether a delay for law enforcement reaches the notice: 45
// CFR 164.412 speaks of a notification, notice, or posting required by the
// subpart; a report to the party above is one too.
func delayable(k Kind) bool {
	switch k {
	case UseOrDisclosureReport, SecurityIncidentReport, AggregateReport, SecuritiesFiling:
		return false
	}
	return true
}

// close holds the acts against the timeline.
func (f *responseFold) close() {
	f.r.Delayed = len(f.delays) > 0
	for _, o := range f.t.Obligations {
		a := f.act(o.ID)
		a.Due = o.Due
		switch late := f.past(o, a.First); {
		case a.First.IsZero() && f.past(o, f.r.Valid):
			a.Status = ActOverdue
			if o.Standing == Owed && o.Governs {
				f.find("overdue", o.ID, 0)
			}
		case a.First.IsZero():
			a.Status = ActOpen
		case late || f.past(o, a.Last):
			a.Status = ActLate
			f.find("late", o.ID, 0)
		default:
			a.Status = ActDone
		}
		f.posting(o, a)
		f.r.Acts = append(f.r.Acts, *a)
	}
	for _, id := range f.order {
		a := f.acts[id]
		a.Status = ActOpen
		if !a.First.IsZero() {
			a.Status = ActDone
		}
		f.r.Other = append(f.r.Other, *a)
	}
	f.returned()
	if !f.r.Assessed {
		f.find("no_assessment", "", 0)
	}
}

// past reports whether an instant is behind the obligation's time.
func (f *responseFold) past(o Obligation, at time.Time) bool {
	switch {
	case at.IsZero() || !o.Dated():
		return false
	case !o.DueAt.IsZero():
		return at.After(o.DueAt)
	}
	return baakit.DateOf(at, f.zone).After(o.Due)
}

// posting finds a posting that came down before it had stood long enough: its
// day is day 0, and it stands through the last day of the period.
func (f *responseFold) posting(o Obligation, a *Act) {
	if o.Lasts.IsZero() || a.First.IsZero() || a.ended.IsZero() {
		return
	}
	through, err := o.Lasts.AddTo(baakit.DateOf(a.First, f.zone), nil, baakit.RollForward)
	if err == nil && !baakit.DateOf(a.ended, f.zone).After(through) {
		f.find("posting_short", o.ID, 0)
	}
}

// returned asks for substitute notice for those whose notice came back.
func (f *responseFold) returned() {
	total := 0
	for _, list := range [][]Act{f.r.Acts, f.r.Other} {
		for _, a := range list {
			o, known := f.t.Obligation(a.Obligation)
			if a.Returned > 0 && (!known || o.Kind == Individuals || o.Kind == SubstituteNotice) {
				total += a.Returned
			}
		}
	}
	if total == 0 {
		return
	}
	s := f.law.Substitute
	how, citation := s.Few, s.CitationFew
	if total >= s.ManyFrom {
		how, citation = s.Many, s.CitationMany
	}
	f.find("substitute_owed", "", 0)
	last := &f.r.Findings[len(f.r.Findings)-1]
	last.Says = fmt.Sprintf("%s: %d of them, by %s", last.Says, total, how)
	last.Citations = []baakit.Citation{f.law.cite(citation)}
}

func (f *responseFold) find(id, obligation string, seq int) {
	for _, row := range f.law.Findings {
		if row.ID == id {
			f.r.Findings = append(f.r.Findings, ResponseFinding{
				Reason:   baakit.Reason{ID: id, Says: row.Says, Citations: []baakit.Citation{f.law.cite(row.Citation)}},
				Severity: row.Severity, Obligation: obligation, Seq: seq,
			})
			return
		}
	}
	panic("breach: no finding " + id)
}
