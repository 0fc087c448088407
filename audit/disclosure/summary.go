package disclosure

import (
	"slices"

	"github.com/baakit/baakit"
)

// A LineKind says how a line of an accounting tells of disclosures.
type LineKind string

// The kinds of lines.
const (
	Single     LineKind = "disclosure" // 45 CFR 164.528(b)(2)
	Repeated   LineKind = "repeated"   // 45 CFR 164.528(b)(3)
	ByProtocol LineKind = "research"   // 45 CFR 164.528(b)(4)
)

// A Line is one line of an accounting. Of the kinds Single and Repeated, Date,
// Recipient, Description and Purpose or RequestCopy are those of the first
// disclosure of the period, and Times and Last tell of all of them; of the kind
// ByProtocol, Date and Last are the first and last day on which information
// was or may have been disclosed, and the rest is in Research.
type Line struct {
	Kind        LineKind      `json:"kind"`
	Date        baakit.Date   `json:"date"`
	Recipient   *Recipient    `json:"recipient,omitempty"`
	Description string        `json:"description,omitempty"`
	Purpose     string        `json:"purpose,omitempty"`
	RequestCopy string        `json:"request_copy,omitempty"`
	Basis       Basis         `json:"basis,omitempty"`
	Times       int           `json:"times"`
	Last        baakit.Date   `json:"last"`
	Also        []string      `json:"also,omitempty"` // descriptions of later ones, where they differ
	Research    *ResearchLine `json:"research,omitempty"`
	Entries     []Ref         `json:"entries"` // of the log, in order
}

// A ResearchLine is what an accounting says of a protocol. Statement is the
// one of 45 CFR 164.528(b)(4)(i)(F), that the information may or may not have
// been disclosed.
type ResearchLine struct {
	Protocol    string  `json:"protocol"`
	Description string  `json:"description"`
	Information string  `json:"information"`
	Sponsor     Contact `json:"sponsor"`
	Researcher  Contact `json:"researcher"`
	Statement   string  `json:"statement"`
}

// A group is what the disclosures of one line have in common. The zero values
// of a field mean that it does not count for the kind.
type group struct {
	kind                  LineKind
	recipient             Recipient
	purpose, copy         string
	basis                 Basis
	protocol, plain, what string
	sponsor, researcher   Contact
}

// group returns the line that a disclosure may be told in together with
// others; ok is false if it has to stand alone.
func (r record) group(full bool) (g group, ok bool) {
	if r.summarized(full) {
		p := r.Research
		return group{
			kind: ByProtocol, protocol: p.Protocol, plain: p.Description, what: p.Information, sponsor: p.Sponsor, researcher: p.Researcher,
		}, true
	}
	if row, _ := law().basis(r.Basis); row.Summary && !full {
		return group{kind: Repeated, recipient: r.Recipient, purpose: r.Purpose, copy: r.RequestCopy, basis: r.Basis}, true
	}
	return group{}, false
}

// lines folds disclosures, in order, into the lines of an accounting. With
// full, each stands alone, except that research by protocol has no other form
// for a protocol that may have concerned anybody.
func lines(list []record, from, through baakit.Date, full bool) []Line {
	out := []Line{}
	place := make(map[group]int)
	for _, r := range list {
		g, ok := r.group(full)
		if i, found := place[g]; ok && found {
			out[i].join(r, full, from, through)
			continue
		}
		if ok {
			place[g] = len(out)
		}
		out = append(out, line(r, full, from, through))
	}
	least := law().thresholds["repeated"]
	for i := range out {
		if out[i].Kind == Single && out[i].Times >= least {
			out[i].Kind = Repeated
		}
	}
	return out
}

func line(r record, full bool, from, through baakit.Date) Line {
	if !r.summarized(full) {
		recipient := r.Recipient
		return Line{
			Kind: Single, Date: r.Date, Recipient: &recipient, Description: r.Description, Purpose: r.Purpose, RequestCopy: r.RequestCopy,
			Basis: r.Basis, Times: 1, Last: r.Date, Entries: []Ref{r.ref},
		}
	}
	first, last := r.days(full)
	return Line{
		Kind: ByProtocol, Date: later(first, from), Times: 1, Last: earlier(last, through), Entries: []Ref{r.ref},
		Research: &ResearchLine{
			r.Research.Protocol, r.Research.Description, r.Research.Information, r.Research.Sponsor, r.Research.Researcher,
			law().reason("may_or_may_not").Says,
		},
	}
}

// join adds a later disclosure to the line.
func (l *Line) join(r record, full bool, from, through baakit.Date) {
	l.Times++
	l.Entries = append(l.Entries, r.ref)
	first, last := r.days(full)
	l.Last = later(l.Last, earlier(last, through))
	if l.Kind == ByProtocol {
		l.Date = earlier(l.Date, later(first, from))
		return
	}
	if r.Description != l.Description && !slices.Contains(l.Also, r.Description) {
		l.Also = append(l.Also, r.Description)
	}
}

func later(a, b baakit.Date) baakit.Date {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b baakit.Date) baakit.Date {
	if b.Before(a) {
		return b
	}
	return a
}
