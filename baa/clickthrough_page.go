package baa

import (
	"cmp"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/baakit/baakit/internal/page"
)

const buttonWords = "Accept the agreement"

// acceptWords are the words at the tick of the acceptance itself.
func acceptWords(v OfferedVersion) string {
	return "I have read " + cmp.Or(v.Title, "this agreement") + label(v) + " and accept it."
}

func label(v OfferedVersion) string {
	if v.Label == "" {
		return ""
	}
	return ", version " + v.Label + ","
}

// The form goes to its own address with another fragment, so that what is
// wrong has the focus when the page comes back.
//
// The order of the page is the order of a careful reader: what this is, the
// text, then the form. The text is not in a box of its own, so that it can be
// read, searched and printed as the rest of the page.
var clickthroughPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("form").Parse(`<h1>Read and accept</h1>
{{with .Form.Problems}}<div class="bad" role="alert" tabindex="-1" id="problems">
<p><strong>Nothing was accepted yet.</strong></p>
<ul>{{range .}}<li>{{if .Field}}<a href="#{{.Field}}">{{.Says}}</a>{{else}}{{.Says}}{{end}}</li>{{end}}</ul>
</div>{{end}}
<p class="lead">Please read this {{.Title}}{{with .Offer.Vendor}} with {{.}}{{end}}{{with .Who.LegalName}}, then accept it for {{.}}{{end}}.</p>
<dl class="facts">
{{with .Offer.Label}}<dt>Version</dt><dd>{{.}}</dd>{{end}}
<dt>Fingerprint</dt><dd><code>{{.Offer.VersionHash}}</code></dd>
</dl>
<p class="screen"><a href="#accepting">Go to the form below the text</a></p>
<article aria-label="Text of the agreement" class="agreement">{{.Offer.Body}}</article>
<h2 id="accepting">Accept</h2>
<form method="post" action="#problems" autocomplete="on" novalidate>
<input type="hidden" name="token" value="{{.Token}}">
<input type="hidden" name="version" value="{{.Offer.VersionHash}}">
<input type="hidden" name="manifestation" value="{{.Manifestation}}">
<label for="name">Your full name
<input type="text" id="name" name="name" value="{{.Form.Name}}" autocomplete="name" maxlength="200" required{{with .Form.At "name"}} aria-invalid="true" aria-describedby="name-problem"{{end}}></label>
{{with .Form.At "name"}}<p class="bad" id="name-problem">{{.}}</p>{{end}}
<label for="title">Your title or role
<input type="text" id="title" name="title" value="{{.Form.Title}}" autocomplete="organization-title" maxlength="200" required{{with .Form.At "title"}} aria-invalid="true" aria-describedby="title-problem"{{end}}></label>
{{with .Form.At "title"}}<p class="bad" id="title-problem">{{.}}</p>{{end}}
<label class="tick" for="authority"><input type="checkbox" id="authority" name="authority" value="yes" required{{if .Form.Authority}} checked{{end}}{{with .Form.At "authority"}} aria-invalid="true" aria-describedby="authority-problem"{{end}}><span>{{.AuthorityText}}</span></label>
{{with .Form.At "authority"}}<p class="bad" id="authority-problem">{{.}}</p>{{end}}
<label class="tick" for="consent"><input type="checkbox" id="consent" name="consent" value="yes" required{{if .Form.Consent}} checked{{end}}{{with .Form.At "consent"}} aria-invalid="true" aria-describedby="consent-problem"{{end}}><span>{{.ConsentText}}</span></label>
{{with .Form.At "consent"}}<p class="bad" id="consent-problem">{{.}}</p>{{end}}
<label class="tick" for="accept"><input type="checkbox" id="accept" name="accept" value="yes" required{{if .Form.Accept}} checked{{end}}{{with .Form.At "accept"}} aria-invalid="true" aria-describedby="accept-problem"{{end}}><span>{{.AcceptText}}</span></label>
{{with .Form.At "accept"}}<p class="bad" id="accept-problem">{{.}}</p>{{end}}
<p class="actions"><button type="submit">{{.Button}}</button></p>
</form>
<footer>We keep a record of what was shown, what you accepted and when, with your name, account, address on the network and browser.</footer>`))
})

var thanksPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("thanks").Parse(`<h1>Accepted</h1>
<p class="good" role="status">You accepted {{.Title}}{{with .Who.LegalName}} for {{.}}{{end}}.</p>
<dl class="facts">
<dt>Accepted</dt><dd>{{.At}}</dd>
<dt>By</dt><dd>{{.Name}}</dd>
{{with .Offer.Label}}<dt>Version</dt><dd>{{.}}</dd>{{end}}
<dt>Fingerprint</dt><dd><code>{{.Offer.VersionHash}}</code></dd>
<dt>Record</dt><dd><code>{{.Record}}</code></dd>
</dl>
<p>{{if .Sent}}A copy is on its way to you.{{else}}Please save or print this page: it is your copy.{{end}}</p>
<article aria-label="Text of the agreement" class="agreement">{{.Offer.Body}}</article>`))
})

var stopPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("stop").Parse(`<h1>{{.Head}}</h1><p class="bad" role="alert">{{.Says}}</p>`))
})

// style keeps the words of ticks apart from each other, and targets large
// enough for a thumb.
const style = "label.tick{padding:.35rem 0}article.agreement{border-top:1px solid var(--line);border-bottom:1px solid var(--line);margin:1.2rem 0;padding:.2rem 0;overflow-wrap:anywhere}button{min-height:2.75rem}"

// form shows the version with its form, under a fresh token.
func (c *Clickthrough) form(w http.ResponseWriter, status int, v OfferedVersion, who Visitor, f formState) {
	manifestation := HashText(string(v.Body))
	token, err := c.seal(who.Session, v.VersionHash, manifestation)
	if err != nil {
		c.fail(w)
		return
	}
	authority, consent := c.words(who)
	c.write(w, status, title(v), clickthroughPage(), map[string]any{
		"Title": title(v), "Offer": v, "Who": who, "Form": f, "Token": token, "Manifestation": manifestation,
		"AuthorityText": authority, "ConsentText": consent, "AcceptText": acceptWords(v), "Button": buttonWords,
	})
}

func title(v OfferedVersion) string { return cmp.Or(v.Title, "Business Associate Agreement") }

func (c *Clickthrough) thanks(w http.ResponseWriter, v OfferedVersion, who Visitor, e Evidence) {
	record, err := e.Acceptance.Hash()
	if err != nil {
		c.fail(w)
		return
	}
	c.write(w, http.StatusOK, "Accepted: "+title(v), thanksPage(), map[string]any{
		"Title": title(v), "Offer": v, "Who": who, "At": e.Acceptance.At.Format("2006-01-02 15:04:05 MST"),
		"Name": e.Acceptance.Signer.Name + ", " + e.Acceptance.Signer.Title, "Record": record, "Sent": !e.Acceptance.Copy.IsZero(),
	})
}

// fail says no more than that it failed: what went wrong is the service's own.
func (c *Clickthrough) fail(w http.ResponseWriter) {
	c.stop(w, http.StatusInternalServerError, "Something went wrong on our side. Nothing was accepted. Please open the page again.")
}

func (c *Clickthrough) stop(w http.ResponseWriter, status int, says string) {
	c.write(w, status, http.StatusText(status), stopPage(), map[string]string{"Head": http.StatusText(status), "Says": says})
}

func (c *Clickthrough) write(w http.ResponseWriter, status int, title string, t *template.Template, data any) {
	var body strings.Builder
	if err := t.Execute(&body, data); err != nil {
		headers(w, "default-src 'none'")
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	p := page.Page{Title: title, Style: style, Body: template.HTML(body.String())}
	headers(w, p.CSP())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(p.HTML())) // the visitor is gone if it fails
}

// headers are those of every answer. The referrer policy must not be stricter:
// browsers that send no referrer send no origin with a form either.
func headers(w http.ResponseWriter, csp string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	if csp != "" {
		h.Set("Content-Security-Policy", csp)
	}
}
