package breach

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
	"github.com/shopspring/decimal"
)

// The schemas of penalties as JSON.
const (
	PenaltyFactsSchema = "baakit.breach.penalty_facts/1"
	PenaltyRangeSchema = "baakit.breach.penalty_range/1"
)

// A Culpability is a tier of 45 CFR 160.404(b)(2). The zero Culpability is
// invalid.
type Culpability string

// The tiers, from the lowest.
const (
	DidNotKnow                Culpability = "did_not_know"
	ReasonableCause           Culpability = "reasonable_cause"
	WillfulNeglectCorrected   Culpability = "willful_neglect_corrected" // within 30 days
	WillfulNeglectUncorrected Culpability = "willful_neglect_not_corrected"
)

// Culpabilities returns the tiers, from the lowest.
func Culpabilities() []Culpability {
	return []Culpability{DidNotKnow, ReasonableCause, WillfulNeglectCorrected, WillfulNeglectUncorrected}
}

func (c Culpability) valid() bool { return slices.Contains(Culpabilities(), c) }

// Violations are those of one provision with one culpability on the days from
// First through Last. Count is how many there were in all; with Daily it is
// how many went on at once, each of them counted for each of the days (45 CFR
// 160.406). The zero value is invalid.
type Violations struct {
	Provision   baakit.Citation `json:"provision"`
	Culpability Culpability     `json:"culpability"`
	First       baakit.Date     `json:"first"`
	Last        baakit.Date     `json:"last"`
	Count       int             `json:"count"`
	Daily       bool            `json:"daily,omitempty"`
}

// MaxViolations is the greatest Count, and the greatest number of violations
// that a daily count may come to.
const MaxViolations = 1_000_000_000

// PenaltyFacts are what [Penalties] needs. Assessed is the day on which the
// penalty is assessed; the amounts are those in force on it.
type PenaltyFacts struct {
	Schema     string       `json:"schema"`
	Assessed   baakit.Date  `json:"assessed"`
	Violations []Violations `json:"violations"`
}

// ParsePenaltyFacts reads the JSON form, strictly. The error is a
// [baakit.FieldErrors] of all that is wrong.
func ParsePenaltyFacts(data []byte) (PenaltyFacts, error) {
	var f PenaltyFacts
	if err := strictjson.Decode(data, &f); err != nil {
		return PenaltyFacts{}, err
	}
	if err := f.Validate(); err != nil {
		return PenaltyFacts{}, err
	}
	return f, nil
}

// Validate reports everything that is wrong as a [baakit.FieldErrors]. A
// count over several calendar years must be daily or be split by year, since
// the caps are those of a calendar year.
func (f PenaltyFacts) Validate() error {
	var errs baakit.FieldErrors
	if f.Schema != PenaltyFactsSchema {
		errs.Add("schema", "must be "+PenaltyFactsSchema)
	}
	if f.Assessed.IsZero() {
		errs.Add("assessed", "is required")
	}
	if len(f.Violations) == 0 {
		errs.Add("violations", "is required")
	}
	for i, v := range f.Violations {
		errs.Merge(fmt.Sprintf("violations[%d]", i), v.check(f.Assessed))
	}
	return errs.Err()
}

func (v Violations) check(assessed baakit.Date) error {
	var errs baakit.FieldErrors
	if v.Provision.IsZero() {
		errs.Add("provision", "is required")
	}
	if !v.Culpability.valid() {
		errs.Add("culpability", "must be a tier of 45 CFR 160.404(b)(2)")
	}
	switch {
	case v.First.IsZero():
		errs.Add("first", "is required")
	case v.First.Before(firstPenaltyDay()):
		errs.Add("first", "must not be before the first day of the table, "+firstPenaltyDay().String())
	}
	switch {
	case v.Last.IsZero():
		errs.Add("last", "is required")
	case v.Last.Before(v.First):
		errs.Add("last", "must not be before first")
	case v.Last.After(assessed) && !assessed.IsZero():
		errs.Add("last", "must not be after assessed")
	case !v.Daily && v.Last.Year() != v.First.Year():
		errs.Add("last", "must be in the calendar year of first unless the count is daily")
	}
	days := 1
	if v.Daily && !v.First.IsZero() && !v.Last.Before(v.First) {
		days = v.Last.Sub(v.First) + 1
	}
	if v.Count < 1 || v.Count > MaxViolations/days {
		errs.Add("count", fmt.Sprintf("must be from 1 to %d violations in all", MaxViolations))
	}
	return errs.Err()
}

