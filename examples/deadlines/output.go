package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// A format is how the timeline or a notice is printed.
type format string

const (
	table     format = "table"
	asJSON    format = "json"
	calendar  format = "ics"
	picture   format = "svg"
	markdown  format = "md"
	webPage   format = "html"
	plainText format = "text"
)

// formatFlags adds a flag for each format that is not the table; at most one
// may be given.
func formatFlags(flags *flag.FlagSet) *[]format {
	var given []format
	for _, f := range []struct {
		format format
		says   string
	}{
		{asJSON, "print as JSON"},
		{calendar, "print the timeline as an iCalendar file"},
		{picture, "print the timeline as an SVG picture"},
		{markdown, "print as Markdown"},
		{webPage, "print as a self-contained HTML page"},
	} {
		flags.BoolFunc(string(f.format), f.says, func(string) error {
			given = append(given, f.format)
			return nil
		})
	}
	return &given
}

func only(given []format, none format) (format, error) {
	switch len(given) {
	case 0:
		return none, nil
	case 1:
		return given[0], nil
	}
	return "", fmt.Errorf("-%s and -%s are two formats; want one", given[0], given[1])
}

func printTimeline(w io.Writer, f format, t breach.Timeline, today baakit.Date, all bool) error {
	switch f {
	case asJSON:
		return printJSON(w, t)
	case calendar:
		data, err := t.ICalendar(nil)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	case picture:
		_, err := io.WriteString(w, t.SVG())
		return err
	case markdown:
		_, err := io.WriteString(w, t.Markdown())
		return err
	case webPage:
		_, err := io.WriteString(w, t.HTML())
		return err
	}
	return show(w, t, today, all)
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// writeNotice fills the template of a kind from facts and prints it.
func writeNotice(kind breach.NoticeKind, f format, data []byte, stdout, stderr io.Writer) int {
	facts, err := breach.ParseNoticeFacts(data)
	if err != nil {
		return refuse(stderr, err)
	}
	n, err := breach.NewNotice(kind, facts)
	if err != nil {
		return refuse(stderr, err)
	}
	text := ""
	switch f {
	case plainText:
		text = n.Text()
	case markdown:
		text = n.Markdown()
	case webPage:
		text = n.HTML()
	default:
		return refuse(stderr, fmt.Errorf("a notice is text, -md or -html, not -%s", f))
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		fmt.Fprintln(stderr, "deadlines:", err)
		return 1
	}
	return 0
}

// checkDraft prints what a draft has and lacks; the exit code is 1 where
// something is missing.
func checkDraft(kind breach.NoticeKind, name string, f format, stdout, stderr io.Writer) int {
	draft, err := os.ReadFile(name)
	if err != nil {
		return refuse(stderr, errors.New("the draft cannot be read"))
	}
	c, err := breach.CheckNotice(kind, string(draft))
	if err != nil {
		return refuse(stderr, err)
	}
	switch f {
	case asJSON:
		err = printJSON(stdout, c)
	case plainText:
		err = printChecklist(stdout, c)
	default:
		return refuse(stderr, fmt.Errorf("a check is text or -json, not -%s", f))
	}
	if err != nil || !c.Complete {
		return 1
	}
	return 0
}

func printChecklist(w io.Writer, c breach.NoticeChecklist) error {
	for _, e := range c.Elements {
		mark := "MISSING"
		if e.Found {
			mark = "found  "
		}
		if _, err := fmt.Fprintf(w, "%s  %-38s %s\n", mark, e.Title, e.Citation); err != nil {
			return err
		}
		if !e.Found {
			fmt.Fprintf(w, "         to say: %s\n", e.Asks)
		}
	}
	for _, p := range c.Unfilled {
		fmt.Fprintf(w, "UNFILLED paragraph %d has a placeholder\n", p)
	}
	_, err := fmt.Fprintln(w, "It reads words, not sense: what was found is still to be read by a person.")
	return err
}
