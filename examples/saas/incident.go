package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"sync"

	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/breach"
)

// incidents are those of one customer: each version of each, in the order in
// which it became known.
type incidents struct {
	mu     sync.Mutex
	ledger *ledger[breach.Incident]
}

func (s *service) openIncidents(ctx context.Context, t tenantConfig) (*incidents, error) {
	l, err := load[breach.Incident](ctx, s.log, "org/"+t.ID+"/incidents")
	return &incidents{ledger: l}, err
}

// last returns the newest version of every incident, in the order in which
// they first became known.
func (i *incidents) last() []breach.Incident {
	i.mu.Lock()
	defer i.mu.Unlock()
	var list []breach.Incident
	place := map[string]int{}
	for _, in := range i.ledger.events {
		if at, known := place[in.ID]; known {
			list[at] = in
			continue
		}
		place[in.ID] = len(list)
		list = append(list, in)
	}
	return list
}

// contract is what the agreement asks of the vendor's reports: facts of one
// package, as plain values for another.
func contract(v baa.Version) *breach.Contract {
	terms := v.Terms()
	return &breach.Contract{Clocks: []breach.ContractClock{{Of: breach.OfBreach, Within: terms.BreachReport}}}
}

var incidentID = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)

// putIncident takes from the vendor's security officer the facts of an incident
// as JSON, as they are known by now.
func (s *service) putIncident(w http.ResponseWriter, r *http.Request) {
	session, _ := s.sessions.of(r)
	t, ok := s.tenant(r.FormValue("tenant"))
	if !ok {
		http.Error(w, "tenant: is not a customer", http.StatusUnprocessableEntity)
		return
	}
	in, err := breach.ParseIncident([]byte(r.FormValue("facts")))
	if err == nil && !incidentID.MatchString(in.ID) {
		err = errors.New("id: must be of letters, digits and hyphens")
	}
	if err != nil { // it names fields and rules, never values
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	for n := range in.Parties {
		if in.Parties[n].Role == breach.BusinessAssociate && in.Parties[n].Contract == nil {
			in.Parties[n].Contract = contract(s.agreements[t.ID].version)
		}
	}
	if _, err := s.timeline(in); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	list := s.incidents[t.ID]
	list.mu.Lock()
	err = list.ledger.append(r.Context(), "breach.incident", session.user.ID, in)
	list.mu.Unlock()
	if err != nil {
		http.Error(w, "the incident could not be kept", http.StatusServiceUnavailable)
		return
	}
	http.Redirect(w, r, "/customers/"+t.ID+"/incidents/"+in.ID, http.StatusSeeOther)
}

func (s *service) timeline(in breach.Incident) (breach.Timeline, error) {
	return breach.NewTimeline(in, nil)
}

// find returns the timeline of the incident that the path names.
func (s *service) find(w http.ResponseWriter, r *http.Request) (breach.Timeline, bool) {
	session, _ := s.sessions.of(r)
	t, ok := s.tenant(r.PathValue("customer"))
	if !ok || session.tenant.ID != t.ID && !s.staff(session) { // another customer's is not there
		http.NotFound(w, r)
		return breach.Timeline{}, false
	}
	for _, in := range s.incidents[t.ID].last() {
		if in.ID == r.PathValue("id") {
			t, err := s.timeline(in)
			if err != nil {
				http.Error(w, "the timeline could not be computed", http.StatusInternalServerError)
				return t, false
			}
			return t, true
		}
	}
	http.NotFound(w, r)
	return breach.Timeline{}, false
}

func (s *service) showIncident(w http.ResponseWriter, r *http.Request) {
	session, _ := s.sessions.of(r)
	if t, ok := s.find(w, r); ok {
		s.show(w, http.StatusOK, session, "Incident "+t.Incident.ID, "incident", struct {
			breach.Timeline
			Path string
		}{t, r.URL.EscapedPath()})
	}
}

// incidentPicture is an image of its own, since the policy of a page keeps out
// the styles that a picture brings along.
func (s *service) incidentPicture(w http.ResponseWriter, r *http.Request) {
	if t, ok := s.find(w, r); ok {
		w.Header().Set("Content-Type", "image/svg+xml")
		io.WriteString(w, t.SVG()) //nolint:errcheck // the client is gone
	}
}

// incidentPage is the whole timeline as the library renders it, to be printed.
func (s *service) incidentPage(w http.ResponseWriter, r *http.Request) {
	if t, ok := s.find(w, r); ok {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, t.HTML()) //nolint:errcheck // the client is gone
	}
}

func (s *service) incidentCalendar(w http.ResponseWriter, r *http.Request) {
	t, ok := s.find(w, r)
	if !ok {
		return
	}
	data, err := t.ICalendar(nil)
	if err != nil {
		http.Error(w, "the calendar could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Write(data) //nolint:errcheck // the client is gone
}
