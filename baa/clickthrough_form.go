package baa

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"
)

// A formState is what a visitor filled in, and what is wrong with it.
type formState struct {
	token, version, manifestation string
	Name, Title                   string
	Accept, Authority, Consent    bool
	problems                      []problem
}

// A problem is one thing that is wrong, at a field or at the whole form.
type problem struct{ Field, Says string }

// again is the form to be filled in for another version: names stay, ticks
// do not.
func (f formState) again() formState {
	return formState{Name: f.Name, Title: f.Title, problems: f.problems}
}

// At returns what is wrong with a field, or "".
func (f formState) At(field string) string {
	for _, p := range f.problems {
		if p.Field == field {
			return p.Says
		}
	}
	return ""
}

// Problems returns all of them in the order of the form.
func (f formState) Problems() []problem { return f.problems }

// check notes every wrong field.
func (f *formState) check() {
	text := func(field, value, missing string) {
		switch {
		case value == "":
			f.problems = append(f.problems, problem{field, missing})
		case !isText(value, 200):
			f.problems = append(f.problems, problem{field, "Use at most 200 characters, on one line."})
		}
	}
	tick := func(field string, ticked bool, missing string) {
		if !ticked {
			f.problems = append(f.problems, problem{field, missing})
		}
	}
	text("name", f.Name, "Enter your full name.")
	text("title", f.Title, "Enter your title or role.")
	tick("authority", f.Authority, "Tick that you may bind the organization. If you may not, ask somebody who may.")
	tick("consent", f.Consent, "Tick that you agree to do this electronically.")
	tick("accept", f.Accept, "Tick that you accept the agreement.")
}

// readForm reads the fields, each given at most once; a status other than 0
// says why it could not.
func readForm(w http.ResponseWriter, r *http.Request) (formState, int) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return formState{}, http.StatusUnsupportedMediaType
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxForm)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return formState{}, http.StatusRequestEntityTooLarge
		}
		return formState{}, http.StatusBadRequest
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return formState{}, http.StatusBadRequest
		}
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	ticked := func(name string) bool { return r.PostForm.Get(name) == "yes" }
	return formState{
		token: get("token"), version: get("version"), manifestation: get("manifestation"), Name: get("name"), Title: get("title"),
		Accept: ticked("accept"), Authority: ticked("authority"), Consent: ticked("consent"),
	}, 0
}

// sameOrigin reports whether the browser says that the form comes from this
// service. Browsers send Origin with every POST, and newer ones
// Sec-Fetch-Site; a form with neither is not from a browser that a visitor
// should use, and is refused too.
func (c *Clickthrough) sameOrigin(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	if site != "" && site != "same-origin" {
		return false
	}
	return origin == c.c.Origin || origin == "" && site == "same-origin"
}

// A formToken says which form was shown when, and proves that this service
// showed it in the session.
type formToken struct {
	number string
	issued time.Time
}

// seal makes the token of a form that is shown now.
func (c *Clickthrough) seal(session, version, manifestation string) (string, error) {
	head := make([]byte, 16, 24)
	if _, err := io.ReadFull(c.c.Rand, head); err != nil {
		return "", err
	}
	head = binary.BigEndian.AppendUint64(head, uint64(c.c.Now().UnixNano()))
	return base64.RawURLEncoding.EncodeToString(append(head, c.mac(head, session, version, manifestation)...)), nil
}

// open reads a token and reports whether it is one of this service for the
// session and the version.
func (c *Clickthrough) open(token, session, version, manifestation string) (formToken, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 24+sha256.Size || !hmac.Equal(raw[24:], c.mac(raw[:24], session, version, manifestation)) {
		return formToken{}, false
	}
	issued := time.Unix(0, int64(binary.BigEndian.Uint64(raw[16:24]))).UTC()
	return formToken{hex.EncodeToString(raw[:16]), issued}, true
}

func (c *Clickthrough) mac(head []byte, session, version, manifestation string) []byte {
	m := hmac.New(sha256.New, c.c.Key)
	fmt.Fprintf(m, "baakit.baa.form/1\n%x\n%q\n%q\n%q\n", head, session, version, manifestation)
	return m.Sum(nil)
}

// spent remembers the numbers of the forms that were sent, as long as they
// could be sent again.
type spent struct {
	life time.Duration
	now  func() time.Time

	mu    sync.Mutex
	until map[string]time.Time
	swept time.Time
}

func (s *spent) spend(_ context.Context, number string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.swept) > s.life {
		for n, until := range s.until {
			if now.After(until) {
				delete(s.until, n)
			}
		}
		s.swept = now
	}
	if _, ok := s.until[number]; ok {
		return false, nil
	}
	s.until[number] = now.Add(2 * s.life)
	return true, nil
}

func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// printing returns at most n characters of s without those that do not print.
func printing(s string, n int) string {
	out := make([]rune, 0, min(len(s), n))
	for _, r := range s {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar && len(out) < n {
			out = append(out, r)
		}
	}
	return strings.TrimSpace(string(out))
}
