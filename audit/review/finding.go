package review

import (
	"iter"
	"time"

	"github.com/baakit/baakit"

	"github.com/baakit/baakit/audit"
)

// A Finding is what a pattern found: something for a person to look at, not a
// judgement.
type Finding struct {
	baakit.Reason
	Actor   string    `json:"actor,omitempty"`   // Actor.ID of the entries
	Subject string    `json:"subject,omitempty"` // token of the patient, where it is one
	First   time.Time `json:"first"`             // of the entries' times, UTC
	Last    time.Time `json:"last"`
	Count   int       `json:"count"`   // how many entries
	Entries []Run     `json:"entries"` // which ones
	Detail  string    `json:"detail"`  // the numbers by which the rule was met
}

// A Run is some entries of a chain without a gap.
type Run struct {
	Chain string `json:"chain"`
	From  uint64 `json:"from"`  // the first entry
	Until uint64 `json:"until"` // the entry behind the last
}

// addTo adds an entry, as later entries of a chain come later.
func addTo(runs []Run, e *audit.Entry) []Run {
	for i := len(runs) - 1; i >= 0; i-- {
		if runs[i].Chain == e.Chain {
			if runs[i].Until == e.Seq {
				runs[i].Until++
				return runs
			}
			break
		}
	}
	return append(runs, Run{e.Chain, e.Seq, e.Seq + 1})
}

// add counts an entry in the finding.
func (f *Finding) add(e *audit.Entry) {
	if f.Count == 0 {
		f.First = e.Time
	}
	f.Last = e.Time
	f.Count++
	f.Entries = addTo(f.Entries, e)
}

// found returns the finding of one entry.
func found(rule string, e *audit.Entry, detail string) Finding {
	f := Finding{Reason: law().reason(rule), Actor: e.Event.Actor.ID, Subject: e.Subject, Detail: detail}
	f.add(e)
	return f
}

// Each pattern is a function from entries to findings. It reads the entries
// once, in the order of their times, and an error of them is its last pair.
func each(entries iter.Seq2[audit.Entry, error], rule string, is func(audit.Entry) (bool, string, error)) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		for e, err := range entries {
			if err != nil {
				yield(Finding{}, err)
				return
			}
			ok, detail, err := is(e)
			if err != nil {
				yield(Finding{}, err)
				return
			}
			if ok && !yield(found(rule, &e, detail), nil) {
				return
			}
		}
	}
}
