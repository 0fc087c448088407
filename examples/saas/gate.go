package main

import (
	"net/http"

	"github.com/baakit/baakit"
)

// gated lets a request through if the customer's PHI may flow: its agreement
// says so, and so does the vendor list of the vendor that everything passes.
// Otherwise the answer says why not. Whatever cannot be determined is a no.
func (s *service) gated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, _ := s.sessions.of(r)
		open, reasons, err := s.mayFlow(session.tenant)
		switch {
		case err != nil:
			http.Error(w, "it could not be determined whether PHI may flow", http.StatusServiceUnavailable)
		case !open:
			s.show(w, http.StatusForbidden, session, "No PHI may flow", "closed", reasons)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// mayFlow returns whether a customer's PHI may flow, and why not.
func (s *service) mayFlow(t tenantConfig) (bool, []baakit.Reason, error) {
	state, err := s.agreements[t.ID].state(s.now())
	if err != nil || !state.PHI.Yes {
		return false, state.PHI.Reasons, err
	}
	decision, err := s.vendors.gate(t.ID)
	if err != nil || !decision.Yes() {
		return false, decision.Reasons(), err
	}
	return true, nil, nil
}
