package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// acceptance is the life of the agreement: offered, accepted by a person in
// front of a page, broken and cured, ended; and a request of an individual
// that reached the vendor and was passed on.
type acceptance struct{}

func (*acceptance) name() string                           { return "acceptance" }
func (*acceptance) title() string                          { return "Offer, acceptance, cure and end" }
func (*acceptance) prepare(*caseFile, *baakit.FieldErrors) {}

const lifeChain, requestChain = "agreement.life", "agreement.requests"

// A lifeStep is an event of the agreement as the log keeps it, with the
// evidence of an acceptance beside it.
type lifeStep struct {
	Event    baa.Event       `json:"event"`
	Evidence *baa.Acceptance `json:"evidence,omitempty"`
}

func (*acceptance) play(ctx context.Context, s *stage) error {
	version, err := agreed(s.c)
	if err != nil {
		return err
	}
	life, err := baa.NewLifecycle(baa.LifecycleConfig{
		Versions: []baa.VersionTerms{version.Life(s.c.Dates.Offered)}, Zone: s.c.Zone.Location, Calendar: s.c.calendar(),
	})
	if err != nil {
		return err
	}
	p := &playedLife{s: s, life: life, version: version}
	offered, effective, terminated := s.c.Dates.Offered, s.c.Dates.Effective, s.c.Dates.Terminated
	quarter := effective.AddDays(terminated.Sub(effective) / 4)
	p.step(offered, 9, baa.Event{Kind: baa.Offered, By: baa.BusinessAssociateSide, Version: version.Hash()})
	p.step(offered, 9, baa.Event{Kind: baa.Signed, By: baa.BusinessAssociateSide, Version: version.Hash()})
	p.accept(ctx, offered, 10)
	p.tell(effective.AddDays(-1), 23)
	p.tell(effective, 0)
	p.step(quarter, 9, baa.Event{Kind: baa.BreachNotice, By: baa.CoveredEntitySide, Ref: "audit-trail-gap"})
	cured := quarter
	if d, ok := p.state.Deadline("cure"); ok { // in the middle of its time
		cured = quarter.AddDays(d.Through.Sub(quarter) / 2)
	}
	if cured.After(terminated) {
		cured = terminated
	}
	p.step(cured, 10, baa.Event{Kind: baa.Cured, By: baa.BusinessAssociateSide, Ref: "audit-trail-gap"})
	p.step(terminated, 17, baa.Event{Kind: baa.Terminated, By: baa.CoveredEntitySide, Cause: baa.MutualConsent})
	if p.err != nil {
		return p.err
	}
	if err := s.keep(lifeChain, p.state, func(events []logged) (any, error) { return replayLife(life, events, p.state) }); err != nil {
		return err
	}
	s.fact("version", version.Hash())
	s.fact("status", string(p.state.Status))
	s.fact("last_in_effect", terminated)
	if d, ok := p.state.Deadline("return"); ok {
		s.fact("return_through", d.Through)
	}
	if err := showTable(s, "The life of the agreement", p.rows); err != nil {
		return err
	}
	s.table(p.rows)
	return request(s, version, quarter)
}

// A playedLife plays the events of an agreement and keeps the first error.
type playedLife struct {
	s       *stage
	life    *baa.Lifecycle
	version baa.Version
	events  []baa.Event
	state   baa.State
	rows    [][]string
	err     error
}

func at(c *caseFile, d baakit.Date, hour int) time.Time {
	start, _ := d.In(c.Zone.Location)
	return start.Add(time.Duration(hour) * time.Hour)
}

// step checks an event, lets it happen once, and tells where it led.
func (p *playedLife) step(d baakit.Date, hour int, e baa.Event) {
	e.At = at(p.s.c, d, hour)
	p.append(string(e.Kind), func() (lifeStep, error) {
		recorded, err := p.life.Record(p.events, e)
		return lifeStep{Event: recorded}, err
	})
	p.tell(d, hour)
}

func (p *playedLife) append(kind string, make func() (lifeStep, error)) {
	if p.err != nil {
		return
	}
	var step lifeStep
	if step, p.err = record(p.s, lifeChain, "agreement."+kind, make); p.err == nil {
		p.events = append(p.events, step.Event)
	}
}

// tell asks for the state, and adds a row to the story.
func (p *playedLife) tell(d baakit.Date, hour int) {
	if p.err != nil {
		return
	}
	now := at(p.s.c, d, hour)
	if p.state, p.err = p.life.StateAt(p.events, now, now); p.err != nil {
		return
	}
	if p.rows == nil {
		p.rows = [][]string{{"when", "what happened", "status", "in force", "PHI", "next"}}
	}
	what := ""
	if n := len(p.events); n > 0 && p.events[n-1].At.Equal(now) {
		what = string(p.events[n-1].Kind)
	}
	next := ""
	if len(p.state.Deadlines) > 0 {
		next = p.state.Deadlines[0].ID + " " + p.state.Deadlines[0].Through.String()
	}
	yes := map[bool]string{true: "yes", false: "no"}
	p.rows = append(p.rows, []string{now.Format("2006-01-02 15:04"), what, string(p.state.Status), yes[p.state.InForce.Yes], yes[p.state.PHI.Yes], next})
}

