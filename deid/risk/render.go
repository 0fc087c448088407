package risk

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/baakit/baakit/internal/markdown"
)

// noVerdict ends every rendering.
const noVerdict = "These are measures, not a determination: whether a risk is very small is the expert's to say (45 CFR 164.514(b)(1))."

// Text returns the result for a person, as a table of measures.
func (r *Result) Text() string {
	var b strings.Builder
	b.WriteString(r.title() + "\n\n")
	table(&b, nil, r.rows())
	b.WriteString("\n" + noVerdict + "\n")
	return b.String()
}

// Markdown returns what Text returns, as Markdown.
func (r *Result) Markdown() string {
	return "# " + markdown.Text(r.title()) + "\n\n" + markdown.Table([]string{"measure", "value"}, r.rows()) + "\n" + markdown.Text(noVerdict) + "\n"
}

func (r *Result) title() string {
	return fmt.Sprintf("Re-identification risk of %d records by %s", r.Records, strings.Join(r.Quasi, ", "))
}

func (r *Result) rows() [][]string {
	percent := func(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }
	population := "the table itself as the population, never too low"
	if r.Population == PopulationGiven {
		population = "the population given"
	}
	rows := [][]string{
		{"equivalence classes", fmt.Sprint(r.Classes)},
		{"k, the smallest class", fmt.Sprint(r.K)},
		{"unique records", fmt.Sprintf("%d (%s)", r.UniqueRecords, percent(r.UniqueShare))},
		{fmt.Sprintf("records in classes below %d", r.Threshold), fmt.Sprintf("%d (%s) in %d classes", r.SmallRecords, percent(r.SmallShare), r.SmallClasses)},
		{"prosecutor, highest", percent(r.Prosecutor.Highest)},
		{"prosecutor, average", percent(r.Prosecutor.Average)},
		{"journalist, highest", percent(r.Journalist.Highest)},
		{"journalist, average", percent(r.Journalist.Average)},
		{"marketer", percent(r.Marketer.Average)},
		{"journalist and marketer by", population},
	}
	for _, s := range r.Sensitive {
		rows = append(rows, []string{
			s.Name + ", l and t", fmt.Sprintf("%d distinct, %.2f by entropy, distance %.4f", s.DistinctL, s.EntropyL, s.T),
		})
	}
	return rows
}

// Text returns the choices for a person, a line for each.
func (f *Front) Text() string {
	var b strings.Builder
	b.WriteString(f.title() + "\n\n")
	table(&b, f.head(), f.rows())
	b.WriteString("\n" + noVerdict + "\n")
	return b.String()
}

// Markdown returns what Text returns, as Markdown.
func (f *Front) Markdown() string {
	return "# " + markdown.Text(f.title()) + "\n\n" + markdown.Table(f.head(), f.rows()) + "\n" + markdown.Text(noVerdict) + "\n"
}

func (f *Front) title() string {
	return fmt.Sprintf("%d combinations of steps worth choosing between", len(f.Choices))
}

func (f *Front) head() []string {
	return append(append([]string{}, f.Ladders...), "loss", "k", "small records", "highest risk")
}

func (f *Front) rows() [][]string {
	rows := make([][]string, 0, len(f.Choices))
	for _, c := range f.Choices {
		rows = append(rows, append(append([]string{}, c.Steps...), fmt.Sprintf("%.3f", c.Loss), fmt.Sprint(c.Result.K),
			fmt.Sprintf("%d (%.2f %%)", c.Result.SmallRecords, 100*c.Result.SmallShare), fmt.Sprintf("%.2f %%", 100*c.Result.Prosecutor.Highest)))
	}
	return rows
}

func table(b *strings.Builder, head []string, rows [][]string) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	if head != nil {
		fmt.Fprintln(w, strings.Join(head, "\t"))
	}
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
}
