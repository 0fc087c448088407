package baa

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// ErrNoOffer is what [ClickthroughConfig.Offer] returns where there is
// nothing for the visitor to accept; the page is then a 404.
var ErrNoOffer = errors.New("baa: nothing to accept")

// MaxForm is the most bytes that a form of a [Clickthrough] may have.
const MaxForm = 64 << 10

// An OfferedVersion is what a [Clickthrough] shows: one sealed version, as
// the visitor is to read it. Body is trusted HTML, such as a rendering of the
// version; its bytes are what the record's manifestation hash is of.
type OfferedVersion struct {
	AgreementID string
	VersionHash string
	Label       string
	Title       string
	Vendor      string
	Body        template.HTML
}

// A Visitor is who has the page open, as the service that mounts it knows
// from its own session. Session is a secret of that session, or a value bound
// to it; it must not be empty, and it ties the form to the session. The other
// fields may be, at a price in evidence.
type Visitor struct {
	Session     string
	LegalName   string // of the party that is to be bound
	Side        Side   // zero: CoveredEntitySide
	Account     string
	Email       string
	Authn       string // how it signed in
	AuthnFactor int
	Locale      string
}

// ClickthroughConfig is what [NewClickthrough] makes a Clickthrough of.
type ClickthroughConfig struct {
	// Origin is that of the service, as in https://app.example; a form that a
	// browser sends from another one is refused. Required.
	Origin string
	// Key authenticates the forms: at least 32 random bytes, the same on all
	// servers of the service. Required.
	Key []byte

	// Offer returns the version that the request's visitor is to accept, and
	// the visitor: nothing of either comes from the form. Required.
	Offer func(r *http.Request) (OfferedVersion, Visitor, error)
	// Keep gets the evidence of an acceptance and its grade, and returns once
	// both are safe. On an error nothing is accepted. Required.
	Keep func(ctx context.Context, e Evidence, graded Assessment) error
	// Deliver sends the visitor a copy of exactly these bytes, before Keep,
	// and returns when it was sent. Nil, or an error: there is no copy, and
	// the grade says so.
	Deliver func(ctx context.Context, to string, copied []byte) (time.Time, error)
	// Spend marks the number of a form as used and reports whether it was
	// fresh. Several servers need one that they share; nil: a memory of this
	// Clickthrough, which forgets with the process. A form that outlives a
	// restart within FormLife could be sent twice, so it would be kept twice.
	Spend func(ctx context.Context, number string) (fresh bool, err error)

	// Done is the path to go to after the acceptance; empty: a page that says
	// so.
	Done string
	// FormLife is how long a form can be sent after it was shown; zero: one
	// hour.
	FormLife time.Duration
	// Zone is the name of the agreement's zone, for the record.
	Zone string
	// AuthorityText and ConsentText are the words to tick; empty: [Authority]
	// of the visitor's legal name, and [Consent].
	AuthorityText, ConsentText string
	// ClientIP returns the address that the request came from; nil: that of
	// the connection, since headers can be forged.
	ClientIP func(r *http.Request) string

	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // nil: crypto/rand
}

// Authority returns the words in which somebody states to be allowed to bind
// a party.
func Authority(legalName string) string {
	return "I am authorized to accept this agreement for " + cmp.Or(legalName, "my organization") + " and to bind it."
}

// Consent returns the words in which somebody agrees to contract
// electronically (15 U.S.C. 7001).
func Consent() string {
	return "I agree to conclude this agreement electronically. I can open, print and save this page, and I can ask for a copy on paper."
}

// A Clickthrough is a pair of handlers that show an agreement and take its
// acceptance: [Clickthrough.Show] for GET and [Clickthrough.Accept] for POST
// on one path. The page needs no JavaScript, can be worked with the keyboard
// and read with a screen reader, loads nothing, and is shown on no one else's
// page.
//
// What it refuses: a form of another origin or session, one that is too old
// or was sent already, one that shows another version than the one that is on
// offer now, one without the ticks, and texts that are too long. A refused
// form shows the page again with what is wrong, and nothing is kept.
//
// A Clickthrough is safe for concurrent use. The zero Clickthrough is of no
// use; make one with [NewClickthrough].
type Clickthrough struct {
	c     ClickthroughConfig
	spend func(ctx context.Context, number string) (bool, error)
}

