package breach

import (
	"strconv"
	"strings"

	"github.com/baakit/baakit"
)

// A text holds the explanations of all obligations of a timeline, one after
// the other, so that a timeline makes one string.
type text struct {
	b       strings.Builder
	scratch [24]byte
	// days are the texts of recent days: few are written many times.
	days [8]struct {
		d    baakit.Date
		text [10]byte
	}
}

func (t *text) grow(n int)     { t.b.Grow(n) }
func (t *text) len() int       { return t.b.Len() }
func (t *text) string() string { return t.b.String() }

func (t *text) add(parts ...string) {
	for _, p := range parts {
		t.b.WriteString(p)
	}
}

func (t *text) date(d baakit.Date) {
	if d.IsZero() {
		return
	}
	known := &t.days[d.Sub(lastDay)&7]
	if known.d != d {
		known.d = d
		_, _ = d.AppendText(known.text[:0])
	}
	t.b.Write(known.text[:])
}

// count says what was counted and which threshold that reaches.
func (t *text) count(n int, r *compiled, maybe bool) {
	t.b.Write(appendCommas(t.scratch[:0], int64(n)))
	if maybe {
		t.add(r.counted, " so far may become ", r.reach, ": ")
		return
	}
	t.add(r.reached)
}

// clock says how the date follows from the start.
func (t *text) clock(o *Obligation) {
	if o.Within.IsZero() {
		switch o.Promptness {
		case Immediately:
			t.add("immediately from ")
		case WithIndividualNotice:
			t.add("together with the notice to individuals, after ")
		case NotLaterThanIndividualNotice:
			t.add("no later than the notice to individuals, after ")
		case BeforeIndividualNotice:
			t.add("before the notice to individuals, after ")
		case BeforeRelying:
			t.add("before relying on the finding, after ")
		case AsAgreed:
			t.add("the regulation sets no number of days, the agreement may; from ")
		default:
			t.add("without unreasonable delay and no number of days, from ")
		}
		t.add(triggerNames[o.CountedFrom], " on ")
		t.date(o.Start)
		return
	}
	t.b.Write(strconv.AppendInt(t.scratch[:0], int64(o.Within.N()), 10))
	t.add(" ", o.Within.Unit().String(), " from ", triggerNames[o.CountedFrom], " on ")
	t.date(o.Start)
	t.add(" end on ")
	t.date(o.Due)
	if !o.DueAt.IsZero() {
		t.add(" at ")
		t.b.Write(o.DueAt.AppendFormat(t.scratch[:0], "15:04"))
	}
	switch o.Promptness {
	case WithoutUnreasonableDelay:
		t.add(", and without unreasonable delay")
	case Immediately:
		t.add(", and immediately")
	}
}

func commas(n int64) string { return string(appendCommas(nil, n)) }

func appendCommas(b []byte, n int64) []byte {
	start := len(b)
	b = strconv.AppendInt(b, n, 10)
	for i := len(b) - 3; i > start; i -= 3 {
		b = append(b, 0)
		copy(b[i+1:], b[i:])
		b[i] = ','
	}
	return b
}
