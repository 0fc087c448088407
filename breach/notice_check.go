package breach

import (
	"regexp"
	"strings"

	"github.com/baakit/baakit"
)

// NoticeChecklistSchema is the schema of a [NoticeChecklist] as JSON.
const NoticeChecklistSchema = "baakit.breach.notice_checklist/1"

// MaxDraft is the greatest length of a draft, in bytes.
const MaxDraft = 1 << 20

// A NoticeChecklist says what a draft has of what its kind of notice has to
// say.
type NoticeChecklist struct {
	Schema   string          `json:"schema"`
	Kind     NoticeKind      `json:"kind"`
	Complete bool            `json:"complete"` // nothing missing, nothing unfilled
	Elements []NoticeElement `json:"elements"`
	// Unfilled are the paragraphs, from 1, that still hold a placeholder.
	Unfilled []int `json:"unfilled,omitempty"`
}

// A NoticeElement is something that the notice has to say. Paragraph is where
// it was found, from 1, and 0 if it was not.
type NoticeElement struct {
	ID        string          `json:"id"`
	Title     string          `json:"title"`
	Asks      string          `json:"asks"`
	Found     bool            `json:"found"`
	Paragraph int             `json:"paragraph,omitempty"`
	Citation  baakit.Citation `json:"citation"`
}

// Missing returns the elements that were not found, in the order of the law.
func (c NoticeChecklist) Missing() []NoticeElement {
	var list []NoticeElement
	for _, e := range c.Elements {
		if !e.Found {
			list = append(list, e)
		}
	}
	return list
}

// CheckNotice looks in a draft, plain text or Markdown, for what the kind of
// notice has to say: 45 CFR 164.404(c) for individuals, 164.406(c) for the
// media, 164.410(c) for the covered entity; for the urgent call and the
// incident report, whose content the law leaves open, what is customary,
// marked as derived.
//
// It reads words, not sense: an element that was found is still to be read by
// a person, an element that was not found is missing or said in words that the
// table does not know. It returns no part of the draft. The error is a
// [baakit.FieldErrors] for an unknown kind or a draft that is empty or longer
// than [MaxDraft].
func CheckNotice(kind NoticeKind, draft string) (NoticeChecklist, error) {
	var errs baakit.FieldErrors
	if _, err := ParseNoticeKind(string(kind)); err != nil {
		errs.Merge("", err)
	}
	switch {
	case strings.TrimSpace(draft) == "":
		errs.Add("draft", "is empty")
	case len(draft) > MaxDraft:
		errs.Add("draft", "must not be longer than 1 MiB")
	}
	if err := errs.Err(); err != nil {
		return NoticeChecklist{}, err
	}
	law := loadNoticeLaw()
	c := NoticeChecklist{Schema: NoticeChecklistSchema, Kind: kind, Complete: true}
	paragraphs := splitParagraphs(draft)
	for i, p := range paragraphs {
		if leftOver(p) {
			c.Unfilled = append(c.Unfilled, i+1)
			c.Complete = false
		}
		paragraphs[i] = strings.ToLower(p)
	}
	for _, e := range law.of(kind) {
		found := e.find(paragraphs)
		c.Complete = c.Complete && found > 0
		c.Elements = append(c.Elements, NoticeElement{
			ID: e.ID, Title: e.Title, Asks: e.Asks, Found: found > 0, Paragraph: found,
			Citation: baakit.MustParseCitation(e.Citation).WithAsOf(law.asOf).WithConfidence(e.Confidence),
		})
	}
	return c, nil
}

// find returns the number of the first paragraph that has the element, or 0.
func (e noticeElement) find(paragraphs []string) int {
	for i, p := range paragraphs {
		if e.Scope == "paragraph" {
			if e.matches(p) {
				return i + 1
			}
			continue
		}
		for s := range strings.SplitSeq(sentenceEnd.ReplaceAllString(p, "$1\x00"), "\x00") {
			if e.matches(s) {
				return i + 1
			}
		}
	}
	return 0
}

func (e noticeElement) matches(text string) bool {
	for _, group := range e.Cues {
		hit := false
		for _, cue := range group {
			if has(text, cue) {
				hit = true
				break
			}
		}
		if !hit {
			return false
		}
	}
	return true
}

// sentenceEnd is a mark that ends a sentence: a word of three letters or more,
// or a digit, before it keeps abbreviations together.
var sentenceEnd = regexp.MustCompile(`((?:[a-z)]{3}|\d)[.!?])\s+`)

var (
	blankLine = regexp.MustCompile(`\n[ \t]*\n`)
	listItem  = regexp.MustCompile(`(?m)^[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]+`)
	heading   = regexp.MustCompile(`^#{1,6}[ \t]+[^\n]*$`)
)

// splitParagraphs parts a draft at blank lines. A heading belongs to the
// paragraph below it, a list to the one above. Headings are left out: they
// announce an element and do not say it.
func splitParagraphs(draft string) []string {
	draft = strings.ReplaceAll(draft, "\r\n", "\n")
	var list []string
	for _, p := range blankLine.Split(draft, -1) {
		p = strings.TrimSpace(p)
		if first, rest, _ := strings.Cut(p, "\n"); heading.MatchString(first) {
			p = strings.TrimSpace(rest)
		}
		if p == "" {
			continue
		}
		isList := listItem.MatchString(strings.SplitN(p, "\n", 2)[0] + " ")
		p = listItem.ReplaceAllString(p, "\n- ")
		p = strings.NewReplacer("\\", "", "**", "", "’", "'").Replace(p)
		if isList && len(list) > 0 {
			list[len(list)-1] += "\n" + p
			continue
		}
		list = append(list, p)
	}
	return list
}