func firstPenaltyDay() baakit.Date { return loadPenaltyLaw().Amounts[0].ViolationsFrom }

// A PenaltyRange is the range of civil money penalties that the regulation
// allows for the facts, with the assumptions under which it does. It is no
// forecast. Amounts are US dollars.
type PenaltyRange struct {
	Schema   string          `json:"schema"`
	Assessed baakit.Date     `json:"assessed"`
	Low      decimal.Decimal `json:"low"`
	High     decimal.Decimal `json:"high"`
	// Discretion is the range under the caps of the notice of enforcement
	// discretion of 2019, which are not law.
	Discretion  PenaltyDiscretion `json:"discretion"`
	Lines       []PenaltyLine     `json:"lines"`
	Assumptions []Assumption      `json:"assumptions"`
	// Confidence is that of the weakest row that was used for Low and High.
	Confidence baakit.Confidence `json:"confidence"`
}

// A PenaltyDiscretion is a range under caps that the Department said it would
// use. Its confidence is never better than derived once the caps are adjusted.
type PenaltyDiscretion struct {
	Low        decimal.Decimal   `json:"low"`
	High       decimal.Decimal   `json:"high"`
	Confidence baakit.Confidence `json:"confidence"`
	Citation   baakit.Citation   `json:"citation"`
}

// A PenaltyLine is the violations of one provision and tier in one calendar
// year under one row of amounts. Low and High are before the cap of the
// provision's year, which takes all its lines together.
type PenaltyLine struct {
	Provision   baakit.Citation   `json:"provision"`
	Year        int               `json:"year"`
	Culpability Culpability       `json:"culpability"`
	Count       int               `json:"count"`
	Min         decimal.Decimal   `json:"min"` // for one violation
	Max         decimal.Decimal   `json:"max"` // for one violation
	Low         decimal.Decimal   `json:"low"`
	High        decimal.Decimal   `json:"high"`
	Cap         decimal.Decimal   `json:"cap"` // of the calendar year
	Discretion  decimal.Decimal   `json:"discretion_cap"`
	Rule        string            `json:"rule"` // the row of the table
	Confidence  baakit.Confidence `json:"confidence"`
	Citation    baakit.Citation   `json:"citation"`
}

// An Assumption is something that the range takes for granted.
type Assumption struct {
	ID       string          `json:"id"`
	Says     string          `json:"says"`
	Citation baakit.Citation `json:"citation"`
}

// Penalties returns the range of civil money penalties, 45 CFR 160.404 and
// 102.3. Violations of an identical provision in a calendar year come under
// one cap together. The error is that of [PenaltyFacts.Validate].
//
// The amounts are those in force on the day of the assessment. For a day
// before the first adjustment that the table knows, that one stands in and the
// assumptions say so.
func Penalties(f PenaltyFacts) (PenaltyRange, error) {
	if err := f.Validate(); err != nil {
		return PenaltyRange{}, err
	}
	law := loadPenaltyLaw()
	r := PenaltyRange{Schema: PenaltyRangeSchema, Assessed: f.Assessed}
	ids := []string{"penalty.range", "penalty.identical", "penalty.defense", "penalty.limitation", "penalty.agent", "penalty.discretion"}
	early := false
	for _, v := range f.Violations {
		for _, part := range v.split(law) {
			amounts, stoodIn := law.amounts(part.First, f.Assessed)
			early = early || stoodIn
			r.add(part, amounts, law.discretion(amounts.AdjustmentYear))
		}
	}
	slices.SortFunc(r.Lines, func(a, b PenaltyLine) int {
		return cmp.Or(a.Provision.Compare(b.Provision), a.Year-b.Year, cmp.Compare(a.Culpability.order(), b.Culpability.order()), cmp.Compare(a.Rule, b.Rule))
	})
	r.total()
	used := law.discretion(law.latestYear(r.Lines))
	r.Discretion.Confidence, r.Discretion.Citation = used.Confidence, used.citation()
	if early {
		ids = append(ids, "penalty.early")
	}
	for _, id := range ids {
		r.Assumptions = append(r.Assumptions, law.assumption(id))
	}
	return r, nil
}