// NewClickthrough checks c and returns its handlers. The error is a
// [baakit.FieldErrors] in field order.
func NewClickthrough(c ClickthroughConfig) (*Clickthrough, error) {
	var errs baakit.FieldErrors
	if u, err := url.Parse(c.Origin); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || c.Origin != u.Scheme+"://"+u.Host {
		errs.Add("origin", "must be a scheme and a host, as in https://app.example")
	}
	if len(c.Key) < 32 {
		errs.Add("key", "must have at least 32 bytes")
	}
	if c.Offer == nil {
		errs.Add("offer", "is required")
	}
	if c.Keep == nil {
		errs.Add("keep", "is required")
	}
	if c.Done != "" && (c.Done[0] != '/' || len(c.Done) > 1 && (c.Done[1] == '/' || c.Done[1] == '\\')) {
		errs.Add("done", "must be a path of the service")
	}
	if c.FormLife < 0 {
		errs.Add("form_life", "must not be negative")
	}
	if c.Zone != "" && !isText(c.Zone, 200) {
		errs.Add("zone", "must be the name of a time zone")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	c.Key = append([]byte(nil), c.Key...)
	c.FormLife = cmp.Or(c.FormLife, time.Hour)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.ClientIP == nil {
		c.ClientIP = remoteIP
	}
	h := &Clickthrough{c: c, spend: c.Spend}
	if h.spend == nil {
		h.spend = (&spent{life: c.FormLife, now: c.Now, until: make(map[string]time.Time)}).spend
	}
	return h, nil
}

// Show returns the handler of GET and HEAD: the version and its form.
func (c *Clickthrough) Show() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			c.stop(w, http.StatusMethodNotAllowed, "This page can only be read.")
			return
		}
		v, who, ok := c.offer(w, r)
		if ok {
			c.form(w, http.StatusOK, v, who, formState{})
		}
	})
}

// Accept returns the handler of POST: it takes the acceptance.
//
// It answers 200 with a confirmation or 303 to Done; 422 if ticks or names
// are missing or too long; 409 if the version is not the one on offer any
// more or the form was sent before; 403 if the form is not of this origin and
// session; 410 if it is too old; 413 if it is too large, 415 if it is no
// form, 405 for any method but POST; 404 if nothing is on offer; 500 if the
// evidence could not be kept.
func (c *Clickthrough) Accept() http.Handler {
	return http.HandlerFunc(c.accept)
}

func (c *Clickthrough) accept(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		c.stop(w, http.StatusMethodNotAllowed, "Use the form to accept.")
		return
	}
	if !c.sameOrigin(r) {
		c.stop(w, http.StatusForbidden, "This form was not sent from our own page. Nothing was accepted.")
		return
	}
	f, status := readForm(w, r)
	if status != 0 {
		c.stop(w, status, "This form could not be read. Nothing was accepted.")
		return
	}
	v, who, ok := c.offer(w, r)
	if !ok {
		return
	}
	t, ok := c.open(f.token, who.Session, f.version, f.manifestation)
	now := c.c.Now().UTC()
	switch {
	case !ok:
		c.stop(w, http.StatusForbidden, "This form does not belong to your session. Nothing was accepted. Open the page again.")
		return
	case now.Sub(t.issued) > c.c.FormLife || t.issued.After(now):
		f.problems = append(f.problems, problem{"", "The page was open for too long. Please read it again and accept it then."})
		c.form(w, http.StatusGone, v, who, f.again())
		return
	case f.version != v.VersionHash || f.manifestation != HashText(string(v.Body)):
		f.problems = append(f.problems, problem{"", "The agreement has changed since you opened the page. Please read the new version below. Nothing was accepted."})
		c.form(w, http.StatusConflict, v, who, f.again())
		return
	}
	if f.check(); len(f.problems) > 0 {
		c.form(w, http.StatusUnprocessableEntity, v, who, f)
		return
	}
	fresh, err := c.spend(r.Context(), t.number)
	if err != nil {
		c.fail(w)
		return
	}
	if !fresh {
		c.stop(w, http.StatusConflict, "This form was sent before. What you accepted then stands; nothing was accepted a second time.")
		return
	}
	e, graded, err := c.evidence(r, v, who, Clickwrap, now, t.issued, &f)
	if err == nil {
		err = c.c.Keep(r.Context(), e, graded)
	}
	if err != nil {
		c.fail(w)
		return
	}
	if c.c.Done != "" {
		headers(w, "")
		http.Redirect(w, r, c.c.Done, http.StatusSeeOther)
		return
	}
	c.thanks(w, v, who, e)
}

