package retention

import (
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// A Record is what a schedule has to know about something that is kept: not
// its content. ID is a name without PHI.
//
// What a record leaves out is not known about it. One without a class, a
// jurisdiction or a holder is treated as if every policy for any class,
// jurisdiction or holder applied; one that lacks an event is indeterminate
// where a rule needs the event.
//
// A Record is not changed by this package; a [Decision] refers to its maps, so
// do not change them while one is in use. The zero Record is invalid.
type Record struct {
	ID string `json:"id"`
	// Class is what kind of record it is, as the schedule names it.
	Class string `json:"class,omitempty"`
	// Part names the part of a record with a period of its own, such as
	// "x_ray_film"; "" is the record as a whole.
	Part string `json:"part,omitempty"`
	// Jurisdictions are those whose law applies.
	Jurisdictions []baakit.Jurisdiction `json:"jurisdictions,omitempty"`
	// Holder is the kind of provider, as the schedule names it: "hospital".
	Holder string `json:"holder,omitempty"`
	// Custodian is who keeps it, for the scope of holds.
	Custodian string `json:"custodian,omitempty"`

	Birth  When             `json:"birth,omitzero"`
	Events map[Trigger]When `json:"events,omitempty"`

	// Facts are those that conditions and gates ask for.
	Facts map[string]bool `json:"facts,omitempty"`
	// Attributes are what the scope of a hold can ask for.
	Attributes map[string]string `json:"attributes,omitempty"`
	// Clearances say which gates before destruction are open.
	Clearances []Clearance `json:"clearances,omitempty"`
}

// A Clearance says that what a gate asks for was done: the notice given, the
// consent obtained, the extract made, the method chosen.
type Clearance struct {
	Gate string      `json:"gate"` // its id
	On   baakit.Date `json:"on"`
	// Method is that by which the record will be destroyed, for a gate that
	// fixes it.
	Method Technique `json:"method,omitempty"`
	Ref    string    `json:"ref,omitempty"` // the evidence, without PHI
}

// Validate reports what is wrong with the record as [baakit.FieldErrors].
func (r *Record) Validate() error {
	var errs baakit.FieldErrors
	if !events.IsName(r.ID) {
		errs.Add("id", "is required, at most 200 bytes of printing ASCII without spaces")
	}
	for _, f := range []struct{ path, text string }{{"class", r.Class}, {"part", r.Part}, {"holder", r.Holder}} {
		if f.text != "" && !isIdentifier(f.text) {
			errs.Add(f.path, "must be a lower-case name")
		}
	}
	if r.Custodian != "" && !events.IsName(r.Custodian) {
		errs.Add("custodian", "must be at most 200 bytes of printing ASCII without spaces")
	}
	for i, j := range r.Jurisdictions {
		if j.IsZero() {
			errs.Add("jurisdictions"+index(i), "must be a jurisdiction")
		}
	}
	bad := func(keys []string, path string) {
		slices.Sort(keys)
		for i := range keys {
			errs.Add(path, "must have lower-case names and values only")
			_ = i
			break
		}
	}
	var names []string
	for t, w := range r.Events {
		if !t.valid() || t == LastTreatment || t == Unspecified || w.IsZero() {
			names = append(names, string(t))
		}
	}
	bad(names, "events")
	names = nil
	for f := range r.Facts {
		if !isIdentifier(f) {
			names = append(names, f)
		}
	}
	bad(names, "facts")
	names = nil
	for a := range r.Attributes {
		if !isIdentifier(a) {
			names = append(names, a)
		}
	}
	bad(names, "attributes")
	if r.Birth.state == notYet {
		errs.Add("birth", "must be a day, a month, a year or unknown")
	}
	for i, c := range r.Clearances {
		if !events.IsName(c.Gate) {
			errs.Add("clearances"+index(i)+".gate", "is required")
		}
		if c.On.IsZero() {
			errs.Add("clearances"+index(i)+".on", "is required")
		}
	}
	return errs.Err()
}

// UnmarshalJSON implements json.Unmarshaler, strictly; the error is a
// [baakit.FieldErrors].
func (r *Record) UnmarshalJSON(data []byte) error {
	type plain Record
	var p plain
	if err := strictjson.Decode(data, &p); err != nil {
		return err
	}
	read := Record(p)
	if err := read.Validate(); err != nil {
		return err
	}
	*r = read
	return nil
}