func (c Culpability) order() int { return slices.Index(Culpabilities(), c) }

// split parts daily violations at the ends of calendar years and where other
// amounts begin, so that each part has one cap and one row.
func (v Violations) split(law *penaltyLaw) []Violations {
	if !v.Daily {
		return []Violations{v}
	}
	var parts []Violations
	for first := v.First; !first.After(v.Last); {
		last := baakit.MustDate(first.Year(), 12, 31)
		for _, a := range law.Amounts {
			if from := a.ViolationsFrom; from.After(first) && !from.After(last) {
				last = from.AddDays(-1)
			}
		}
		if last.After(v.Last) {
			last = v.Last
		}
		part := v
		part.First, part.Last, part.Count = first, last, v.Count*(last.Sub(first)+1)
		parts = append(parts, part)
		if first = last.AddDays(1); first.IsZero() {
			break
		}
	}
	return parts
}

// amounts returns the row for a violation of a day; stoodIn says that the one
// in force at the assessment is not in the table.
func (l *penaltyLaw) amounts(violation, assessed baakit.Date) (row penaltyAmounts, stoodIn bool) {
	first := -1
	for i, a := range l.Amounts {
		if !a.covers(violation) {
			continue
		}
		if a.applies(assessed) {
			return a, false
		}
		if first < 0 {
			first = i
		}
	}
	return l.Amounts[first], true
}

// discretion returns the caps of the notice as adjusted in a year, or as
// stated where the table has no adjustment.
func (l *penaltyLaw) discretion(year int) penaltyDiscretion {
	for _, d := range l.Discretion {
		if d.AdjustmentYear == year {
			return d
		}
	}
	return l.Discretion[0]
}

func (l *penaltyLaw) latestYear(lines []PenaltyLine) int {
	year := 0
	for _, line := range lines {
		for _, a := range l.Amounts {
			if a.ID == line.Rule {
				year = max(year, a.AdjustmentYear)
			}
		}
	}
	return year
}

func (r *PenaltyRange) add(v Violations, a penaltyAmounts, d penaltyDiscretion) {
	t := a.tier(v.Culpability)
	key := func(l PenaltyLine) bool {
		return l.Provision == v.Provision && l.Year == v.First.Year() && l.Culpability == v.Culpability && l.Rule == a.ID
	}
	i := slices.IndexFunc(r.Lines, key)
	if i < 0 {
		i = len(r.Lines)
		r.Lines = append(r.Lines, PenaltyLine{
			Provision: v.Provision, Year: v.First.Year(), Culpability: v.Culpability,
			Min: t.Min, Max: t.Max, Cap: t.Cap, Discretion: d.Caps[v.Culpability],
			Rule: a.ID, Confidence: a.Confidence, Citation: a.citation(),
		})
	}
	line := &r.Lines[i]
	line.Count += v.Count
	n := decimal.NewFromInt(int64(line.Count))
	line.Low, line.High = line.Min.Mul(n), line.Max.Mul(n)
}

// total adds up the lines, each provision's year under its cap.
func (r *PenaltyRange) total() {
	for i := 0; i < len(r.Lines); {
		j := i
		var low, high, cap, discretionLow, discretionHigh decimal.Decimal
		for ; j < len(r.Lines) && r.Lines[j].Provision == r.Lines[i].Provision && r.Lines[j].Year == r.Lines[i].Year; j++ {
			line := r.Lines[j]
			low, high = low.Add(line.Low), high.Add(line.High)
			cap = decimal.Max(cap, line.Cap)
			discretionLow = discretionLow.Add(decimal.Min(line.Low, line.Discretion))
			discretionHigh = discretionHigh.Add(decimal.Min(line.High, line.Discretion))
			r.Confidence = baakit.Weakest(append([]baakit.Confidence{line.Confidence}, nonZero(r.Confidence)...)...)
		}
		r.Low, r.High = r.Low.Add(decimal.Min(low, cap)), r.High.Add(decimal.Min(high, cap))
		r.Discretion.Low = r.Discretion.Low.Add(decimal.Min(discretionLow, cap))
		r.Discretion.High = r.Discretion.High.Add(decimal.Min(discretionHigh, cap))
		i = j
	}
}

func nonZero(c baakit.Confidence) []baakit.Confidence {
	if c.IsZero() {
		return nil
	}
	return []baakit.Confidence{c}
}
