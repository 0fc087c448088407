package disclosure

import (
	"fmt"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/markdown"
)

// heading is what both renderings of an accounting begin with.
func (a Accounting) heading() [][2]string {
	list := [][2]string{{"Individual", a.Patient}}
	if a.For != "" {
		list = append(list, [2]string{"Covered entity", a.For})
	}
	if a.By != "" {
		list = append(list, [2]string{"Prepared by", a.By})
	}
	return append(list,
		[2]string{"Requested", a.Requested.String()},
		[2]string{"Prepared", a.Made.String()},
		[2]string{"Period", a.From.String() + " to " + a.Through.String()},
		[2]string{"To be given by", a.Due.String()},
	)
}

// cells are the columns of a line: when, to whom, what, why.
func (l Line) cells() []string {
	when, what := l.Date.String(), l.Description
	switch {
	case l.Kind == Repeated:
		when = fmt.Sprintf("%s first, %s last, %d times", l.Date, l.Last, l.Times)
		if len(l.Also) > 0 {
			what += "; later also: " + strings.Join(l.Also, "; ")
		}
	case l.Kind == ByProtocol:
		if l.Last != l.Date {
			when = fmt.Sprintf("%s to %s, the last on %s", l.Date, l.Last, l.Last)
		}
		r := l.Research
		return []string{
			when,
			"researcher " + r.Researcher.line() + "; sponsor " + r.Sponsor.line(),
			r.Information,
			"research: " + r.Protocol + ": " + r.Description + ". " + sentence(r.Statement),
		}
	}
	to := l.Recipient.Name
	if l.Recipient.Address != "" {
		to += ", " + l.Recipient.Address
	}
	why := l.Purpose
	if l.RequestCopy != "" {
		why = "see the copy of the request"
	}
	return []string{when, to, what, why}
}

func (c Contact) line() string { return c.Name + ", " + c.Address + ", " + c.Telephone }

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// entries names the entries of a line.
func (l Line) entries() string {
	var list []string
	for _, r := range l.Entries {
		list = append(list, fmt.Sprintf("%s %d", r.Chain, r.Seq))
	}
	return strings.Join(list, ", ")
}

// remarks are what a reader has to know besides the lines.
func (a Accounting) remarks() []string {
	var list []string
	if len(a.Lines) == 0 {
		list = append(list, "No disclosure of this period has to be accounted for.")
	}
	if n := len(a.Unreadable); n > 0 {
		list = append(list, fmt.Sprintf("%d %s of the log that may belong here cannot be read:", n, plural(n, "entry", "entries")))
		for _, u := range a.Unreadable {
			list = append(list, "- "+u.says())
		}
	}
	if n := a.Unattributed; n > 0 {
		list = append(list, fmt.Sprintf("%d further %s cannot be read and %s whom %s about.", n, plural(n, "entry", "entries"),
			plural(n, "does not say", "do not say"), plural(n, "it is", "they are")))
	}
	if a.Complete() {
		list = append(list, "Every entry of the log that may belong here was read.")
	}
	for _, l := range a.Lines {
		if l.Kind == ByProtocol {
			list = append(list, sentence(law().reason("contact").Says))
			break
		}
	}
	if len(a.Evidence) > 0 {
		list = append(list, "The JSON form of this accounting holds a proof for every entry.")
	}
	return list
}

func (u Unreadable) says() string {
	what := "an entry"
	if u.Disclosure {
		what = "a disclosure"
	}
	why := map[UnreadableWhy]string{
		Erased: "its particulars were erased", Sealed: "its particulars do not open", Malformed: "its particulars are not in a known form",
		NoPatient: "it does not say whom it is about",
	}[u.Why]
	return fmt.Sprintf("%s recorded on %s (%s %d): %s", what, u.Recorded, u.Chain, u.Seq, why)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func sources(list []baakit.Citation) string {
	var texts []string
	for _, c := range list {
		texts = append(texts, c.String())
	}
	return strings.Join(texts, "; ")
}

// copies are the copies of requests, by the numbers of their lines.
func (a Accounting) copies(f func(n int, text string)) {
	for i, l := range a.Lines {
		if l.RequestCopy != "" {
			f(i+1, l.RequestCopy)
		}
	}
}

// Markdown returns the accounting as a document to hand over.
func (a Accounting) Markdown() string {
	var b strings.Builder
	b.WriteString("# Accounting of disclosures\n\n")
	for _, h := range a.heading() {
		fmt.Fprintf(&b, "* %s: %s\n", h[0], markdown.Text(h[1]))
	}
	b.WriteByte('\n')
	if len(a.Lines) > 0 {
		var rows [][]string
		for i, l := range a.Lines {
			rows = append(rows, append(append([]string{fmt.Sprint(i + 1)}, l.cells()...), l.entries()))
		}
		b.WriteString(markdown.Table([]string{"No.", "Date", "Recipient", "Information", "Purpose", "Entries"}, rows))
		b.WriteByte('\n')
	}
	after := ""
	for _, r := range a.remarks() {
		if item, ok := strings.CutPrefix(r, "- "); ok {
			b.WriteString("* " + markdown.Text(item) + "\n")
			after = "\n"
			continue
		}
		b.WriteString(after + markdown.Text(r) + "\n\n")
		after = ""
	}
	b.WriteString(after)
	a.copies(func(n int, text string) {
		fmt.Fprintf(&b, "## Copy of the request of line %d\n\n", n)
		for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
			if i > 0 {
				b.WriteString(">\n")
			}
			b.WriteString("> " + markdown.Text(line) + "\n")
		}
		b.WriteByte('\n')
	})
	fmt.Fprintf(&b, "Sources: %s (%s).\n", markdown.Text(sources(a.Citations())), a.Confidence())
	return b.String()
}

