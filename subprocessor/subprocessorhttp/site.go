package subprocessorhttp

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/baakit/baakit/internal/page"
	"github.com/baakit/baakit/subprocessor"
)

// Config is what [New] makes a Site of.
type Config struct {
	// Versions are the published versions, the first one first; required.
	Versions []subprocessor.Published
	// Base is the address under which the site is reached, as
	// "https://vendor.example/subprocessors"; required. It is the path prefix
	// that requests have, too.
	Base string
	// Dates are shown as a calendar.
	Dates []subprocessor.DueItem
	// Signed is the signed current list; nil: none is offered.
	Signed *subprocessor.SignedList
	// Subscribe, if not nil, offers a subscription.
	Subscribe *Subscribe
}

// A Site is immutable, except for the subscriptions that it keeps elsewhere,
// and safe for concurrent use. When a version is published make another one.
type Site struct {
	files  map[string]*file
	prefix string
	sub    *Subscribe
	forms  *forms
}

// A file is an answer that was made beforehand. Its header is shared by all
// answers and never changed.
type file struct {
	body     []byte
	modified time.Time
	etag     string
	header   http.Header
}

// ErrConfig says that a Config lacks a version or an absolute base address.
var ErrConfig = errors.New("subprocessorhttp: needs a published version and an absolute base address")

// New renders the site. The error may be [ErrConfig].
func New(c Config) (*Site, error) {
	base, err := url.Parse(c.Base)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.RawQuery != "" || base.Fragment != "" || len(c.Versions) == 0 {
		return nil, ErrConfig
	}
	base.Path = strings.TrimSuffix(base.Path, "/")
	s := &Site{files: make(map[string]*file), prefix: base.Path, sub: c.Subscribe}
	b := &builder{s: s, c: c, base: strings.TrimSuffix(base.String(), "/"), current: c.Versions[len(c.Versions)-1]}
	if err := b.build(); err != nil {
		return nil, err
	}
	if s.sub != nil {
		if s.forms, err = newForms(b); err != nil {
			return nil, err
		}
	}
	return s, nil
}

type builder struct {
	s       *Site
	c       Config
	base    string
	current subprocessor.Published
	changes []string // of the current version
}

