package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// counted returns a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// wrap breaks a paragraph into lines of at most a width, where it can.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// How wide a table on the terminal, and a column of it but the last, may be.
const tableWidth, columnWidth = 116, 30

// columns sets rows in columns. A cell that is too wide goes on below.
func columns(rows [][]string) string {
	width := make([]int, len(rows[0])) // but for the last column
	left := tableWidth
	for i := range width[:len(width)-1] {
		for _, row := range rows {
			for line := range strings.SplitSeq(wrap(row[i], columnWidth), "\n") {
				width[i] = max(width[i], utf8.RuneCountInString(line))
			}
		}
		left -= width[i] + 2
	}
	width[len(width)-1] = max(left-2, columnWidth)
	var text []string
	for _, row := range rows {
		var cells [][]string
		height := 0
		for i, cell := range row {
			wide := columnWidth
			if i == len(width)-1 {
				wide = width[i]
			}
			cells = append(cells, strings.Split(wrap(cell, wide), "\n"))
			height = max(height, len(cells[i]))
		}
		for n := range height {
			var line strings.Builder
			for i, cell := range cells {
				part := ""
				if n < len(cell) {
					part = cell[n]
				}
				line.WriteString("  " + part + strings.Repeat(" ", max(0, width[i]-utf8.RuneCountInString(part))))
			}
			text = append(text, strings.TrimRight(line.String(), " "))
		}
	}
	return strings.Join(text, "\n")
}
