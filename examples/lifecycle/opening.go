package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// opening introduces the parties, asks whether they need an agreement, and
// says where each clock would end if it started in the coming quarter.
type opening struct{ facts baa.Facts }

func (*opening) name() string  { return "opening" }
func (*opening) title() string { return "Is an agreement needed?" }
func (*opening) input() string { return caseJSON }

func (o *opening) prepare(c *caseFile, wrong problems) {
	if !c.section(o.name(), &o.facts, wrong) {
		wrong.of(caseJSON).Add("acts.opening", "is required")
	}
	if first, _ := comingQuarter(c.Today); first.IsZero() {
		wrong.of(caseJSON).Add("today", "must be a day with a quarter behind it")
	}
}

// A clock is one agreed period, what starts it and what it asks for.
type clock struct {
	field, starts, asks string
	period              baakit.Period
	roll                baakit.Roll
}

// clocks returns the agreed clocks. A deadline rolls back, so that it is
// never late; what must be kept rolls forward, so that it is never short.
func (c *caseFile) clocks() []clock {
	return []clock{
		{"breach_report", "a breach of unsecured PHI is discovered", "the covered entity has the report by then", c.terms.BreachReport, baakit.RollBack},
		{"cure", "notice of a material breach is given", "it is cured by then", c.terms.Cure, baakit.RollBack},
		{"subcontractor_notice", "a new subcontractor is announced", "it may begin on that day", c.terms.SubcontractorNotice, baakit.RollForward},
		{"return_or_destroy", "the agreement ends", "PHI is returned or destroyed by then", c.terms.ReturnWithin, baakit.RollBack},
		{"documents_kept", "the agreement was last in effect", "it is kept through that day", c.DocumentsKept, baakit.RollForward},
	}
}

const storyChain = "org/story"

// An opened is the first event of the story: whose it is and of which case,
// by the SHA-256 of its files. A folder belongs to the case that opened it.
type opened struct {
	Vendor   string            `json:"vendor"`
	Customer string            `json:"customer"`
	Today    baakit.Date       `json:"today"`
	Files    map[string]string `json:"files"`
	Facts    baa.Facts         `json:"facts"`
	Need     baa.Need          `json:"need"`
}

// belongs reports, as an error, that the folder has the log of another case.
func (s *stage) belongs() error {
	events := s.log.chains[storyChain]
	if len(events) == 0 {
		return nil
	}
	var first opened
	if err := json.Unmarshal(events[0].Payload, &first); err != nil {
		return err
	}
	sums := s.c.sums()
	for _, name := range inputNames {
		if first.Files[name] != sums[name] {
			return fmt.Errorf("the story in %s began with another %s; give another -dir", s.dir, name)
		}
	}
	return nil
}

func (o *opening) play(ctx context.Context, s *stage) error {
	c := s.c
	need, err := baa.Determine(o.facts)
	if err != nil {
		return err
	}
	begun, err := record(ctx, s, c.at(c.Today, 9), storyChain, "story.opened", func() (opened, error) {
		return opened{c.vendor.LegalName, c.customer.LegalName, c.Today, c.sums(), o.facts, need.Need}, nil
	})
	if err != nil {
		return err
	}
	if err := s.keep(storyChain, begun, rebuildOpened); err != nil {
		return err
	}
	s.moment(c.Today, "The parties ask whether they need an agreement")
	s.tell("%s (%s) keeps records for %s (%s). Today is %s, %s, in %s.",
		c.vendor.LegalName, c.vendor.Home.Name(), c.customer.LegalName, c.customer.Home.Name(), c.Today.Weekday(), c.Today, c.Zone)
	if err := needed(s, need); err != nil {
		return err
	}
	s.tell("Their agreement is to be offered on %s, to take effect on %s, and will end on %s.", c.Offered, c.effective(), c.Terminated)
	s.fact("vendor", c.vendor.LegalName)
	s.fact("customer", c.customer.LegalName)
	s.fact("offered", c.Offered)
	s.fact("effective", c.effective())
	s.fact("terminated", c.Terminated)
	return quarter(s)
}

// needed tells the determination and the way to it. Without the need for an
// agreement there is no story.
func needed(s *stage, need baa.Determination) error {
	answer := ""
	switch need.Need {
	case baa.Required:
		answer = "Yes"
	case baa.CounselReview:
		answer = "It is for counsel to say, and until then yes"
	default:
		return fmt.Errorf("by the facts in acts.opening of %s no business associate agreement is needed: %s", caseJSON, plain(string(need.Need)))
	}
	s.fact("need", string(need.Need))
	s.fact("need_confidence", need.Confidence)
	rows := [][]string{{"question", "answer", "which means"}}
	for _, step := range need.Path {
		answer := plain(string(step.Answer))
		if step.Answer == baa.Unknown {
			answer = "not known"
		}
		rows = append(rows, []string{step.Asks, answer, step.Says})
	}
	s.tell("Do they need a business associate agreement? %s: %s (%d questions asked; confidence of the source: %s).", answer, need.Reason, len(need.Path), need.Confidence)
	s.text(tableText, map[string]any{"Caption": "How the determination was reached", "Head": rows[0], "Rows": rows[1:]})
	s.cite(need.Citations...)
	s.proves("An agreement is needed: " + need.Reason + ".")
	return nil
}

