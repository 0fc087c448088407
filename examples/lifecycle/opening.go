package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/baakit/baakit"
)

// opening introduces the parties and what they agreed on, and says where each
// clock would end if it started in the coming quarter.
type opening struct{}

func (*opening) name() string                           { return "opening" }
func (*opening) title() string                          { return "The parties and their clocks" }
func (*opening) prepare(*caseFile, *baakit.FieldErrors) {}

// A clock is one agreed period, what starts it and what it asks for.
type clock struct {
	field, starts, asks string
	period              baakit.Period
	roll                baakit.Roll
}

// periods returns the agreed clocks. A deadline rolls back, so that it is
// never late; what must be kept rolls forward, so that it is never short.
func (t terms) periods() []clock {
	return []clock{
		{"breach_report", "a breach of unsecured PHI is discovered", "the covered entity has the report by then", t.BreachReport, baakit.RollBack},
		{"cure", "notice of a material breach is given", "it is cured by then", t.Cure, baakit.RollBack},
		{"subcontractor_notice", "a new subcontractor is announced", "it may begin on that day", t.SubcontractorNotice, baakit.RollForward},
		{"return_or_destroy", "the agreement ends", "PHI is returned or destroyed by then", t.ReturnOrDestroy, baakit.RollBack},
		{"documents_kept", "the agreement was last in effect", "it is kept through that day", t.DocumentsKept, baakit.RollForward},
	}
}

// An opened is the first event of the story: what the parties agreed on. A
// folder belongs to the case that opened it.
type opened struct {
	Vendor   party       `json:"vendor"`
	Customer party       `json:"customer"`
	Terms    terms       `json:"terms"`
	Today    baakit.Date `json:"today"`
}

func (*opening) play(_ context.Context, s *stage) error {
	c := s.c
	now := opened{c.Vendor, c.Customer, c.Terms, c.Today}
	logged, err := record(s, "story", "story.opened", func() (opened, error) { return now, nil })
	if err != nil {
		return err
	}
	if logged != now {
		return errors.New("the log in this folder is of another case; give another -dir")
	}
	if err := s.keep("story", now, rebuildOpened); err != nil {
		return err
	}
	s.say("%s, the %s (%s), keeps records for", c.Vendor.Name, c.Vendor.Role, c.Vendor.Home.Name())
	s.say("%s, the %s (%s).", c.Customer.Name, c.Customer.Role, c.Customer.Home.Name())
	s.say("Their agreement was offered on %s, takes effect on %s and ends on %s.", c.Dates.Offered, c.Dates.Effective, c.Dates.Terminated)
	s.say("At the end the vendor will %s all PHI. Today is %s, %s, in %s.", c.Terms.AtTheEnd, c.Today.Weekday(), c.Today, c.Zone)
	s.fact("vendor", c.Vendor.Name)
	s.fact("customer", c.Customer.Name)
	s.fact("offered", c.Dates.Offered)
	s.fact("effective", c.Dates.Effective)
	s.fact("terminated", c.Dates.Terminated)

	first, last := comingQuarter(c.Today)
	if first.IsZero() || last.IsZero() {
		return fmt.Errorf("no quarter follows %s", c.Today)
	}
	cal := c.calendar()
	s.say("")
	s.say("The coming quarter, %s to %s, has %d business days%s.", first, last, businessDays(cal, first, last), closedWeekdays(cal, first, last))
	s.fact("quarter_first", first)
	s.fact("quarter_last", last)
	s.fact("quarter_business_days", businessDays(cal, first, last))

	starts := monthStarts(cal, first)
	s.say("Started on the first business day of a month, the agreed clocks end:")
	s.say("")
	rows := [][]string{{"clock", "agreed", starts[0].String(), starts[1].String(), starts[2].String()}}
	for _, p := range c.Terms.periods() {
		s.fact(p.field, p.period)
		row := []string{p.field, p.period.String()}
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
	s.table(rows)
	if err := showTable(s, "The agreed clocks, started on the first business day of a month", rows); err != nil {
		return err
	}
	s.say("")
	for _, p := range c.Terms.periods() {
		s.say("  %s: from the day that %s; %s.", p.field, p.starts, p.asks)
	}
	s.say("")
	s.say("The day of the event is day 0. No end moves for a weekend or a holiday unless")
	s.say("the period is in business days; (*) marks an end that is not a business day.")
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
