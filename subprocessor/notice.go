package subprocessor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/markdown"
	"github.com/baakit/baakit/internal/page"
)

// A Notice tells one customer of one change. Its ID is the idempotency key of
// its delivery: the same change, revision, customer and attempt have the same.
type Notice struct {
	ID        string        `json:"id"`
	Change    string        `json:"change"`
	Kind      ChangeKind    `json:"kind"`
	Revision  int           `json:"revision"`
	Customer  string        `json:"customer"`
	Contract  string        `json:"contract"`
	To        string        `json:"to"` // contact of the customer
	Vendor    string        `json:"vendor"`
	Name      string        `json:"name"` // the customer's
	Subject   string        `json:"subject"`
	Before    *Entry        `json:"before,omitempty"`
	After     *Entry        `json:"after,omitempty"`
	Planned   baakit.Date   `json:"planned_effective,omitzero"`
	Emergency bool          `json:"emergency,omitempty"`
	Start     Start         `json:"start"`
	Notice    baakit.Period `json:"notice,omitzero"`
	Window    baakit.Period `json:"window,omitzero"`
	Consent   Consent       `json:"consent"`
	// WindowEnd is the last day to object where the clock starts on Sent.
	Sent      baakit.Date `json:"sent,omitzero"`
	WindowEnd baakit.Date `json:"window_end,omitzero"`
	ListURL   string      `json:"list_url,omitempty"`
}

// ErrNoNotice says that a change asks for no notice to the customer.
var ErrNoNotice = errors.New("subprocessor: no notice to this customer is asked for")

// Notice returns the notice of a change to a customer under its contract, to
// be sent on the state's day as the given attempt, from 1. The errors are
// ErrUnknown and ErrNoNotice.
func (s *State) Notice(change, customer string, attempt int, listURL string) (Notice, error) {
	c := s.f.changes[change]
	if c == nil {
		return Notice{}, ErrUnknown
	}
	for _, contract := range s.f.customers(c, s.day) {
		if contract.Upstream != customer {
			continue
		}
		if contract.Notice == nil || !contract.Notice.material(c.change.Kind) || c.dead() {
			return Notice{}, ErrNoNotice
		}
		terms, to := contract.Notice, s.f.entities[customer]
		n := Notice{
			ID:     fmt.Sprintf("%s.%d.%s.%d", change, c.revision, customer, attempt),
			Change: change, Kind: c.change.Kind, Revision: c.revision, Customer: customer, Contract: contract.ID, To: to.Contact, Name: to.LegalName,
			Planned: c.change.Planned, Emergency: !c.emergency.IsZero(), Start: terms.Start, Consent: terms.Consent, ListURL: listURL,
		}
		if v := s.f.entities[s.f.reg.vendor]; v != nil {
			n.Vendor = v.LegalName
		}
		n.Notice, n.Window = terms.of(c.class())
		if terms.Start != StartReceived {
			n.Sent = s.day
			n.WindowEnd = terms.Dates(c.class(), s.day, s.f.reg.cal).WindowEnd
		}
		if g := s.f.engagements[c.change.Before]; g != nil {
			n.Before = new(s.entry(g.state()))
		}
		if c.change.After != nil {
			n.After = new(s.entry(EngagementState{Engagement: *c.change.After}))
		}
		n.Subject = n.headline()
		return n, nil
	}
	return Notice{}, ErrUnknown
}

func (n Notice) headline() string {
	name := func(e *Entry) string {
		if e == nil {
			return "a subcontractor"
		}
		return e.Name
	}
	switch n.Kind {
	case AddSubprocessor:
		return "New subcontractor: " + name(n.After)
	case ReplaceSubprocessor:
		return "Subcontractor replaced: " + name(n.Before) + " by " + name(n.After)
	case RemoveSubprocessor:
		return "Subcontractor no longer used: " + name(n.Before)
	case NewPurpose:
		return "New purpose of a subcontractor: " + name(n.After)
	case NewData:
		return "New data at a subcontractor: " + name(n.After)
	case NewRegion:
		return "New place of a subcontractor: " + name(n.After)
	case Renamed:
		return "Subcontractor renamed: " + name(n.After)
	case Merger:
		return "Merger of a subcontractor: " + name(n.After)
	}
	return "New subcontractor of a subcontractor: " + name(n.After)
}

