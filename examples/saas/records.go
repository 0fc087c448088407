package main

import "net/http"

// A service in production has its records in a database. Here they are those
// of the configuration.

func (s *service) listPatients(w http.ResponseWriter, r *http.Request) {
	session, _ := s.sessions.of(r)
	var ids []string
	for _, p := range session.tenant.Patients {
		ids = append(ids, p.ID)
	}
	if saw(r, ids...) { // an entry for each patient that the page names
		s.show(w, http.StatusOK, session, "Patients", "patients", session.tenant.Patients)
	}
}

func (s *service) showPatient(w http.ResponseWriter, r *http.Request) {
	session, _ := s.sessions.of(r)
	for _, p := range session.tenant.Patients {
		if p.ID == r.PathValue("id") {
			if saw(r, p.ID) {
				s.show(w, http.StatusOK, session, "Record", "patient", p)
			}
			return
		}
	}
	http.NotFound(w, r) // another customer's patient is not there
}
