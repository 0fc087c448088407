package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/audithttp"
	"github.com/baakit/baakit/audit/auditkeys"
)

// A service holds everything together.
type service struct {
	conf *config
	base string
	now  func() time.Time
	keys keys

	ring   *auditkeys.Ring
	store  *auditfile.Store
	log    *audit.Log
	access *audithttp.Middleware

	sessions   sessions
	agreements map[string]*agreement
	incidents  map[string]*incidents
	vendors    *vendors
	exports    *exports
	exporting  sync.Mutex
}

// open opens what the folder holds, or begins it.
func open(ctx context.Context, conf *config, dir, base string, now func() time.Time) (_ *service, err error) {
	s := &service{
		conf: conf, base: base, now: now, sessions: sessions{open: make(map[string]session)},
		agreements: make(map[string]*agreement), incidents: make(map[string]*incidents),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.keys, err = openKeys(filepath.Join(dir, "keys")); err != nil {
		return nil, err
	}
	if s.ring, err = auditkeys.OpenRing(filepath.Join(dir, "ring"), auditkeys.MasterKey(s.keys.ring), nil); err != nil {
		return nil, err
	}
	sealer, err := auditkeys.New(s.ring, auditkeys.ByPrefix("t/", "org"), &auditkeys.Options{Mode: auditkeys.Stored})
	if err != nil {
		return nil, err
	}
	if s.store, err = auditfile.Open(filepath.Join(dir, "log"), nil); err != nil {
		return nil, err
	}
	s.log, err = audit.New(ctx, s.store, audit.Config{
		Origin: "audit." + conf.Vendor.ID + ".example", Sealer: sealer, Signer: s.keys.signer,
		Publisher: audit.Folder(filepath.Join(dir, "checkpoints")), Now: now,
	})
	if err != nil {
		return nil, err
	}
	if s.access, err = s.openAccess(); err != nil {
		return nil, err
	}
	if s.exports, err = openExports(dir, s.keys.vault); err != nil {
		return nil, err
	}
	if s.vendors, err = s.openVendors(ctx); err != nil {
		return nil, err
	}
	for _, t := range conf.Tenants {
		if s.agreements[t.ID], err = s.agree(ctx, t); err != nil {
			return nil, err
		}
		if err = s.resume(ctx, t); err != nil {
			return nil, err
		}
		if s.incidents[t.ID], err = s.openIncidents(ctx, t); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// close ends the log with a last checkpoint.
func (s *service) close() error {
	var errs []error
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if s.log != nil {
		errs = append(errs, s.log.Close(ctx))
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.ring != nil {
		errs = append(errs, s.ring.Close())
	}
	if s.exports != nil {
		errs = append(errs, s.exports.vault.Close())
	}
	return errors.Join(errs...)
}

// handler is every page of the service.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.Handle("/subprocessors/", s.vendors) // for everybody

	customer := func(h http.HandlerFunc) http.Handler { return s.signedIn(s.ofCustomer, h) }
	managers := func(h http.HandlerFunc) http.Handler { return s.signedIn(s.isManager, h) }
	mux.Handle("GET /agreement", managers(func(w http.ResponseWriter, r *http.Request) { s.agreementOf(r).click.Show().ServeHTTP(w, r) }))
	mux.Handle("POST /agreement", managers(func(w http.ResponseWriter, r *http.Request) { s.agreementOf(r).click.Accept().ServeHTTP(w, r) }))

	phi := func(h http.HandlerFunc) http.HandlerFunc { return s.access.Handler(s.gated(h)).ServeHTTP }
	mux.Handle("GET /patients", customer(phi(s.listPatients)))
	mux.Handle("GET /patients/{id}", customer(phi(s.showPatient)))
	mux.Handle("GET /export", managers(phi(s.export)))

	mux.Handle("GET /accesses", managers(s.listAccesses))
	mux.Handle("GET /accesses/{seq}/proof", managers(s.proof))

	mux.Handle("POST /incidents", s.signedIn(s.staff, s.putIncident))
	mux.Handle("GET /customers/{customer}/incidents/{id}", s.signedIn(s.mayKnow, s.showIncident))
	mux.Handle("GET /customers/{customer}/incidents/{id}/timeline.svg", s.signedIn(s.mayKnow, s.incidentPicture))
	mux.Handle("GET /customers/{customer}/incidents/{id}/timeline.html", s.signedIn(s.mayKnow, s.incidentPage))
	mux.Handle("GET /customers/{customer}/incidents/{id}/deadlines.ics", s.signedIn(s.mayKnow, s.incidentCalendar))
	return http.NewCrossOriginProtection().Handler(hardened(mux))
}

// hardened sends the headers that every page of such a service sends.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// signedIn lets in those who are signed in and allowed.
func (s *service) signedIn(allowed func(session) bool, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, ok := s.sessions.of(r)
		switch {
		case !ok:
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case !allowed(session):
			http.Error(w, "your role does not allow this", http.StatusForbidden)
		default:
			next(w, r)
		}
	})
}

func (s *service) staff(x session) bool      { return x.tenant.ID == s.conf.Vendor.ID }
func (s *service) ofCustomer(x session) bool { return !s.staff(x) }
func (s *service) isManager(x session) bool  { return !s.staff(x) && x.user.Role == manager }
func (s *service) mayKnow(x session) bool    { return s.staff(x) || s.isManager(x) }

func (s *service) tenant(id string) (tenantConfig, bool) {
	for _, t := range s.conf.Tenants {
		if t.ID == id {
			return t, true
		}
	}
	return tenantConfig{}, false
}

func (s *service) agreementOf(r *http.Request) *agreement {
	session, _ := s.sessions.of(r)
	return s.agreements[session.tenant.ID]
}

// keys are kept in a folder of their own. In production they are with a key
// management service, and never on the disk of the log.
type keys struct {
	signer             *audit.Signer
	forms, vault, ring []byte
}

func openKeys(dir string) (k keys, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return k, err
	}
	der, err := keep(filepath.Join(dir, "checkpoints.der"), func() ([]byte, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return x509.MarshalECPrivateKey(key)
	})
	if err != nil {
		return k, err
	}
	key, err := x509.ParseECPrivateKey(der)
	if err != nil {
		return k, fmt.Errorf("keys/checkpoints.der: %w", err)
	}
	if k.signer, err = audit.NewSigner(key); err != nil {
		return k, err
	}
	random := func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return b, err
	}
	for name, to := range map[string]*[]byte{"forms": &k.forms, "vault": &k.vault, "ring": &k.ring} {
		if *to, err = keep(filepath.Join(dir, name+".key"), random); err != nil {
			return k, err
		}
	}
	return k, nil
}

// keep reads a file, or makes it whole.
func keep(name string, create func() ([]byte, error)) ([]byte, error) {
	data, err := os.ReadFile(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	if data, err = create(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(name+".new", data, 0o600); err != nil {
		return nil, err
	}
	return data, os.Rename(name+".new", name)
}