// facts are the rows of the notice's table.
func (n Notice) facts() [][2]string {
	var rows [][2]string
	add := func(label, value string) {
		if value != "" {
			rows = append(rows, [2]string{label, value})
		}
	}
	for _, e := range []struct {
		label string
		entry *Entry
	}{{"Until now", n.Before}, {"From then on", n.After}} {
		if e.entry == nil {
			continue
		}
		add(e.label, e.entry.Name)
		add("Purpose", e.entry.Purpose)
		add("PHI", phiText(e.entry.PHI))
		add("Data", strings.Join(e.entry.DataCategories, ", "))
		add("Places", strings.Join(e.entry.Places, ", "))
		add("Address", e.entry.Address)
	}
	if !n.Planned.IsZero() {
		add("Planned from", n.Planned.String())
	}
	return rows
}

func phiText(p PHI) string {
	switch p {
	case EncryptedNoKey:
		return "encrypted, without the key"
	case Conduit:
		return "transmitted only"
	case HandlesPHI:
		return "yes"
	}
	return "no"
}

// rights are the sentences on what the customer may do, and until when.
func (n Notice) rights() []string {
	var list []string
	if n.Emergency {
		list = append(list, "This change is in effect already, under the emergency clause of your contract.")
	}
	start := map[Start]string{StartSent: "this notice was sent", StartReceived: "you received this notice", StartPosted: "this notice was posted"}[n.Start]
	if !n.Notice.IsZero() {
		list = append(list, fmt.Sprintf("It takes effect no earlier than %s after %s.", n.Notice, start))
	}
	if !n.Window.IsZero() {
		says := fmt.Sprintf("You may object within %s from the day %s", n.Window, start)
		if !n.WindowEnd.IsZero() {
			says += fmt.Sprintf(": through %s, %s", n.WindowEnd.Weekday(), n.WindowEnd)
		}
		list = append(list, says+".")
	}
	switch n.Consent {
	case ConsentAffirmative:
		list = append(list, "Your contract asks for your consent: without it the change does not apply to your data.")
	case ConsentSilence:
		list = append(list, "Without an objection the change is taken as accepted, as your contract says.")
	}
	return append(list, fmt.Sprintf("Please confirm that you received this notice by answering it. Reference: %s, contract %s.", n.ID, n.Contract))
}

// Text returns the notice as plain text.
func (n Notice) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nTo %s, from %s\n\n", n.Subject, n.Name, n.Vendor)
	for _, r := range n.facts() {
		fmt.Fprintf(&b, "  %-13s %s\n", r[0]+":", r[1])
	}
	for _, s := range n.rights() {
		b.WriteString("\n" + s + "\n")
	}
	if n.ListURL != "" {
		b.WriteString("\nThe current list: " + n.ListURL + "\n")
	}
	return b.String()
}

// Markdown returns the notice as Markdown.
func (n Notice) Markdown() string {
	var rows [][]string
	for _, r := range n.facts() {
		rows = append(rows, []string{r[0], r[1]})
	}
	var out strings.Builder
	out.WriteString("# " + markdown.Text(n.Subject) + "\n\nTo " + markdown.Text(n.Name) + ", from " + markdown.Text(n.Vendor) + "\n\n" + markdown.Table([]string{"", ""}, rows) + "\n")
	for _, s := range n.rights() {
		out.WriteString("\n" + markdown.Text(s) + "\n")
	}
	return out.String()
}

var noticePage = template.Must(template.New("notice").Parse(`<h1>{{.N.Subject}}</h1>
<p class="lead">To {{.N.Name}}, from {{.N.Vendor}}</p>
<dl class="facts">{{range .Facts}}<dt>{{index . 0}}</dt><dd>{{index . 1}}</dd>{{end}}</dl>
{{range .Rights}}<p>{{.}}</p>
{{end}}{{with .N.ListURL}}<p><a href="{{.}}">The current list</a></p>{{end}}`))

