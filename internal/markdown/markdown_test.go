package markdown_test

import (
	"strings"
	"testing"

	"github.com/baakit/baakit/internal/markdown"
	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"plain text, 60 days (at most).", "plain text, 60 days (at most)."},
		{"# not a heading", `\# not a heading`},
		{"- not a list", `\- not a list`},
		{"12. not a list", `12\. not a list`},
		{"2026-12-31", "2026-12-31"},
		{"a|b *c* _d_ `e` [f](g) <h> &amp; ~~i~~ \\", "a\\|b \\*c\\* \\_d\\_ \\`e\\` \\[f\\](g) \\<h\\> \\&amp; \\~\\~i\\~\\~ \\\\"},
		{" two\nlines\t ", "two lines"},
		{"a\x00b", "ab"},
	} {
		if got := markdown.Text(tt.in); got != tt.want {
			t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Text loses no letter: without its backslashes the words are what they were.
func TestTextKeepsWords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringMatching(`[ -~\n]{0,60}`).Draw(t, "text")
		got := markdown.Text(in)
		if strings.Contains(got, "\n") {
			t.Fatalf("%q has a line break", got)
		}
		var plain strings.Builder
		for i := 0; i < len(got); i++ {
			if got[i] == '\\' {
				i++
			}
			plain.WriteByte(got[i])
		}
		if want := strings.Join(strings.Fields(in), " "); plain.String() != want {
			t.Fatalf("%q reads as %q, want %q", got, plain.String(), want)
		}
	})
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := markdown.Table([]string{"a", "b"}, [][]string{{"1|2"}, {"x", "y", "z"}})
	if want := "| a | b |\n| --- | --- |\n| 1\\|2 |  |\n| x | y |\n"; got != want {
		t.Errorf("Table = %q, want %q", got, want)
	}
}
