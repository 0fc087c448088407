package breach

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit"
)

//go:embed law/notices.json
var noticesJSON []byte

//go:embed templates/notices.json
var noticeTemplatesJSON []byte

// A noticeElement is something that a notice has to say. It is found in a
// paragraph or a sentence that has one cue of every group.
type noticeElement struct {
	ID         string            `json:"id"`
	Kinds      []NoticeKind      `json:"kinds"`
	Title      string            `json:"title"`
	Asks       string            `json:"asks"`
	Citation   string            `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	Scope      string            `json:"scope"`
	Cues       [][]string        `json:"cues"`
}

type noticeTemplate struct {
	Title  string `json:"title"`
	Blocks []struct {
		Element string `json:"element"`
		Heading string `json:"heading"`
		Text    string `json:"text"`
		Items   string `json:"items"`
	} `json:"blocks"`
}

type noticeLaw struct {
	asOf      baakit.Date
	elements  []noticeElement
	templates map[NoticeKind]noticeTemplate
}

var loadNoticeLaw = sync.OnceValue(func() *noticeLaw {
	law, err := parseNoticeLaw(noticesJSON, noticeTemplatesJSON)
	if err != nil {
		panic("breach: law/notices.json: " + err.Error()) // embedded and tested
	}
	return law
})

func parseNoticeLaw(lawJSON, templatesJSON []byte) (*noticeLaw, error) {
	var file struct {
		Schema   string          `json:"schema"`
		AsOf     baakit.Date     `json:"as_of"`
		Source   string          `json:"source"`
		Elements []noticeElement `json:"elements"`
	}
	if err := json.Unmarshal(lawJSON, &file); err != nil {
		return nil, err
	}
	var texts struct {
		Schema    string                        `json:"schema"`
		Templates map[NoticeKind]noticeTemplate `json:"templates"`
	}
	if err := json.Unmarshal(templatesJSON, &texts); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	for i, e := range file.Elements {
		at := fmt.Sprintf("elements[%d]", i)
		if e.ID == "" || len(e.Cues) == 0 || len(e.Kinds) == 0 || e.Confidence.IsZero() || e.Title == "" || e.Asks == "" || e.Scope != "sentence" && e.Scope != "paragraph" {
			errs.Add(at, "must be whole")
		}
		if _, err := baakit.ParseCitation(e.Citation); err != nil {
			errs.Add(at+".citation", "must be a citation")
		}
		for _, k := range e.Kinds {
			if !k.valid() {
				errs.Add(at+".kinds", "must be kinds of notices")
			}
		}
	}
	for _, k := range NoticeKinds() {
		if len(texts.Templates[k].Blocks) == 0 {
			errs.Add("templates."+string(k), "is required")
		}
	}
	return &noticeLaw{file.AsOf, file.Elements, texts.Templates}, errs.Err()
}

func (l *noticeLaw) of(kind NoticeKind) []noticeElement {
	var list []noticeElement
	for _, e := range l.elements {
		if slices.Contains(e.Kinds, kind) {
			list = append(list, e)
		}
	}
	return list
}

// The marks of things that are told by their shape. A cue that begins with @
// names one.
var (
	placeholder = regexp.MustCompile(`\{[a-z_]+\}`)
	unfilled    = regexp.MustCompile(`\{\{?[^{}]{0,60}\}?\}|\[[A-Za-z][^\[\]()]{0,60}\](?:[^(]|$)|<<[^<>]{0,60}>>|__{2,}|\bX{3,}\b|\bT[BK][DC]\b`)
	shapes      = map[string]*regexp.Regexp{
		"@date":     regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}\b|\b\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{4}\b`),
		"@tollfree": regexp.MustCompile(`\b(?:1[-. ]?)?\(?8(?:00|33|44|55|66|77|88)\)?[-. ]?[0-9a-z]{3}[-. ]?[0-9a-z]{4}\b`),
		"@phone":    regexp.MustCompile(`\b(?:1[-. ]?)?\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}\b`),
		"@email":    regexp.MustCompile(`\b[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+\b`),
		"@url":      regexp.MustCompile(`\bhttps?://[^\s]+|\bwww\.[^\s]+`),
		"@postal":   regexp.MustCompile(`\b[a-z]{2},? \d{5}(?:-\d{4})?\b|\bp\.? ?o\.? box \d+`),
		"@number":   regexp.MustCompile(`\b\d[\d,]*\b`),
		"@list":     regexp.MustCompile(`\n- `),
	}
)

// leftOver reports whether a text still holds a placeholder.
func leftOver(s string) bool { return unfilled.MatchString(s) }

// has reports whether a lower-case text has the cue: as the beginning of a
// word, or in its shape.
func has(text, cue string) bool {
	if shape, ok := shapes[cue]; ok {
		return shape.MatchString(text)
	}
	cue = strings.TrimSpace(cue)
	for from := 0; ; {
		i := strings.Index(text[from:], cue)
		if i < 0 {
			return false
		}
		i += from
		if i == 0 || !isLetter(text[i-1]) {
			return true
		}
		from = i + 1
	}
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' }