// HTML returns the notice as a page of its own.
func (n Notice) HTML() string {
	var b strings.Builder
	if err := noticePage.Execute(&b, map[string]any{"N": n, "Facts": n.facts(), "Rights": n.rights()}); err != nil {
		panic("subprocessor: bad notice template: " + err.Error())
	}
	return page.Page{Title: n.Subject, Body: template.HTML(b.String())}.HTML()
}

// BodyHash returns the SHA-256 of the text in hexadecimal: what was said.
func (n Notice) BodyHash() string {
	sum := sha256.Sum256([]byte(n.Text()))
	return hex.EncodeToString(sum[:])
}

// A Message is mail ready to be handed over: Key is its idempotency key, Data
// its bytes by RFC 5322.
type Message struct {
	Key  string `json:"key"`
	From string `json:"from"`
	To   string `json:"to"`
	Data []byte `json:"data"`
}

// A Sender hands a message over, for example to a mail server. It returns nil
// when it was accepted: then the message is never handed over again. It may be
// called again with the same Key after an error, or when its acceptance could
// not be recorded. An error that is [ErrRejected] is final: a bounce.
// Implementations are safe for concurrent use.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// ErrRejected says that a message will never be accepted.
var ErrRejected = errors.New("subprocessor: the message was rejected for good")

// Message returns the notice as mail from an address of the vendor, at an
// instant. The same notice and instant give the same bytes. The error is a
// [baakit.FieldErrors] of addresses that are wrong.
func (n Notice) Message(from string, at time.Time) (Message, error) {
	return NewMessage(n.ID, from, n.To, n.Subject, n.Text(), n.HTML(), at, nil)
}

// NewMessage returns mail with a text and an HTML part. Header are further
// lines, such as List-Unsubscribe. The error is a [baakit.FieldErrors].
func NewMessage(key, from, to, subject, text, html string, at time.Time, header map[string]string) (Message, error) {
	var errs baakit.FieldErrors
	sender, err := mail.ParseAddress(from)
	need(&errs, "from", err == nil, "must be a mail address")
	receiver, err := mail.ParseAddress(to)
	need(&errs, "to", err == nil, "must be a mail address")
	need(&errs, "key", events.IsName(key) && !strings.ContainsAny(key, "<>@\"\\(),:;[]"), "must be a name without the marks of mail")
	need(&errs, "subject", isLine(subject), "must be one line of text")
	for k, v := range header {
		need(&errs, "header", events.IsName(k) && isLine(v), "must be lines")
	}
	if err := errs.Err(); err != nil {
		return Message{}, err
	}
	_, domain, _ := strings.Cut(sender.Address, "@")
	sum := sha256.Sum256([]byte(key + "\x00" + text + "\x00" + html))
	boundary := hex.EncodeToString(sum[:16])
	var b bytes.Buffer
	line := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	line("From", sender.String())
	line("To", receiver.String())
	line("Subject", strings.ReplaceAll(mime.QEncoding.Encode("utf-8", subject), "?= =?", "?=\r\n =?"))
	line("Date", at.UTC().Format(time.RFC1123Z))
	line("Message-ID", "<"+key+"@"+domain+">")
	for _, k := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"} {
		if v, ok := header[k]; ok {
			line(k, v)
		}
	}
	line("MIME-Version", "1.0")
	line("Content-Type", `multipart/alternative; boundary="`+boundary+`"`)
	b.WriteString("\r\n")
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary(boundary)
	for _, part := range [][2]string{{"text/plain; charset=utf-8", text}, {"text/html; charset=utf-8", html}} {
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {part[0]}, "Content-Transfer-Encoding": {"quoted-printable"}})
		if err != nil {
			return Message{}, err
		}
		q := quotedprintable.NewWriter(p)
		_, _ = q.Write([]byte(strings.ReplaceAll(part[1], "\r\n", "\n")))
		_ = q.Close()
	}
	_ = w.Close()
	return Message{key, sender.Address, receiver.Address, b.Bytes()}, nil
}
