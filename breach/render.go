package breach

import (
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/markdown"
)

// when says by when in one cell: the day with its weekday, the instant of a
// clock in hours, or how prompt where the rule names no time.
func (o Obligation) when() string {
	switch {
	case !o.DueAt.IsZero():
		return o.DueAt.Format("Mon 2006-01-02 15:04 MST")
	case o.Dated():
		return o.Due.Weekday().String()[:3] + " " + o.Due.String()
	case o.Promptness != 0:
		return strings.ReplaceAll(o.Promptness.String(), "_", " ")
	}
	return "at once"
}

// standing says in a word or two how firm the obligation is.
func (o Obligation) standing() string {
	word := strings.ReplaceAll(o.Standing.String(), "_", " ")
	if !o.Governs {
		word += ", an earlier clock governs"
	}
	if len(o.Questions) > 0 {
		word += ", a fact is open"
	}
	return word
}

func (o Obligation) sources() string {
	var list []string
	for _, c := range o.Citations {
		list = append(list, c.String())
	}
	return strings.Join(list, "; ")
}

// marks are what a reader has to know about the rule.
func (o Obligation) marks() string {
	list := []string{o.Confidence.String()}
	for _, f := range o.Flags {
		list = append(list, strings.ReplaceAll(string(f), "_", " "))
	}
	return strings.Join(list, ", ")
}

func (o Obligation) to() string {
	if o.Jurisdiction.IsZero() {
		return o.Recipient
	}
	return o.Jurisdiction.Code() + ": " + o.Recipient
}

// asks returns the open questions in words.
func (t Timeline) asks() []string {
	var list []string
	for _, q := range t.Questions {
		list = append(list, q.Asks)
	}
	return list
}

// first returns the first last day that is owed, and whether there is one.
func (t Timeline) first() (Obligation, bool) {
	for _, o := range t.Obligations {
		if o.Dated() && o.Standing != SetAside {
			return o, true
		}
	}
	return Obligation{}, false
}

func (t Timeline) title() string {
	if t.Incident.ID != "" {
		return "Incident " + t.Incident.ID
	}
	return "Incident"
}

// Markdown returns the timeline as Markdown: the outcome, a table of the
// obligations and the open questions. Equal timelines give equal bytes.
func (t Timeline) Markdown() string {
	var b strings.Builder
	b.WriteString("# " + markdown.Text(t.title()) + "\n\n")
	b.WriteString("Outcome: " + markdown.Text(strings.ReplaceAll(string(t.Determination.Outcome), "_", " ")) + ". Rules as of " + t.RulesAsOf.String() + ".\n\n")
	var rows [][]string
	for _, o := range t.Obligations {
		rows = append(rows, []string{o.when(), o.to(), o.OwedBy, o.standing(), o.Explanation, o.sources(), o.marks()})
	}
	b.WriteString(markdown.Table([]string{"by", "to", "owed by", "standing", "why", "source", "confidence"}, rows))
	if asks := t.asks(); len(asks) > 0 {
		b.WriteString("\n## Open questions\n\n")
		for _, q := range asks {
			b.WriteString("- " + markdown.Text(q) + "\n")
		}
	}
	b.WriteString("\n" + disclaimer + "\n")
	return b.String()
}

const disclaimer = "Every date is the last one; the law asks for notice without unreasonable delay. Not legal advice."

// extent returns the earliest day of the picture and the latest.
func (t Timeline) extent() (from, to baakit.Date) {
	widen := func(d baakit.Date) {
		if d.IsZero() {
			return
		}
		if from.IsZero() || d.Before(from) {
			from = d
		}
		if to.IsZero() || d.After(to) {
			to = d
		}
	}
	for _, o := range t.Obligations {
		widen(o.Start)
		widen(o.Due)
		widen(o.DelayedThrough)
	}
	return from, to
}
