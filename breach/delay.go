package breach

import (
	"time"

	"github.com/baakit/baakit"
)

// A delay is a [Delay] as the calculation needs it.
type delay struct {
	made, through baakit.Date
	written       bool
	general       bool // of the Attorney General
	ask           bool // whether it was documented
	void          bool
}

// readDelay reads a statement: a written one delays for the time it states; an
// oral one, and a written one that states no time, no longer than the oral
// limit, and an oral one that was not documented not at all (45 CFR 164.412).
func readDelay(h Delay, loc *time.Location, oral baakit.Period) delay {
	made := h.Made.Day(loc)
	limit := made.AddDays(oral.N())
	if limit.IsZero() {
		limit = lastDay
	}
	r := delay{made: made, through: h.Through, written: h.Form == Written, general: h.AttorneyGeneral}
	if h.Through.IsZero() || h.Form == Oral && limit.Before(h.Through) {
		r.through = limit
	}
	r.ask = h.Form == Oral && h.Documented == Unknown
	r.void = h.Form == Oral && h.Documented == No
	return r
}

// delay moves the dates of the obligation for the statements of law
// enforcement that reach it. A statement made after the date has passed
// revives nothing.
func (c *calculation) delay(r *compiled, o *Obligation) {
	if len(c.delays) == 0 || r.Delay == "none" {
		return
	}
	resume, onlyAfter, written := r.Resume, false, false
	if r.regime == StateLaw && c.law != nil {
		onlyAfter, written = c.law.Delay.OnlyAfterLimit, c.law.Delay.Written
		if resume.IsZero() {
			resume = c.law.Delay.Resume
		}
	}
	normal, due := o.Due, o.Due
	var covered baakit.Date // the days up to here are delayed already
	for i := range c.delays {
		h := &c.delays[i]
		if h.void || h.general != (r.Delay == "attorney_general") || written && !h.written {
			continue
		}
		if !due.IsZero() && h.made.After(due) {
			continue
		}
		if h.ask {
			c.ask("delays.documented")
		}
		if h.through.After(o.DelayedThrough) {
			o.DelayedThrough = h.through
		}
		if due.IsZero() {
			continue
		}
		end := h.through
		if !resume.IsZero() && (!onlyAfter || end.After(normal)) {
			end = c.after(resume, end, c.calendar(r))
		}
		moved := due
		if c.opt.Delay == Tolled {
			from := h.made
			if from.Before(o.Start) {
				from = o.Start
			}
			if from.Before(covered) {
				from = covered
			}
			if h.through.After(from) {
				moved = due.AddDays(h.through.Sub(from))
				covered = h.through
			}
			if moved.IsZero() {
				moved = lastDay
			}
		}
		if end.After(moved) {
			moved = end
		}
		due = moved
	}
	if o.DelayedThrough.IsZero() {
		return
	}
	if due.After(normal) {
		c.text.add("; a law-enforcement delay through ")
		c.text.date(o.DelayedThrough)
		c.text.add(" moves it to ")
		c.text.date(due)
		o.Due = due
		if !o.DueAt.IsZero() {
			_, o.DueAt = due.In(c.loc)
		}
		return
	}
	c.text.add("; delayed through ")
	c.text.date(o.DelayedThrough)
}
