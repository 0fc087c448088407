package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// few is how many possible obligations are listed without being asked for.
const few = 8

// show prints the timeline for somebody who has to act on it.
func show(w io.Writer, t breach.Timeline, today baakit.Date, all bool) error {
	var out strings.Builder
	name := "INCIDENT"
	if t.Incident.ID != "" {
		name += " " + t.Incident.ID
	}
	fmt.Fprintf(&out, "%s, judged by the law of %s: %s\n", name, t.RulesAsOf, outcome(t.Determination.Outcome))
	for _, c := range t.Clocks {
		note := ""
		switch {
		case c.Imputed:
			note = " (the discovery of its agent)"
		case c.Assumed:
			note = " (the earliest possible; see the questions)"
		}
		fmt.Fprintf(&out, "  %s: discovered %s%s\n", c.Party, date(c.Discovered), note)
	}

	var now, dated, possible, aside []breach.Obligation
	for _, o := range t.Obligations {
		switch {
		case o.Standing == breach.SetAside:
			aside = append(aside, o)
		case o.Standing == breach.Possible:
			possible = append(possible, o)
		case o.Dated():
			dated = append(dated, o)
		default:
			now = append(now, o)
		}
	}
	section(&out, "AT ONCE: no number of days, and no reason to wait", now, today)
	section(&out, "BY A DATE: the last day, not the day to aim for", dated, today)
	hidden := 0
	if len(possible) > few && !all {
		hidden = len(possible) - few
		possible = possible[:few]
	}
	section(&out, "PERHAPS: owed if an answer says so; the date is safe whatever it is", possible, today)
	if hidden > 0 {
		fmt.Fprintf(&out, "  ... and %d more that depend on the questions below; -all lists them\n", hidden)
	}
	section(&out, "SET ASIDE by policy", aside, today)
	if len(t.Questions) > 0 {
		out.WriteString("\nQUESTIONS that would settle dates\n")
		for _, q := range t.Questions {
			fmt.Fprintf(&out, "  %s\n      %s\n", q.Asks, q.ID)
		}
	}
	out.WriteString("\n(!) the rule rests on an unverified source.  Not legal advice.\n")
	_, err := io.WriteString(w, out.String())
	return err
}

func outcome(o breach.Outcome) string {
	switch {
	case o == breach.Indeterminate:
		return "presumed to be a breach"
	case o == breach.BreachOutcome:
		return "a breach"
	}
	return "not a breach under HIPAA (" + strings.ReplaceAll(string(o), "_", " ") + ")"
}

func section(out *strings.Builder, title string, list []breach.Obligation, today baakit.Date) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", title)
	for _, o := range list {
		mark := ""
		if o.Confidence == baakit.Memory || len(o.Flags) > 0 {
			mark = " (!)"
		}
		if !o.Governs {
			mark += " (an earlier clock governs)"
		}
		fmt.Fprintf(out, "  %-16s%s%s to %s%s%s\n", by(o), left(o, today), o.OwedBy, o.Recipient, subject(o), mark)
		why := o.Explanation
		if len(o.Citations) > 0 {
			why += " [" + o.Citations[0].String() + "]"
		}
		for _, line := range wrap(why, 76) {
			fmt.Fprintf(out, "      %s\n", line)
		}
		if o.Deemed == breach.Deemed || o.Deemed == breach.PartlyDeemed {
			word := "suffices"
			if o.Deemed == breach.PartlyDeemed {
				word = "partly suffices"
			}
			fmt.Fprintf(out, "      Compliance with HIPAA %s here; the date stands until somebody decides so.\n", word)
		}
	}
}

// subject says what is reported where the recipient alone does not.
func subject(o breach.Obligation) string {
	switch o.Kind {
	case breach.Upstream:
		if o.Regime == breach.StateLaw {
			return ": the breach, under the law of " + o.Jurisdiction.Name()
		}
		return ": the breach"
	case breach.UseOrDisclosureReport:
		return ": the use or disclosure that the agreement does not allow"
	case breach.SecurityIncidentReport:
		return ": the security incident"
	case breach.AggregateReport:
		return ": unsuccessful incidents"
	}
	return ""
}

func by(o breach.Obligation) string {
	switch {
	case !o.DueAt.IsZero():
		return o.DueAt.Format("Mon 01-02 15:04")
	case o.Dated():
		return date(o.Due)
	case o.Promptness == breach.Immediately:
		return "immediately"
	case o.Promptness == breach.AsAgreed:
		return "as agreed"
	}
	return "without delay"
}

func left(o breach.Obligation, today baakit.Date) string {
	if today.IsZero() || !o.Dated() {
		return ""
	}
	switch n := o.Due.Sub(today); {
	case n < 0:
		return fmt.Sprintf("%4d days LATE  ", -n)
	case n == 0:
		return "     TODAY      "
	default:
		return fmt.Sprintf("%4d days left  ", n)
	}
}

func date(d baakit.Date) string { return d.Weekday().String()[:3] + " " + d.String() }

func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
