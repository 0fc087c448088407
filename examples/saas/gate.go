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
		reasons, err := s.closed(session.tenant)
		switch {
		case err != nil:
			http.Error(w, "it could not be determined whether PHI may flow", http.StatusServiceUnavailable)
		case len(reasons) > 0:
			s.show(w, http.StatusForbidden, session, "No PHI may flow", "closed", reasons)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// closed returns why a customer's PHI may not flow; nothing if it may.
func (s *service) closed(t tenantConfig) ([]baakit.Reason, error) {
	state, err := s.agreements[t.ID].state(s.now())
	if err != nil {
		return nil, err
	}
	if !state.PHI.Yes {
		return state.PHI.Reasons, nil
	}
	decision, err := s.vendors.gate(t.ID)
	if err != nil || decision.Yes() {
		return nil, err
	}
	return decision.Reasons(), nil
}
