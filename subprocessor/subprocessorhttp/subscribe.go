package subprocessorhttp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"iter"
	"maps"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/baakit/baakit/subprocessor"
)

// A Subscription is an address that asked for notices. It counts once it is
// confirmed. ID is the SHA-256 of the address in lower case. The tokens of its
// links are not in it: whoever reads the store cannot use them.
type Subscription struct {
	ID        string    `json:"id"`
	Address   string    `json:"address"`
	Asked     time.Time `json:"asked"`
	Confirmed time.Time `json:"confirmed,omitzero"`
}

// ErrNoSubscription says that a store has no such subscription.
var ErrNoSubscription = errors.New("subprocessorhttp: no such subscription")

// A Store keeps subscriptions. Its methods are safe for concurrent use.
type Store interface {
	// Put stores a subscription in the place of the one with its ID, if any.
	Put(ctx context.Context, s Subscription) error
	// Get returns the one with the ID, or an error that is ErrNoSubscription.
	Get(ctx context.Context, id string) (Subscription, error)
	// Delete removes it; there need not be one.
	Delete(ctx context.Context, id string) error
	// All returns every subscription, in any order; an error is the last pair.
	All(ctx context.Context) iter.Seq2[Subscription, error]
}

// Subscribe offers a subscription on a [Site]. Store, Sender, From and Secret
// are required.
type Subscribe struct {
	Store  Store
	Sender subprocessor.Sender
	From   string
	// Secret makes the tokens of links: at least 32 random bytes. With another
	// secret the links of earlier mails are no longer valid.
	Secret []byte
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Again is the least time between two confirmations asked for one address;
	// 0 is an hour. Expires is how long a link can be confirmed; 0 is two days.
	Again, Expires time.Duration
}

// A MemoryStore is a [Store] in memory. The zero value is empty and ready.
type MemoryStore struct {
	mu   sync.Mutex
	byID map[string]Subscription
}

var _ Store = (*MemoryStore)(nil)

// Put implements [Store].
func (m *MemoryStore) Put(_ context.Context, s Subscription) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byID == nil {
		m.byID = make(map[string]Subscription)
	}
	m.byID[s.ID] = s
	return nil
}

// Get implements [Store].
func (m *MemoryStore) Get(_ context.Context, id string) (Subscription, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.byID[id]
	if !ok {
		return Subscription{}, ErrNoSubscription
	}
	return s, nil
}

// Delete implements [Store].
func (m *MemoryStore) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byID, id)
	return nil
}