// accept lets a person of the customer open the page of the vendor over HTTP,
// read it, tick and send. The time is the story's.
func (p *playedLife) accept(ctx context.Context, d baakit.Date, hour int) {
	p.append("accepted", func() (lifeStep, error) {
		evidence, err := clickThrough(ctx, p.s.c, baa.OfferOf("agreement-1", p.version), at(p.s.c, d, hour))
		if err != nil {
			return lifeStep{}, err
		}
		event, err := evidence.Event()
		if err != nil {
			return lifeStep{}, err
		}
		recorded, err := p.life.Record(p.events, event)
		redacted := evidence.Acceptance.Redacted()
		return lifeStep{recorded, &redacted}, err
	})
	p.tell(d, hour)
	if p.err == nil {
		assent := p.events[len(p.events)-1].Assent
		p.s.say("%s accepts the vendor's version over HTTP: evidence %s, record %s.", p.s.c.Customer.Name, assent.Strength, assent.EvidenceHash)
		p.s.say("")
		p.s.fact("evidence", string(assent.Strength))
	}
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// clickThrough mounts the handlers on a server of this machine, and is the
// person in front of it.
func clickThrough(ctx context.Context, c *caseFile, offer baa.OfferedVersion, now time.Time) (baa.Evidence, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return baa.Evidence{}, err
	}
	address := "http://" + listener.Addr().String()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return baa.Evidence{}, errors.Join(err, listener.Close())
	}
	kept := make(chan baa.Evidence, 1)
	click, err := baa.NewClickthrough(baa.ClickthroughConfig{
		Origin: address, Key: key, Zone: c.Zone.String(), Now: func() time.Time { return now },
		Offer: func(*http.Request) (baa.OfferedVersion, baa.Visitor, error) {
			return offer, baa.Visitor{Session: "session-1", LegalName: c.Customer.Name, Account: "account-1", Email: c.Customer.Notices, Authn: "password"}, nil
		},
		Deliver: func(context.Context, string, []byte) (time.Time, error) { return now, nil },
		Keep:    func(_ context.Context, e baa.Evidence, _ baa.Assessment) error { kept <- e; return nil },
	})
	if err != nil {
		return baa.Evidence{}, errors.Join(err, listener.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /agreement", click.Show())
	mux.Handle("POST /agreement", click.Accept())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) //nolint:errcheck // it ends when it is closed
	defer server.Close()

	shown, err := fetch(ctx, http.MethodGet, address, nil)
	if err != nil {
		return baa.Evidence{}, err
	}
	form := url.Values{"name": {"Robin Vale"}, "title": {"Practice manager"}, "authority": {"yes"}, "consent": {"yes"}, "accept": {"yes"}}
	for _, field := range hiddenField.FindAllStringSubmatch(shown, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	if _, err := fetch(ctx, http.MethodPost, address, form); err != nil {
		return baa.Evidence{}, err
	}
	return <-kept, nil
}

func fetch(ctx context.Context, method, address string, form url.Values) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, address+"/agreement", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", address)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, resp.Body); err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", method, resp.Status)
	}
	return body.String(), nil
}

// replayLife rebuilds the last state from the log alone.
func replayLife(life *baa.Lifecycle, logged []logged, last baa.State) (any, error) {
	var events []baa.Event
	for _, l := range logged {
		var step lifeStep
		if err := json.Unmarshal(l.Payload, &step); err != nil {
			return nil, err
		}
		events = append(events, step.Event)
	}
	return life.StateAt(events, last.Valid, last.Known)
}

// request is one of a patient that reached the vendor and is passed on.
func request(s *stage, version baa.Version, day baakit.Date) error {
	rights, err := baa.NewRights(version.Terms().Rights(), s.c.Zone.Location, s.c.calendar())
	if err != nil {
		return err
	}
	var events []baa.RightsEvent
	for i, e := range []baa.RightsEvent{
		{Kind: baa.RequestReceived, By: baa.BusinessAssociateSide, Right: baa.AccessRight},
		{Kind: baa.RequestForwarded, By: baa.BusinessAssociateSide},
	} {
		e.At = at(s.c, day, 11+i)
		recorded, err := record(s, requestChain, "request."+string(e.Kind), func() (baa.RightsEvent, error) { return rights.Record(events, e) })
		if err != nil {
			return err
		}
		events = append(events, recorded)
	}
	now := at(s.c, day, 12)
	state, err := rights.StateAt(events, now, now)
	if err != nil {
		return err
	}
	if err := s.keep(requestChain, state, func(logged []logged) (any, error) {
		var again []baa.RightsEvent
		for _, l := range logged {
			var e baa.RightsEvent
			if err := json.Unmarshal(l.Payload, &e); err != nil {
				return nil, err
			}
			again = append(again, e)
		}
		return rights.StateAt(again, now, now)
	}); err != nil {
		return err
	}
	s.say("")
	s.say("On %s a patient asks the vendor for access; an hour later the request is %s.", day, state.Status)
	for _, d := range state.Deadlines {
		s.say("  %s: through %s", d.ID, d.Through)
		s.fact("request_"+d.ID+"_through", d.Through)
	}
	s.say("  May the vendor answer? %v: %s.", state.Answer.Yes, state.Answer.Reasons[0].Says)
	s.fact("request", string(state.Status))
	s.fact("vendor_may_answer", state.Answer.Yes)
	return nil
}
