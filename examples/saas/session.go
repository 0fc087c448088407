package main

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"sync"
)

// sessions are who is signed in. They are forgotten when the service ends.
type sessions struct {
	mu   sync.Mutex
	open map[string]session
}

type session struct {
	number string
	tenant tenantConfig
	user   user
}

const cookie = "session"

// of returns the session of a request.
func (s *sessions) of(r *http.Request) (session, bool) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.open[c.Value]
	return found, ok
}

// begin signs in whoever has the key, and reports whether anybody does.
func (s *sessions) begin(w http.ResponseWriter, tenants []tenantConfig, key string) bool {
	var found session
	for _, t := range tenants { // all of them, so that the time tells nothing
		for _, u := range t.Users {
			if subtle.ConstantTimeCompare([]byte(u.Key), []byte(key)) == 1 {
				found = session{rand.Text(), t, u}
			}
		}
	}
	if found.number == "" {
		return false
	}
	s.mu.Lock()
	s.open[found.number] = found
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: found.number, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return true
}

func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	if found, ok := s.of(r); ok {
		s.mu.Lock()
		delete(s.open, found.number)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}