// Text returns the accounting as plain text.
func (a Accounting) Text() string {
	var b strings.Builder
	b.WriteString("ACCOUNTING OF DISCLOSURES\n\n")
	for _, h := range a.heading() {
		fmt.Fprintf(&b, "%-15s %s\n", h[0]+":", flat(h[1]))
	}
	for i, l := range a.Lines {
		c := l.cells()
		fmt.Fprintf(&b, "\n%d. %s\n   to: %s\n   what: %s\n   why: %s\n   entries: %s\n", i+1, flat(c[0]), flat(c[1]), flat(c[2]), flat(c[3]), l.entries())
	}
	b.WriteByte('\n')
	for _, r := range a.remarks() {
		b.WriteString(flat(r) + "\n")
	}
	a.copies(func(n int, text string) {
		fmt.Fprintf(&b, "\nCopy of the request of line %d:\n", n)
		for line := range strings.Lines(text) {
			b.WriteString("   " + flat(line) + "\n")
		}
	})
	fmt.Fprintf(&b, "\nSources: %s (%s).\n", sources(a.Citations()), a.Confidence())
	return b.String()
}

// flat makes one line of a text.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// counts says how many disclosures were treated how.
func (w Worksheet) counts() string {
	var list []string
	for _, t := range []Treatment{Accounted, Exempt, Suspended, Outside} {
		list = append(list, fmt.Sprintf("%d %s", w.Count(t), t))
	}
	return strings.Join(list, ", ")
}

func (c Considered) cells() []string {
	var why, where []string
	for _, r := range c.Reasons {
		why = append(why, r.Says)
		where = append(where, sources(r.Citations))
	}
	treatment := string(c.Treatment)
	if !c.Until.IsZero() {
		treatment += " through " + c.Until.String()
	}
	return []string{fmt.Sprintf("%s %d", c.Chain, c.Seq), c.Date.String(), treatment, strings.Join(why, "; "), strings.Join(where, "; ")}
}

const internal = "For whoever prepares the accounting only: it tells what must not be told."

// Markdown returns the worksheet as a table.
func (w Worksheet) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Worksheet of an accounting\n\n%s\n\n", internal)
	fmt.Fprintf(&b, "* Individual: %s\n* Requested: %s\n* Prepared: %s\n* Period: %s to %s\n* Disclosures: %s\n",
		markdown.Text(w.Patient), w.Requested, w.Made, w.From, w.Through, w.counts())
	if !w.Again.IsZero() {
		fmt.Fprintf(&b, "* To be made again on: %s\n", w.Again)
	}
	var rows [][]string
	for _, c := range w.Considered {
		rows = append(rows, c.cells())
	}
	b.WriteString("\n" + markdown.Table([]string{"Entry", "Date", "Treatment", "Why", "Source"}, rows))
	return b.String()
}

// Text returns the worksheet as plain text.
func (w Worksheet) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "WORKSHEET OF AN ACCOUNTING\n%s\n\nIndividual:     %s\nRequested:      %s\nPrepared:       %s\nPeriod:         %s to %s\nDisclosures:    %s\n",
		internal, flat(w.Patient), w.Requested, w.Made, w.From, w.Through, w.counts())
	if !w.Again.IsZero() {
		fmt.Fprintf(&b, "Again on:       %s\n", w.Again)
	}
	for _, c := range w.Considered {
		cells := c.cells()
		fmt.Fprintf(&b, "\n%s, %s: %s\n   %s [%s]\n", cells[0], cells[1], cells[2], cells[3], cells[4])
	}
	return b.String()
}
