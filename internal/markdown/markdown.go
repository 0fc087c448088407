// Package markdown puts plain text into Markdown (CommonMark with tables), so
// that nothing in it is taken for markup.
package markdown

import "strings"

// Text returns s with everything escaped that Markdown or HTML could take for
// markup; white space, line breaks too, becomes single spaces.
func Text(s string) string {
	var b strings.Builder
	for i, word := range strings.Fields(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		escape(&b, word, i == 0)
	}
	return b.String()
}

// escape writes a word. Some characters are markup only where a line begins.
func escape(b *strings.Builder, word string, first bool) {
	digits := 0
	for i, r := range word {
		switch {
		case strings.ContainsRune("\\`*_[]<>&|~", r),
			first && i == 0 && strings.ContainsRune("#+-=:", r),
			first && digits == i && i > 0 && (r == '.' || r == ')'):
			b.WriteByte('\\')
		}
		if r >= '0' && r <= '9' {
			digits++
		}
		if r < ' ' || r == 0x7F {
			continue
		}
		b.WriteRune(r)
	}
}

// Table returns a table of escaped cells. Every row is as wide as the head:
// missing cells are empty, further ones are left out.
func Table(head []string, rows [][]string) string {
	var b strings.Builder
	line(&b, head, len(head))
	b.WriteString("|" + strings.Repeat(" --- |", len(head)) + "\n")
	for _, row := range rows {
		line(&b, row, len(head))
	}
	return b.String()
}

func line(b *strings.Builder, cells []string, n int) {
	b.WriteByte('|')
	for i := range n {
		cell := ""
		if i < len(cells) {
			cell = Text(cells[i])
		}
		b.WriteString(" " + cell + " |")
	}
	b.WriteByte('\n')
}