func (b *builder) add(path, kind string, body []byte, modified time.Time, csp string) {
	sum := sha256.Sum256(body)
	f := &file{body: body, modified: modified.UTC().Truncate(time.Second), etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	f.header = securityHeader(csp)
	f.header["Content-Type"] = []string{kind}
	f.header["Etag"] = []string{f.etag}
	f.header["Last-Modified"] = []string{f.modified.Format(http.TimeFormat)}
	f.header["Cache-Control"] = []string{"public, max-age=300"}
	f.header["Content-Length"] = []string{strconv.Itoa(len(body))}
	b.s.files[path] = f
}

func securityHeader(csp string) http.Header {
	return http.Header{
		"Content-Security-Policy":      {csp},
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
		"X-Frame-Options":              {"DENY"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
	}
}

const fileCSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"

const (
	htmlType = "text/html; charset=utf-8"
	jsonType = "application/json"
)

func (b *builder) page(path, title string, body template.HTML, modified time.Time) {
	p := b.pageOf(title, body)
	b.add(path, htmlType, []byte(p.HTML()), modified, p.CSP())
}

func (b *builder) pageOf(title string, body template.HTML) page.Page {
	esc := template.HTMLEscapeString
	links := fmt.Sprintf(`<p class="actions"><a href="%[1]s/">Current list</a> <a href="%[1]s/versions">All versions</a> <a href="%[1]s/feed.atom">Feed</a> <a href="%[1]s/list.json">JSON</a> <a href="%[1]s/list.csv">CSV</a> <a href="%[1]s/dates.ics">Calendar</a>`, esc(b.base))
	if b.c.Subscribe != nil {
		links += fmt.Sprintf(` <a href="%s/subscribe">Subscribe</a>`, esc(b.base))
	}
	return page.Page{
		Title: title,
		Style: `th .muted{font-weight:400}.actions a{margin-right:.6em}`,
		Head:  template.HTML(fmt.Sprintf(`<link rel="alternate" type="application/atom+xml" title="Changes" href="%[1]s/feed.atom"><link rel="alternate" type="application/feed+json" title="Changes" href="%[1]s/feed.json">`, esc(b.base))),
		Body:  template.HTML("<h1>"+esc(title)+"</h1>\n"+links+"</p>\n") + body,
	}
}

var versionsBody = template.Must(template.New("versions").Parse(`<p class="lead">Every version that was published, as it was published.</p>
<div class="wide" tabindex="0" role="region" aria-label="Versions"><table><thead><tr><th scope="col">Version</th><th scope="col">Published</th><th scope="col">What changed</th><th scope="col">SHA-256</th></tr></thead>
<tbody>{{range .}}<tr><th scope="row"><a href="{{.URL}}">{{.Version}}</a></th><td>{{.Day}}</td><td>{{range .Changes}}{{.}}<br>{{else}}No company changed.{{end}}</td><td><code>{{.Short}}</code></td></tr>
{{end}}</tbody></table></div>
`))

var versionBody = template.Must(template.New("version").Parse(`<h2>What changed</h2>
{{if .Changes}}<ul>{{range .Changes}}<li>{{.}}</li>
{{end}}</ul>{{else}}<p>No company changed.</p>{{end}}
<h2>Version {{.Version}}</h2>
{{.List}}<p class="muted">Published {{.Day}}. SHA-256 of the <a href="{{.URL}}.json">canonical JSON</a>: <code>{{.Hash}}</code></p>
`))

type versionView struct {
	Version     int
	URL, Day    string
	Hash, Short string
	Changes     []string
	List        template.HTML
	at          time.Time
}

func render(t *template.Template, data any) template.HTML {
	var out strings.Builder
	if err := t.Execute(&out, data); err != nil {
		panic("subprocessorhttp: bad template: " + err.Error())
	}
	return template.HTML(out.String())
}

func (b *builder) build() error {
	var views []versionView
	previous := subprocessor.List{Schema: subprocessor.ListSchema}
	for _, v := range b.c.Versions {
		if hash, err := v.List.Hash(); err != nil || hash != v.Hash {
			return fmt.Errorf("subprocessorhttp: version %d does not have its hash", v.Version)
		}
		view := versionView{v.Version, fmt.Sprintf("%s/versions/%d", b.base, v.Version), v.List.AsOf.String(), v.Hash, v.Hash[:16], subprocessor.Diff(previous, v.List).Sentences(), v.List.HTMLFragment(), v.At}
		views, previous = append(views, view), v.List
		path := fmt.Sprintf("/versions/%d", v.Version)
		b.page(path, fmt.Sprintf("Subcontractors of %s, version %d", v.List.Name, v.Version), render(versionBody, view), v.At)
		data, err := v.List.Canonical()
		if err != nil {
			return err
		}
		b.add(path+".json", jsonType, data, v.At, fileCSP)
	}
	slices.Reverse(views)
	list, at := b.current.List, b.current.At
	newest := views[0]
	b.changes = newest.Changes
	summary := template.HTML("")
	if len(newest.Changes) > 0 {
		summary = render(template.Must(template.New("").Parse(`<h2>Last changes</h2><p class="muted">Version {{.Version}}, {{.Day}}</p><ul>{{range .Changes}}<li>{{.}}</li>
{{end}}</ul>`)), newest)
	}
	b.page("/", "Subcontractors of "+list.Name, list.HTMLFragment()+summary, at)
	b.page("/versions", "Versions of the list of "+list.Name, render(versionsBody, views), at)
	data, err := list.Canonical()
	if err != nil {
		return err
	}
	b.add("/list.json", jsonType, data, at, fileCSP)
	b.add("/list.csv", "text/csv; charset=utf-8", []byte(list.CSV()), at, fileCSP)
	b.add("/list.md", "text/markdown; charset=utf-8", []byte(list.Markdown()), at, fileCSP)
	b.add("/schema.json", "application/schema+json", []byte(subprocessor.ListJSONSchema()), at, fileCSP)
	if b.c.Signed != nil {
		data, err := json.Marshal(b.c.Signed)
		if err != nil {
			return err
		}
		b.add("/signed.json", jsonType, data, at, fileCSP)
	}
	cal, err := subprocessor.ICalendar("Dates of "+list.Name, b.c.Dates, at)
	if err != nil {
		return err
	}
	b.add("/dates.ics", "text/calendar; charset=utf-8", cal, at, fileCSP)
	return b.feeds(views)
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"`
}

func (b *builder) feeds(views []versionView) error {
	title := "Changes of the subcontractors of " + b.current.List.Name
	atom := atomFeed{ID: b.base + "/feed.atom", Title: title, Updated: b.current.At.UTC().Format(time.RFC3339), Author: cmp.Or(b.current.List.Name, b.current.List.Vendor), Links: []atomLink{{"self", b.base + "/feed.atom"}, {"alternate", b.base + "/"}}}
	type item struct {
		ID        string `json:"id"`
		URL       string `json:"url"`
		Title     string `json:"title"`
		Text      string `json:"content_text"`
		Published string `json:"date_published"`
	}
	feed := struct {
		Version string `json:"version"`
		Title   string `json:"title"`
		Home    string `json:"home_page_url"`
		Feed    string `json:"feed_url"`
		Items   []item `json:"items"`
	}{"https://jsonfeed.org/version/1.1", title, b.base + "/", b.base + "/feed.json", []item{}}
	for _, v := range views {
		text := strings.Join(v.Changes, "\n")
		if text == "" {
			text = "No company changed."
		}
		name := fmt.Sprintf("Version %d, %s", v.Version, v.Day)
		updated := v.at.UTC().Format(time.RFC3339)
		atom.Entries = append(atom.Entries, atomEntry{v.URL, name, updated, atomLink{"alternate", v.URL}, text})
		feed.Items = append(feed.Items, item{v.URL, v.URL, name, text, updated})
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	if err := xml.NewEncoder(&out).Encode(atom); err != nil {
		return err
	}
	b.add("/feed.atom", "application/atom+xml; charset=utf-8", out.Bytes(), b.current.At, fileCSP)
	data, err := json.Marshal(feed)
	if err != nil {
		return err
	}
	b.add("/feed.json", "application/feed+json", data, b.current.At, fileCSP)
	return nil
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, s.prefix)
	if path == "" {
		path = "/"
	}
	if f := s.files[path]; ok && f != nil {
		f.serve(w, r)
		return
	}
	if ok && s.sub != nil && s.forms.serve(w, r, path) {
		return
	}
	plain(w, http.StatusNotFound, "There is no such page.\n")
}

func plain(w http.ResponseWriter, code int, text string) {
	h := w.Header()
	maps.Copy(h, securityHeader(fileCSP))
	h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text))
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h["Allow"] = []string{"GET, HEAD"}
		plain(w, http.StatusMethodNotAllowed, "Use GET or HEAD.\n")
		return
	}
	maps.Copy(h, f.header)
	if f.unchanged(r) {
		delete(h, "Content-Length")
		delete(h, "Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(f.body)
	}
}

// unchanged follows RFC 9110, 13.2.2: If-None-Match decides where it is given.
func (f *file) unchanged(r *http.Request) bool {
	if tags := r.Header["If-None-Match"]; len(tags) > 0 {
		for _, list := range tags {
			for tag := range strings.SplitSeq(list, ",") {
				if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == f.etag || tag == "*" {
					return true
				}
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !f.modified.After(since)
}
