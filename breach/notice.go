package breach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// NoticeFactsSchema is the schema of [NoticeFacts] as JSON.
const NoticeFactsSchema = "baakit.breach.notice_facts/1"

// A NoticeKind says which notice a text is. The zero NoticeKind is invalid.
type NoticeKind string

// The kinds of notices.
const (
	IndividualLetter    NoticeKind = "individual"      // letter or e-mail, 45 CFR 164.404(d)(1)
	SubstituteWebNotice NoticeKind = "substitute"      // on a home page or in major media, 164.404(d)(2)(ii)
	UrgentScript        NoticeKind = "urgent"          // on the telephone, 164.404(d)(3)
	MediaRelease        NoticeKind = "media"           // to prominent media outlets, 164.406
	CoveredEntityNotice NoticeKind = "covered_entity"  // from a business associate, 164.410
	IncidentReport      NoticeKind = "incident_report" // what an agreement asks for, breach or not
)

// NoticeKinds returns the kinds of notices. The notice to the Secretary is a
// form, [SecretaryReport].
func NoticeKinds() []NoticeKind {
	return []NoticeKind{IndividualLetter, SubstituteWebNotice, UrgentScript, MediaRelease, CoveredEntityNotice, IncidentReport}
}

// ParseNoticeKind reads what String of a kind prints. The error is a
// [baakit.FieldErrors].
func ParseNoticeKind(s string) (NoticeKind, error) {
	if k := NoticeKind(s); k.valid() {
		return k, nil
	}
	var errs baakit.FieldErrors
	errs.Add("kind", "must be a kind of notice: individual, substitute, urgent, media, covered_entity or incident_report")
	return "", errs
}

func (k NoticeKind) valid() bool { return slices.Contains(NoticeKinds(), k) }

// NoticeFacts are what a notice says. They are written for the person who
// reads the notice and may hold PHI (a recipient's name): their String shows
// nothing of them. Which of them a kind needs is what [NewNotice] says.
type NoticeFacts struct {
	Schema        string      `json:"schema"`
	Sender        string      `json:"sender"`
	Recipient     string      `json:"recipient,omitempty"`
	Place         string      `json:"place,omitempty"`     // of a media notice
	Reference     string      `json:"reference,omitempty"` // of an incident report
	Description   string      `json:"description"`         // sentences
	Occurred      string      `json:"occurred,omitempty"`  // in words, where the days do not say it
	OccurredFrom  baakit.Date `json:"occurred_from,omitzero"`
	OccurredTo    baakit.Date `json:"occurred_to,omitzero"`
	Discovered    baakit.Date `json:"discovered,omitzero"`
	Posted        baakit.Date `json:"posted,omitzero"` // of a substitute notice
	Types         []string    `json:"types,omitempty"`
	Steps         []string    `json:"steps,omitempty"`
	Investigation string      `json:"investigation,omitempty"` // sentences
	Mitigation    string      `json:"mitigation,omitempty"`    // sentences
	Prevention    string      `json:"prevention,omitempty"`    // sentences
	Remediation   []string    `json:"remediation,omitempty"`
	Scope         string      `json:"scope,omitempty"`   // sentences
	Secured       string      `json:"secured,omitempty"` // such as "unsecured" or "encrypted"
	Individuals   int         `json:"individuals,omitempty"`
	List          string      `json:"list,omitempty"` // where the list of individuals is, never the list
	TollFree      string      `json:"toll_free,omitempty"`
	Email         string      `json:"email,omitempty"`
	Website       string      `json:"website,omitempty"`
	Address       string      `json:"address,omitempty"`
}

// String returns a fixed text: the facts may hold PHI.
func (NoticeFacts) String() string { return "breach.NoticeFacts[redacted]" }

// GoString returns what String returns.
func (f NoticeFacts) GoString() string { return f.String() }

// ParseNoticeFacts reads the JSON form, strictly. The error is a
// [baakit.FieldErrors] of all that is wrong; what a kind of notice needs is
// checked by [NewNotice].
func ParseNoticeFacts(data []byte) (NoticeFacts, error) {
	var f NoticeFacts
	if err := strictjson.Decode(data, &f); err != nil {
		return NoticeFacts{}, err
	}
	var errs baakit.FieldErrors
	if f.Schema != NoticeFactsSchema {
		errs.Add("schema", "must be "+NoticeFactsSchema)
	}
	if err := errs.Err(); err != nil {
		return NoticeFacts{}, err
	}
	return f, nil
}

// fields returns the text of every placeholder and the lines of every list;
// an empty one is not filled.
func (f NoticeFacts) fields(kind NoticeKind) (texts map[string]string, lists map[string][]string) {
	whose := "individuals'"
	if kind == IndividualLetter || kind == SubstituteWebNotice {
		whose = "your"
	}
	texts = map[string]string{
		"sender": f.Sender, "recipient": f.Recipient, "place": f.Place, "reference": f.Reference, "whose": whose,
		"description": f.Description, "occurred": f.occurred(), "discovered": longDate(f.Discovered), "posted": longDate(f.Posted),
		"investigation": f.Investigation, "mitigation": f.Mitigation, "prevention": f.Prevention,
		"scope": f.Scope, "secured": f.Secured, "list": f.List, "toll_free": f.TollFree,
	}
	if f.Individuals > 0 {
		texts["count"] = fmt.Sprint(f.Individuals)
	}
	lists = map[string][]string{"types": f.Types, "steps": f.Steps, "remediation": f.Remediation, "contacts": f.contacts()}
	return texts, lists
}

