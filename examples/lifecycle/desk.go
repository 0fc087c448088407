package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
)

// A desk is the vendor's service with its records, on a real server, and the
// people in front of it. Who somebody is comes from basic authentication,
// whose password this story does not look at.
type desk struct {
	address  string
	close    func() error
	patients []patient
}

// careTeam are the patients, by their place, whom somebody cares for.
func careTeam(user string, place int) bool {
	return user == "doctor-3" || user == "nurse-7" && place < 2
}

// openDesk starts the service over a log.
func openDesk(ctx context.Context, log *audit.Log, patients []patient) (*desk, error) {
	d := &desk{patients: patients}
	audited, err := audithttp.New(log, func(*http.Request) string { return accessChain }, func(r *http.Request) (audit.Event, bool) {
		user, _, _ := r.BasicAuth()
		role := "nurse"
		if user == "doctor-3" {
			role = "physician"
		}
		return audit.Event{Actor: audit.Actor{ID: user, Role: role}, Purpose: []audit.Purpose{audit.Treatment}, Object: audit.Object{Type: "Patient"}}, true
	}, nil)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /patients/{id}", d.patient)
	d.address, d.close, err = loopback(ctx, func(string) (http.Handler, error) { return audited.Handler(mux), nil })
	return d, err
}

// patient shows a record to its care team, and to whoever breaks the glass.
func (d *desk) patient(w http.ResponseWriter, r *http.Request) {
	scope := audit.From(r.Context())
	id := r.PathValue("id")
	place := slices.IndexFunc(d.patients, func(p patient) bool { return p.id == id })
	if place < 0 {
		http.NotFound(w, r)
		return
	}
	if err := scope.SetPatient(id); err != nil {
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	user, _, _ := r.BasicAuth()
	if !careTeam(user, place) {
		reason := r.FormValue("break_glass")
		if reason == "" {
			http.Error(w, "not of the care team", http.StatusForbidden)
			return
		}
		err := scope.Update(func(e *audit.Event) {
			e.Emergency, e.Purpose, e.Reason = true, []audit.Purpose{audit.BreakGlass}, reason
		})
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(d.patients[place].record) // a client that went away is in the log
}

// read is the step in which somebody asks for a record over HTTP.
func (d *desk) read(user string, p patient, query url.Values, want int) func(context.Context, time.Time) error {
	return func(ctx context.Context, _ time.Time) error {
		address := d.address + "/patients/" + url.PathEscape(p.id)
		if query != nil {
			address += "?" + query.Encode()
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		r.SetBasicAuth(user, "demonstration")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != want {
			err = fmt.Errorf("%s, want %d", resp.Status, want)
		}
		return err
	}
}
