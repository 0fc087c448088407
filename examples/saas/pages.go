package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/breach"
)

//go:embed pages.html
var pagesHTML string

//go:embed pages.css
var pagesCSS string

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"words": func(status any) string { return strings.ReplaceAll(fmt.Sprint(status), "_", " ") },
}).Parse(pagesHTML))

// policy lets a page show itself and send its forms home, and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(pagesCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// show writes a page: its part by name, filled with data, in the common frame.
func (s *service) show(w http.ResponseWriter, status int, session session, title, part string, data any) {
	var body, page bytes.Buffer
	err := pages.ExecuteTemplate(&body, part, data)
	if err == nil {
		err = pages.ExecuteTemplate(&page, "frame", struct {
			Title, Vendor, Customer, Role string
			SignedIn, Manager, Reads      bool
			CSS                           template.CSS
			Body                          template.HTML
		}{
			title, s.conf.Vendor.LegalName, session.tenant.LegalName, session.user.Role,
			session.number != "", session.number != "" && s.isManager(session), session.number != "" && s.ofCustomer(session), template.CSS(pagesCSS), template.HTML(body.String()),
		})
	}
	if err != nil {
		http.Error(w, "the page could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.WriteHeader(status)
	w.Write(page.Bytes()) //nolint:errcheck // the client is gone
}

// home is the page to sign in on, or where everything starts from.
func (s *service) home(w http.ResponseWriter, r *http.Request) {
	session, ok := s.sessions.of(r)
	switch {
	case !ok:
		s.show(w, http.StatusOK, session, "Sign in", "login", false)
	case s.staff(session):
		s.show(w, http.StatusOK, session, "Customers", "staff", s.overview(s.conf.Tenants...))
	default:
		s.show(w, http.StatusOK, session, session.tenant.LegalName, "home", s.overview(session.tenant)[0])
	}
}

// An overview is what the service knows of a customer.
type overview struct {
	tenantConfig
	Agreement baa.State
	Label     string
	Open      bool // PHI may flow
	Incidents []breach.Incident
}

func (s *service) overview(tenants ...tenantConfig) []overview {
	list := make([]overview, len(tenants))
	for i, t := range tenants {
		state, err := s.agreements[t.ID].state(s.now())
		open, _, gate := s.mayFlow(t)
		list[i] = overview{
			tenantConfig: t, Agreement: state, Label: s.agreements[t.ID].version.Label().String(),
			Open: err == nil && gate == nil && open, Incidents: s.incidents[t.ID].last(),
		}
	}
	return list
}

func (s *service) login(w http.ResponseWriter, r *http.Request) {
	tenants := append([]tenantConfig{s.conf.Vendor}, s.conf.Tenants...)
	if s.sessions.begin(w, tenants, r.PostFormValue("key")) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.show(w, http.StatusForbidden, session{}, "Sign in", "login", true)
}

func (s *service) logout(w http.ResponseWriter, r *http.Request) {
	s.sessions.end(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
