package auditfhir

import (
	"time"

	"github.com/baakit/baakit"
)

// MaxResource is the greatest length of one resource in bytes.
const MaxResource = 16 << 20

// Parse reads one AuditEvent in FHIR JSON. What this package has no field for
// is not an error: [AuditEvent.Ignored] names it. But modifierExtension and
// implicitRules are, since they may change the meaning of what is read. Its
// error is a [baakit.FieldErrors] of everything that is wrong, with FHIR paths
// such as "AuditEvent.agent[0].requestor".
func Parse(data []byte) (AuditEvent, error) {
	if len(data) > MaxResource {
		return AuditEvent{}, baakit.FieldErrors{{Rule: "must not be longer than 16 MiB"}}
	}
	n, ok := parseTree(data)
	if !ok {
		return AuditEvent{}, baakit.FieldErrors{{Rule: "must be one JSON value of at most 100 levels"}}
	}
	return read("AuditEvent", &n)
}

func read(path string, n *node) (AuditEvent, error) {
	var a AuditEvent
	r := &reader{}
	r.object(path, n, func(o *object) { a.read(o) })
	if len(r.errs) == 0 {
		r.errs.Merge("", a.validate(false))
	}
	if err := r.errs.Err(); err != nil {
		return AuditEvent{}, err
	}
	a.Ignored = r.ignored
	return a, nil
}

func (a *AuditEvent) read(o *object) {
	if o.str("resourceType") != "AuditEvent" {
		o.fail("resourceType", "must be AuditEvent")
		return
	}
	a.ID = o.str("id")
	o.child("meta", func(o *object) { a.Profile = o.strs("profile") })
	a.Extension = o.extensions()
	if !o.child("type", func(o *object) { a.Type = o.codingMembers() }) {
		o.fail("type", "is required")
	}
	a.Subtype = o.codings("subtype")
	a.Action = o.str("action")
	o.child("period", func(o *object) {
		s := o.str("start")
		if s == "" {
			return
		}
		t, err := parseInstant(s)
		if err != nil { // a date, or a part of one, says too little
			o.r.ignored = append(o.r.ignored, o.at("start"))
			return
		}
		a.Start = t
	})
	a.Recorded = o.instant("recorded")
	a.Outcome = o.str("outcome")
	a.OutcomeDesc = o.text("outcomeDesc")
	a.PurposeOfEvent = o.concepts("purposeOfEvent")
	o.list("agent", func(o *object) { a.Agent = append(a.Agent, readAgent(o)) })
	if !o.child("source", func(o *object) {
		a.Source.Site = o.text("site")
		if r := o.reference("observer"); r != nil {
			a.Source.Observer = *r
		} else {
			o.fail("observer", "is required")
		}
		a.Source.Type = o.codings("type")
	}) {
		o.fail("source", "is required")
	}
	o.list("entity", func(o *object) { a.Entity = append(a.Entity, readEntity(o)) })
}

func readAgent(o *object) (a Agent) {
	a.Extension = o.extensions()
	o.child("type", func(o *object) {
		if list := o.codings("coding"); len(list) > 0 {
			a.Type = list[0]
			for i := range list[1:] {
				o.r.note(o.at("coding"), i+1)
			}
		}
	})
	a.Role = o.concepts("role")
	a.Who = o.reference("who")
	a.AltID, a.Name = o.text("altId"), o.text("name")
	a.Requestor = o.boolean("requestor")
	a.Policy = o.strs("policy")
	o.child("network", func(o *object) {
		a.Network = &Network{Extension: o.extensions(), Address: o.text("address"), Type: o.str("type")}
	})
	a.PurposeOfUse = o.concepts("purposeOfUse")
	return a
}

func readEntity(o *object) (e Entity) {
	e.Extension = o.extensions()
	e.What = o.reference("what")
	e.Type, e.Role, e.Lifecycle = o.coding("type"), o.coding("role"), o.coding("lifecycle")
	e.SecurityLabel = o.codings("securityLabel")
	e.Name, e.Description = o.text("name"), o.text("description")
	e.Query, e.QueryExtension = o.binary("query"), o.primitive("query")
	o.list("detail", func(o *object) {
		d := Detail{}
		var ok bool
		if d.Type, ok = o.value("type"); !ok {
			o.fail("type", "is required")
		}
		if s, ok := o.value("valueString"); ok {
			d.ValueString = &s
		}
		d.ValueBase64Binary = o.binary("valueBase64Binary")
		e.Detail = append(e.Detail, d)
	})
	return e
}

func (o *object) instant(name string) time.Time {
	if o.get(name) == nil {
		o.fail(name, "is required")
		return time.Time{}
	}
	s := o.str(name)
	if s == "" {
		return time.Time{}
	}
	t, err := parseInstant(s)
	if err != nil {
		o.fail(name, err.Error())
	}
	return t
}

func (o *object) coding(name string) (c Coding) {
	o.child(name, func(o *object) { c = o.codingMembers() })
	return c
}

func (o *object) codingMembers() Coding {
	return Coding{o.extensions(), o.str("system"), o.str("code"), o.text("display")}
}

func (o *object) codings(name string) (list []Coding) {
	o.list(name, func(o *object) { list = append(list, o.codingMembers()) })
	return list
}

func (o *object) concepts(name string) (list []Concept) {
	o.list(name, func(o *object) { list = append(list, Concept{o.codings("coding"), o.text("text")}) })
	return list
}

func (o *object) reference(name string) (ref *Reference) {
	if o.get(name) == nil {
		return nil
	}
	ref = &Reference{}
	o.child(name, func(o *object) {
		*ref = Reference{Extension: o.extensions(), Reference: o.text("reference"), Type: o.str("type")}
		o.child("identifier", func(o *object) { ref.Identifier = &Identifier{o.str("system"), o.text("value")} })
		ref.Display = o.text("display")
	})
	return ref
}