// quarter tells where the agreed clocks end in the coming quarter.
func quarter(s *stage) error {
	c := s.c
	first, last := comingQuarter(c.Today)
	cal := c.calendar()
	s.fact("quarter_first", first)
	s.fact("quarter_last", last)
	s.fact("quarter_business_days", businessDays(cal, first, last))
	starts := monthStarts(cal, first)
	rows := [][]string{{"clock", "agreed", starts[0].String(), starts[1].String(), starts[2].String()}}
	for _, p := range c.clocks() {
		s.fact(p.field, p.period)
		row := []string{plain(p.field), p.period.String()}
		for i, start := range starts {
			end, cell, err := endOf(p, start, c.Zone.Location, cal)
			if err != nil {
				return fmt.Errorf("%s from %s: %w", p.field, start, err)
			}
			row = append(row, cell)
			s.fact(fmt.Sprintf("%s_ends_%d", p.field, i+1), end)
		}
		rows = append(rows, row)
	}
	s.tell("The coming quarter, %s to %s, has %d business days%s.", first, last, businessDays(cal, first, last), closedWeekdays(cal, first, last))
	s.table("Where the agreed clocks end if they start on the first business day of a month", rows)
	for _, p := range c.clocks() {
		s.say("  %s: from the day that %s; %s.", plain(p.field), p.starts, p.asks)
	}
	s.say("")
	s.tell("The day of the event is day 0. No end moves for a weekend or a holiday unless the period is in business days; (*) marks an end that is not a business day.")
	return nil
}

func rebuildOpened(events []logged) (any, error) {
	var o opened
	if len(events) != 1 {
		return o, fmt.Errorf("the chain has %d events, not 1", len(events))
	}
	return o, json.Unmarshal(events[0].Payload, &o)
}

// endOf returns the last day of the clock that starts at 9:00 on a day, as a
// value and as a table cell. A clock in hours ends within that day, at the
// instant in the cell.
func endOf(p clock, start baakit.Date, loc *time.Location, cal baakit.Calendar) (baakit.Date, string, error) {
	if p.period.Unit() == baakit.Hours {
		begin, _ := start.In(loc)
		end, err := p.period.AddToInstant(begin.Add(9*time.Hour), loc, cal, p.roll)
		return baakit.DateOf(end, loc), end.Format("Mon 2006-01-02 15:04"), err
	}
	end, err := p.period.AddTo(start, cal, p.roll)
	if err != nil {
		return baakit.Date{}, "", err
	}
	mark := ""
	if !cal.IsBusinessDay(end) {
		mark = " (*)"
	}
	return end, fmt.Sprintf("%s %s%s", end.Weekday().String()[:3], end, mark), nil
}

// comingQuarter returns the first and last day of the calendar quarter after
// that of d; zero Dates where there is none.
func comingQuarter(d baakit.Date) (first, last baakit.Date) {
	year, month, _ := d.Date()
	quarter := baakit.MustDate(year, (month-1)/3*3+1, 1)
	first = quarter.AddMonths(3, baakit.RollBack)
	return first, first.AddMonths(3, baakit.RollBack).AddDays(-1)
}

func businessDays(cal baakit.Calendar, first, last baakit.Date) int {
	n := 0
	for d := first; !d.IsZero() && !d.After(last); d = d.AddDays(1) {
		if cal.IsBusinessDay(d) {
			n++
		}
	}
	return n
}

// closedWeekdays names the holidays and closures among the weekdays.
func closedWeekdays(cal baakit.Calendar, first, last baakit.Date) string {
	text := ""
	for d := first; !d.IsZero() && !d.After(last); d = d.AddDays(1) {
		if baakit.Weekdays().IsBusinessDay(d) && !cal.IsBusinessDay(d) {
			if text == "" {
				text = "; closed on "
			} else {
				text += ", "
			}
			text += d.String()
		}
	}
	return text
}

// monthStarts returns the first business days of three months from first.
func monthStarts(cal baakit.Calendar, first baakit.Date) [3]baakit.Date {
	var starts [3]baakit.Date
	for i := range starts {
		starts[i] = baakit.NextBusinessDay(cal, first.AddMonths(i, baakit.RollBack).AddDays(-1))
	}
	return starts
}