// All implements [Store].
func (m *MemoryStore) All(context.Context) iter.Seq2[Subscription, error] {
	m.mu.Lock()
	list := slices.Collect(maps.Values(m.byID))
	m.mu.Unlock()
	return func(yield func(Subscription, error) bool) {
		for _, s := range list {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// forms are the pages of the subscription.
type forms struct {
	version                                         int
	at                                              time.Time
	changes                                         []string
	sub                                             Subscribe
	base, title                                     string
	mu                                              sync.Mutex // one subscription changes at a time
	ask, sent, confirm, confirmed, leave, left, bad *answer
}

type answer struct {
	body []byte
	csp  string
	code int
}

func newForms(b *builder) (*forms, error) {
	f := &forms{sub: *b.c.Subscribe, base: b.base, title: b.current.List.Name, version: b.current.Version, at: b.current.At, changes: b.changes}
	if _, err := mail.ParseAddress(f.sub.From); err != nil || f.sub.Store == nil || f.sub.Sender == nil || len(f.sub.Secret) < 32 {
		return nil, ErrConfig
	}
	if f.sub.Now == nil {
		f.sub.Now = time.Now
	}
	if f.sub.Again == 0 {
		f.sub.Again = time.Hour
	}
	if f.sub.Expires == 0 {
		f.sub.Expires = 48 * time.Hour
	}
	fixed := func(code int, title, body string) *answer {
		p := b.pageOf(title, template.HTML(body))
		return &answer{[]byte(p.HTML()), p.CSP(), code}
	}
	f.ask = fixed(200, "Be told of changes", `<p class="lead">Leave an address. It gets a link; nothing else is sent before that is followed.</p>
<form method="post"><p><label for="address">Mail address</label> <input id="address" name="address" type="email" required maxlength="254" autocomplete="email"></p><p><button>Subscribe</button></p></form>`)
	f.sent = fixed(200, "Look into your mail", `<p class="lead">If the address can be subscribed, a link is on its way to it. Follow it to confirm.</p>`)
	f.confirm = fixed(200, "Confirm the subscription", `<form method="post"><p><button>Confirm</button></p></form>`)
	f.confirmed = fixed(200, "You are subscribed", `<p class="lead">You will be told of changes. Each mail has a link that ends it.</p>`)
	f.leave = fixed(200, "End the subscription", `<form method="post"><p><button>Unsubscribe</button></p></form>`)
	f.left = fixed(200, "You are not subscribed", `<p class="lead">Nothing more will be sent, and the address was erased.</p>`)
	f.bad = fixed(400, "That did not work", `<p class="lead">The address or the link is not valid, or the link is too old. Please begin again.</p>`)
	return f, nil
}

func (a *answer) write(w http.ResponseWriter) {
	h := w.Header()
	maps.Copy(h, securityHeader(a.csp))
	h["Content-Type"] = []string{htmlType}
	h["Cache-Control"] = []string{"no-store"}
	w.WriteHeader(a.code)
	_, _ = w.Write(a.body)
}

// maxForm is the most that a form may hold, in bytes.
const maxForm = 4096

func (f *forms) serve(w http.ResponseWriter, r *http.Request, path string) bool {
	get, post := map[string]*answer{"/subscribe": f.ask, "/confirm": f.confirm, "/unsubscribe": f.leave}[path], map[string]func(context.Context, *http.Request) *answer{"/subscribe": f.subscribe, "/confirm": f.confirmLink, "/unsubscribe": f.unsubscribe}[path]
	if get == nil {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		get.write(w)
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			f.bad.write(w)
			return true
		}
		post(r.Context(), r).write(w)
	default:
		w.Header()["Allow"] = []string{"GET, HEAD, POST"}
		plain(w, http.StatusMethodNotAllowed, "Use GET or POST.\n")
	}
	return true
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// subscribe answers the same for every address that is well formed: it does
// not tell who is subscribed.
func (f *forms) subscribe(ctx context.Context, r *http.Request) *answer {
	raw := r.PostForm.Get("address")
	a, err := mail.ParseAddress(raw)
	if err != nil || a.Address != raw || len(raw) > 254 || strings.ContainsAny(raw, "\r\n\" ") {
		return f.bad
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.sub.Now()
	s, err := f.sub.Store.Get(ctx, digest(strings.ToLower(raw)))
	switch {
	case err != nil && !errors.Is(err, ErrNoSubscription):
		return f.bad
	case err == nil && (!s.Confirmed.IsZero() || now.Before(s.Asked.Add(f.sub.Again))):
		return f.sent
	}
	s = Subscription{ID: digest(strings.ToLower(raw)), Address: raw, Asked: now}
	link, leave := f.link("confirm", s), f.link("unsubscribe", s)
	text := "Somebody, hopefully you, asked to be told of changes of the subcontractors of " + f.title + ".\n\nTo confirm, open " + link + "\n\nOtherwise do nothing, or open " + leave + "\n"
	html := "<p>To confirm that you want to be told of changes, <a href=\"" + template.HTMLEscapeString(link) + "\">follow this link</a>. Otherwise do nothing.</p>"
	m, err := subprocessor.NewMessage("subscribe."+f.token("key", s)[:32], f.sub.From, raw, "Confirm your subscription", text, html, now, map[string]string{
		"List-Unsubscribe": "<" + leave + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated",
	})
	if err != nil {
		return f.bad
	}
	if err := f.sub.Store.Put(ctx, s); err != nil {
		return f.bad
	}
	if err := f.sub.Sender.Send(ctx, m); err != nil {
		_ = f.sub.Store.Delete(ctx, s.ID)
		return f.bad
	}
	return f.sent
}

// token is what a link of a subscription carries: nobody without the secret
// can make it, and one purpose's is not another's.
func (f *forms) token(purpose string, s Subscription) string {
	mac := hmac.New(sha256.New, f.sub.Secret)
	fmt.Fprintf(mac, "%s\x00%s\x00%d", purpose, s.ID, s.Asked.UnixNano())
	return hex.EncodeToString(mac.Sum(nil))
}

func (f *forms) link(purpose string, s Subscription) string {
	return f.base + "/" + purpose + "?" + url.Values{"id": {s.ID}, "token": {f.token(purpose, s)}}.Encode()
}

// Messages returns mail for everybody whose subscription is confirmed that
// tells what the current version changed, with a link that ends it, to be put
// into an outbox: the keys are those of version and subscription. An error,
// which is that of the store, is the last pair. Without a subscription on the
// site there are none.
func (s *Site) Messages(ctx context.Context) iter.Seq2[subprocessor.Message, error] {
	return func(yield func(subprocessor.Message, error) bool) {
		if s.forms == nil {
			return
		}
		f := s.forms
		for sub, err := range f.sub.Store.All(ctx) {
			if err != nil {
				yield(subprocessor.Message{}, err)
				return
			}
			if sub.Confirmed.IsZero() {
				continue
			}
			leave := f.link("unsubscribe", sub)
			text := strings.Join(f.changes, "\n") + "\n\nThe list: " + f.base + "/\nTo end these mails: " + leave + "\n"
			html := string(render(mailBody, map[string]any{"Changes": f.changes, "List": f.base + "/", "Leave": leave}))
			m, err := subprocessor.NewMessage(fmt.Sprintf("version.%d.%s", f.version, sub.ID[:32]), f.sub.From, sub.Address, fmt.Sprintf("Subcontractors of %s, version %d", f.title, f.version), text, html, f.at, map[string]string{
				"List-Unsubscribe": "<" + leave + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated",
			})
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

var mailBody = template.Must(template.New("mail").Parse(`<ul>{{range .Changes}}<li>{{.}}</li>{{end}}</ul><p><a href="{{.List}}">The list</a> · <a href="{{.Leave}}">End these mails</a></p>`))

// byLink returns the subscription that a link of the purpose names.
func (f *forms) byLink(ctx context.Context, r *http.Request, purpose string) (Subscription, error) {
	q := r.URL.Query()
	s, err := f.sub.Store.Get(ctx, q.Get("id"))
	if err == nil && !hmac.Equal([]byte(f.token(purpose, s)), []byte(q.Get("token"))) {
		err = ErrNoSubscription
	}
	return s, err
}

func (f *forms) confirmLink(ctx context.Context, r *http.Request) *answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.byLink(ctx, r, "confirm")
	now := f.sub.Now()
	if err != nil || s.Confirmed.IsZero() && now.After(s.Asked.Add(f.sub.Expires)) {
		return f.bad
	}
	if s.Confirmed.IsZero() {
		s.Confirmed = now
		if f.sub.Store.Put(ctx, s) != nil {
			return f.bad
		}
	}
	return f.confirmed
}

func (f *forms) unsubscribe(ctx context.Context, r *http.Request) *answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.byLink(ctx, r, "unsubscribe")
	if err != nil || f.sub.Store.Delete(ctx, s.ID) != nil {
		return f.bad
	}
	return f.left
}
