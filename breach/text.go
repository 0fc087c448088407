package breach

import (
	"strconv"

	"github.com/baakit/baakit"
)

// A text holds the explanations of all obligations of a timeline, one after
// the other, so that a timeline makes one string.
type text struct{ b []byte }

func (t *text) grow(n int) { t.b = make([]byte, 0, n) }
func (t *text) len() int   { return len(t.b) }

func (t *text) string() string { return string(t.b) }

func (t *text) add(parts ...string) {
	for _, p := range parts {
		t.b = append(t.b, p...)
	}
}

func (t *text) date(d baakit.Date) { t.b, _ = d.AppendText(t.b) }

// count says what was counted and which threshold that reaches.
func (t *text) count(n int, r *compiled, maybe bool) {
	t.b = appendCommas(t.b, int64(n))
	switch r.Threshold.Of {
	case "residents", "persons":
		t.add(" residents of ", r.jurisdiction.Name())
	case "unreachable":
		t.add(" unreachable individuals")
	case "deceased":
		t.add(" deceased individuals")
	default:
		t.add(" individuals")
	}
	if maybe {
		t.add(" so far may become ")
	} else {
		t.add(", ")
	}
	t.add(r.reach, ": ")
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
	t.b = strconv.AppendInt(t.b, int64(o.Within.N()), 10)
	t.add(" ", o.Within.Unit().String(), " from ", triggerNames[o.CountedFrom], " on ")
	t.date(o.Start)
	t.add(" end on ")
	t.date(o.Due)
	if !o.DueAt.IsZero() {
		t.add(" at ")
		t.b = o.DueAt.AppendFormat(t.b, "15:04")
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
