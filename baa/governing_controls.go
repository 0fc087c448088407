package baa

import (
	"slices"

	"github.com/baakit/baakit"
)

// A Precedence is what a document says about conflicts with the others. The
// zero Precedence is that it says nothing.
type Precedence string

// The precedences.
const (
	SaysNothing    Precedence = ""
	ControlsPHI    Precedence = "controls_phi"    // it controls with respect to PHI
	LaterInTime    Precedence = "later_in_time"   // the document later in time prevails
	ControlsAll    Precedence = "controls_all"    // it controls in every respect
	YieldsToOthers Precedence = "yields_to_other" // the other document controls
)

// A Document is one of the documents between two parties, such as a business
// associate agreement and the main agreement, as they are on the day asked
// for.
type Document struct {
	Name string `json:"name"` // without PHI
	// Agreement: it is the business associate agreement.
	Agreement  bool        `json:"agreement"`
	Effective  baakit.Date `json:"effective"`
	Precedence Precedence  `json:"precedence,omitempty"`
}

// A Topic is what a conflict is about.
type Topic string

// The topics: whatever concerns PHI, and everything else, fees for one.
const (
	TopicPHI   Topic = "phi"
	TopicOther Topic = "other"
)

// A Controlling is the answer of [Controls].
type Controlling struct {
	// Document is the name of the one that controls; empty if that cannot be
	// told.
	Document string        `json:"document"`
	Because  string        `json:"because"`
	Findings []LifeFinding `json:"findings,omitempty"`
}

// Controls says which of the documents in effect on a day controls a topic:
// the one that a clause names, for PHI above all the business associate
// agreement's own; where a clause says so, the one that is later in time;
// outside PHI the main agreement, unless a clause controls everything. Where
// PHI is concerned and no document speaks, nothing is assumed: Document is
// empty. Whatever controls, no document can permit what 45 CFR 164.504(e)
// does not.
//
// Of documents of one name the latest in effect counts. The error is a
// [baakit.FieldErrors].
func Controls(docs []Document, topic Topic, on baakit.Date) (Controlling, error) {
	if err := checkDocuments(docs, topic, on); err != nil {
		return Controlling{}, err
	}
	live := inEffect(docs, on)
	if len(live) == 0 {
		return Controlling{Because: "no document is in effect on that day"}, nil
	}
	latest := live[len(live)-1]
	find := func(match func(Document) bool) (Document, bool) {
		i := slices.IndexFunc(live, match)
		if i < 0 {
			return Document{}, false
		}
		return live[i], true
	}
	says := func(p Precedence) (Document, bool) {
		return find(func(d Document) bool { return d.Precedence == p })
	}
	agreement, hasAgreement := find(func(d Document) bool { return d.Agreement })
	main, hasMain := find(func(d Document) bool { return !d.Agreement })
	if topic == TopicPHI {
		if d, ok := says(ControlsPHI); ok {
			return Controlling{Document: d.Name, Because: "it says that it controls with respect to PHI"}, nil
		}
	}
	if d, ok := says(ControlsAll); ok {
		return Controlling{Document: d.Name, Because: "it says that it controls"}, nil
	}
	if topic == TopicOther {
		if hasMain {
			return Controlling{Document: main.Name, Because: "the topic is outside the business associate agreement"}, nil
		}
		return Controlling{Document: agreement.Name, Because: "it is the only document in effect"}, nil
	}
	if _, ok := says(LaterInTime); ok {
		c := Controlling{Document: latest.Name, Because: "the document later in time prevails"}
		if !latest.Agreement && hasAgreement {
			c.Findings = append(c.Findings, lives().finding("LC-LATER-IN-TIME"))
		}
		return c, nil
	}
	if d, ok := says(YieldsToOthers); ok && len(live) == 2 {
		other := live[0]
		if other.Name == d.Name {
			other = live[1]
		}
		return Controlling{Document: other.Name, Because: "the other document yields to it"}, nil
	}
	if len(live) == 1 {
		return Controlling{Document: live[0].Name, Because: "it is the only document in effect"}, nil
	}
	return Controlling{
		Because:  "no document says which of them controls; ask counsel",
		Findings: []LifeFinding{lives().finding("LC-CONTROL-SILENT")},
	}, nil
}

// inEffect returns the documents in effect, of one name the latest, from the
// earliest to the latest; of two of one day the agreement comes last.
func inEffect(docs []Document, on baakit.Date) []Document {
	var live []Document
	for _, d := range docs {
		if d.Effective.After(on) {
			continue
		}
		i := slices.IndexFunc(live, func(l Document) bool { return l.Name == d.Name && l.Agreement == d.Agreement })
		switch {
		case i < 0:
			live = append(live, d)
		case !d.Effective.Before(live[i].Effective):
			live[i] = d
		}
	}
	slices.SortStableFunc(live, func(a, b Document) int {
		if c := a.Effective.Compare(b.Effective); c != 0 || a.Agreement == b.Agreement {
			return c
		}
		if b.Agreement {
			return -1
		}
		return 1
	})
	return live
}

func checkDocuments(docs []Document, topic Topic, on baakit.Date) error {
	var errs baakit.FieldErrors
	for i, d := range docs {
		path := "documents" + at(i)
		if d.Name == "" {
			errs.Add(path+".name", "is required")
		}
		if d.Effective.IsZero() {
			errs.Add(path+".effective", "is required")
		}
		if !slices.Contains([]Precedence{SaysNothing, ControlsPHI, LaterInTime, ControlsAll, YieldsToOthers}, d.Precedence) {
			errs.Add(path+".precedence", "must be controls_phi, later_in_time, controls_all, yields_to_other or left out")
		}
	}
	if topic != TopicPHI && topic != TopicOther {
		errs.Add("topic", "must be phi or other")
	}
	if on.IsZero() {
		errs.Add("on", "is required")
	}
	return errs.Err()
}