// contacts are the ways of 45 CFR 164.404(c)(1)(E) that were given.
func (f NoticeFacts) contacts() []string {
	var list []string
	for _, c := range []struct{ name, value string }{
		{"Toll-free telephone", f.TollFree}, {"E-mail", f.Email}, {"Web site", f.Website}, {"Postal address", f.Address},
	} {
		if c.value != "" {
			list = append(list, c.name+": "+c.value)
		}
	}
	return list
}

func (f NoticeFacts) occurred() string {
	switch {
	case f.OccurredFrom.IsZero():
		return f.Occurred
	case f.OccurredTo.IsZero() || f.OccurredTo == f.OccurredFrom:
		return "on " + longDate(f.OccurredFrom)
	}
	return "between " + longDate(f.OccurredFrom) + " and " + longDate(f.OccurredTo)
}

// longDate writes a day as people in the United States do.
func longDate(d baakit.Date) string {
	if d.IsZero() {
		return ""
	}
	year, month, day := d.Date()
	return fmt.Sprintf("%s %d, %d", month, day, year)
}

// A Notice is a finished text. Make it with [NewNotice]; the zero Notice is
// empty. It may hold PHI.
type Notice struct {
	kind   NoticeKind
	title  string
	blocks []noticeBlock
}

type noticeBlock struct {
	element, heading, text string
	items                  []string
}

// Kind returns which notice it is.
func (n Notice) Kind() NoticeKind { return n.kind }

// Title returns its headline or subject.
func (n Notice) Title() string { return n.title }

// String returns a fixed text: the notice may hold PHI.
func (n Notice) String() string { return "breach.Notice[redacted]" }

// GoString returns what String returns.
func (n Notice) GoString() string { return n.String() }

// NewNotice fills the library's template of a kind. The template is complete:
// [CheckNotice] finds nothing missing in it. The error is a
// [baakit.FieldErrors] that names every fact that the kind needs and does not
// have; a placeholder is never left in a text.
func NewNotice(kind NoticeKind, f NoticeFacts) (Notice, error) {
	if !kind.valid() {
		_, err := ParseNoticeKind(string(kind))
		return Notice{}, err
	}
	t := loadNoticeLaw().templates[kind]
	texts, lists := f.fields(kind)
	missing := make(map[string]bool)
	fill := func(template string) string {
		return placeholder.ReplaceAllStringFunc(template, func(p string) string {
			name := strings.Trim(p, "{}")
			value := strings.Join(strings.Fields(texts[name]), " ")
			if value == "" || leftOver(value) {
				missing[name] = true
			}
			return value
		})
	}
	n := Notice{kind: kind, title: fill(t.Title)}
	for _, b := range t.Blocks {
		block := noticeBlock{element: b.Element, heading: b.Heading, text: fill(b.Text)}
		if b.Items != "" {
			for _, item := range lists[b.Items] {
				item = strings.Join(strings.Fields(item), " ")
				if item == "" || leftOver(item) {
					missing[b.Items] = true
				}
				block.items = append(block.items, item)
			}
			if len(block.items) == 0 {
				missing[b.Items] = true
			}
		}
		n.blocks = append(n.blocks, block)
	}
	if err := missingFacts(missing); err != nil {
		return Notice{}, err
	}
	return n, nil
}

// missingFacts names the fields behind the placeholders, in field order.
func missingFacts(missing map[string]bool) error {
	var errs baakit.FieldErrors
	for _, f := range []struct{ name, path, rule string }{
		{"sender", "sender", ""},
		{"recipient", "recipient", ""},
		{"place", "place", ""},
		{"reference", "reference", ""},
		{"description", "description", ""},
		{"occurred", "occurred", "is required where occurred_from is not known: say in words what is known"},
		{"discovered", "discovered", ""},
		{"posted", "posted", ""},
		{"types", "types", ""},
		{"steps", "steps", ""},
		{"investigation", "investigation", ""},
		{"mitigation", "mitigation", ""},
		{"prevention", "prevention", ""},
		{"remediation", "remediation", ""},
		{"scope", "scope", ""},
		{"secured", "secured", ""},
		{"count", "individuals", "is required, from 1"},
		{"list", "list", ""},
		{"toll_free", "toll_free", ""},
		{"contacts", "toll_free", "or another way to ask is required: email, website or address"},
	} {
		if missing[f.name] {
			rule := f.rule
			if rule == "" {
				rule = "is required for this notice, without placeholders"
			}
			errs.Add(f.path, rule)
		}
	}
	return errs.Err()
}