// ContinuedUse records that the visitor went on using the service after a
// notice of the version was shown at noticed: acceptance without an act, a
// method of its own that is never graded better than Weak. It is for the
// service to call where an agreement provides for it; no page of this package
// does. The evidence goes to Keep. The error is that of Offer or Keep, or a
// [baakit.FieldErrors].
func (c *Clickthrough) ContinuedUse(r *http.Request, noticed time.Time) (Evidence, Assessment, error) {
	v, who, err := c.c.Offer(r)
	if err != nil {
		return Evidence{}, Assessment{}, err
	}
	e, graded, err := c.evidence(r, v, who, ContinuedUse, c.c.Now().UTC(), noticed, nil)
	if err != nil {
		return Evidence{}, Assessment{}, err
	}
	if err := c.c.Keep(r.Context(), e, graded); err != nil {
		return Evidence{}, Assessment{}, err
	}
	return e, graded, nil
}

// evidence makes the record and grades it. A nil form is continued use.
func (c *Clickthrough) evidence(r *http.Request, v OfferedVersion, who Visitor, m AcceptanceMethod, now, shown time.Time, f *formState) (Evidence, Assessment, error) {
	var failed error
	personal := func(value string) Personal {
		salt := make([]byte, 16)
		if _, err := io.ReadFull(c.c.Rand, salt); err != nil {
			failed = err
		}
		return NewPersonal(printing(value, 500), hex.EncodeToString(salt))
	}
	manifestation := HashText(string(v.Body))
	a := Acceptance{
		Schema: AcceptanceSchema, AgreementID: v.AgreementID, VersionHash: v.VersionHash, ManifestationHash: manifestation, Label: v.Label,
		Party:     AcceptingParty{who.LegalName, cmp.Or(who.Side, CoveredEntitySide)},
		Signer:    Signer{Email: personal(who.Email), Account: personal(who.Account)},
		Method:    m,
		Presented: Presentation{Surface: "web page", DisplayedAt: utc(shown), Locale: who.Locale, TextHash: manifestation},
		At:        now, Zone: c.c.Zone, Clock: ServerClock,
		Source: Source{
			IP: personal(c.c.ClientIP(r)), UserAgent: personal(r.UserAgent()), Session: HashText(who.Session),
			Authn: who.Authn, AuthnFactor: who.AuthnFactor,
		},
	}
	e := Evidence{VersionHash: v.VersionHash, Shown: []byte(v.Body)}
	if f != nil {
		e.AuthorityText, e.ConsentText = c.words(who)
		a.Signer.Name, a.Signer.Title = f.Name, f.Title
		a.Authority = AuthorityStatement{HashText(e.AuthorityText), true}
		a.ConsentHash = HashText(e.ConsentText)
		a.Act = AssentAct{CallToAction: acceptWords(v) + " " + buttonWords, Control: "checkbox and button", DefaultUnchecked: true, Separate: true}
		if c.c.Deliver != nil && who.Email != "" {
			if at, err := c.c.Deliver(r.Context(), who.Email, []byte(v.Body)); err == nil {
				a.Copy = Delivery{personal(who.Email), at.UTC(), manifestation}
				e.Copy = []byte(v.Body)
			}
		}
	}
	if failed != nil {
		return Evidence{}, Assessment{}, failed
	}
	e.Acceptance = a
	graded, err := e.Assess()
	return e, graded, err
}

func (c *Clickthrough) words(who Visitor) (authority, consent string) {
	return cmp.Or(c.c.AuthorityText, Authority(who.LegalName)), cmp.Or(c.c.ConsentText, Consent())
}

// offer asks the service what is on offer, or answers the request itself.
func (c *Clickthrough) offer(w http.ResponseWriter, r *http.Request) (OfferedVersion, Visitor, bool) {
	v, who, err := c.c.Offer(r)
	switch {
	case errors.Is(err, ErrNoOffer):
		c.stop(w, http.StatusNotFound, "There is no agreement to accept.")
	case err != nil, who.Session == "", !events.IsName(v.AgreementID), !events.IsName(v.VersionHash):
		c.fail(w)
	default:
		return v, who, true
	}
	return OfferedVersion{}, Visitor{}, false
}

// OfferOf returns what a [Clickthrough] shows of a version of the agreement:
// its rendering as HTML, under its hash and label.
func OfferOf(agreement string, v Version) OfferedVersion {
	return OfferedVersion{
		AgreementID: agreement, VersionHash: v.Hash(), Label: v.Label().String(), Title: v.document().title,
		Vendor: v.Party(BusinessAssociateSide).LegalName, Body: template.HTML(v.HTMLFragment()), //nolint:gosec // it escapes every value
	}
}
