package main

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
)

// openAccess makes the middleware that puts every request for records into its
// customer's chain before the first byte of the answer. What it cannot log is
// answered with 503.
func (s *service) openAccess() (*audithttp.Middleware, error) {
	chain := func(r *http.Request) string {
		session, _ := s.sessions.of(r)
		return accessChain(session.tenant)
	}
	who := func(r *http.Request) (audit.Event, bool) {
		session, ok := s.sessions.of(r)
		return audit.Event{
			Actor: audit.Actor{ID: session.user.ID, Role: session.user.Role}, Purpose: []audit.Purpose{audit.Treatment}, Object: audit.Object{Type: "Patient"},
		}, ok
	}
	return audithttp.New(s.log, chain, who, nil)
}

// saw says whose record the answer shows. If that cannot be logged, the answer
// is withheld.
func saw(r *http.Request, patients ...string) bool {
	return audit.From(r.Context()).SetPatient(patients...) == nil
}

func accessChain(t tenantConfig) string { return "t/" + t.ID }

// An access is a row of the page.
type access struct {
	Seq                               uint64
	When, Who, What, Patient, Outcome string
}

func (s *service) listAccesses(w http.ResponseWriter, r *http.Request) {
	session, _ := s.sessions.of(r)
	var list []access
	for e, err := range s.log.Entries(r.Context(), accessChain(session.tenant), 0) {
		if err == nil {
			e, err = s.log.Open(r.Context(), e)
		}
		if err != nil {
			http.Error(w, "the log cannot be read", http.StatusServiceUnavailable)
			return
		}
		v := e.Event
		list = append(list, access{
			Seq: e.Seq, When: e.Time.In(s.conf.zone).Format("2006-01-02 15:04:05"), Who: v.Actor.ID + ", " + v.Actor.Role,
			What: string(v.Action) + " " + v.Request.Route, Patient: cmp.Or(v.Patient, "none"), Outcome: outcomes[v.Outcome],
		})
	}
	slices.Reverse(list)
	s.show(w, http.StatusOK, session, "Accesses", "accesses", list)
}

var outcomes = map[audit.Outcome]string{audit.Success: "done", audit.MinorFailure: "refused", audit.SeriousFailure: "refused", audit.MajorFailure: "failed"}

// proof sends what shows that an entry is in the log.
func (s *service) proof(w http.ResponseWriter, r *http.Request) {
	session, _ := s.sessions.of(r)
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	proof, err := s.log.Prove(r.Context(), accessChain(session.tenant), seq)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	text, err := proof.MarshalText()
	if err != nil {
		http.Error(w, "the proof could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	bytes.NewReader(text).WriteTo(w) //nolint:errcheck // the client is gone
}
