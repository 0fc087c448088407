package auditfhir

import (
	"encoding/json"
	"maps"
	"slices"
)

// Types of details.
const (
	detailExtra      = "extra:" // and the key
	detailDisclosure = "disclosure"
	detailPayload    = "payload"
)

func (b *builder) entities(person string, hasPerson bool) (list []Entity) {
	e := b.e
	if hasPerson {
		list = append(list, Entity{What: b.patient(person), Type: entityPerson, Role: objectPatient})
	} else if b.token != "" && b.missing == "masked" {
		what := &Reference{Type: "Patient", Identifier: &Identifier{TokenSystem, b.token}}
		list = append(list, Entity{What: what, Type: entityPerson, Role: objectPatient})
	}
	isQuery := b.p.name == "Query"
	if data := b.data(isQuery); data != nil {
		list = append(list, *data)
	}
	switch {
	case isQuery && e.Query == "":
		list = append(list, Entity{Type: entityObject, Role: objectQuery, QueryExtension: absent(b.missing)})
	case isQuery:
		list = append(list, Entity{Type: entityObject, Role: objectQuery, Query: []byte(e.Query)})
	case e.Query != "": // the one system object of the other patterns is the data
		list = append(list, Entity{Type: entityOther, Role: objectQuery, Query: []byte(e.Query)})
	}
	if e.Request.ID != "" {
		list = append(list, Entity{Type: entityRequest, What: &Reference{Identifier: &Identifier{Value: e.Request.ID}}})
	}
	return list
}

// data returns the entity of what it was done to, or nil. The one system
// object of a query is the query.
func (b *builder) data(isQuery bool) *Entity {
	e := b.e
	d := Entity{Type: entityObject, Lifecycle: lifecycleCoding(e.Object.Lifecycle), Detail: b.details()}
	for _, label := range e.Object.Labels {
		d.SecurityLabel = append(d.SecurityLabel, labelCoding(label))
	}
	if e.Object.Category != "" {
		d.Extension = append(d.Extension, Extension{ExtCategory, "Code", e.Object.Category})
	}
	t, id := e.Object.Type, e.ObjectID
	switch {
	case t != "" && isResourceType(t) && isID(id):
		d.What = &Reference{Reference: t + "/" + id}
	case t != "" || id != "":
		d.What = &Reference{Type: t}
		if id != "" {
			d.What.Identifier = &Identifier{Value: id}
		}
	}
	said := d.What != nil || d.Detail != nil || d.Extension != nil || d.SecurityLabel != nil || !d.Lifecycle.isZero()
	if isQuery {
		d.Type = entityOther
	}
	if !said && (isQuery || b.p.name == "") {
		return nil
	}
	if !said {
		d.Extension = []Extension{implied()}
	}
	if d.What == nil && b.p.name != "" {
		d.What = &Reference{Extension: absent(b.missing)}
	}
	if t != "" || b.p.name != "" {
		d.Role = objectRole(t)
	}
	return &d
}

func (b *builder) details() (list []Detail) {
	e := b.e
	add := func(t, v string) { list = append(list, Detail{Type: t, ValueString: &v}) }
	for _, k := range slices.Sorted(maps.Keys(e.Extra)) {
		add(detailExtra+k, e.Extra[k])
	}
	if e.Disclosure != nil {
		add(detailDisclosure, string(e.Disclosure))
	}
	if e.Payload != nil {
		add(detailPayload, string(e.Payload))
	}
	return list
}

// recipient returns the name of who received a disclosure, or "".
func recipient(disclosure json.RawMessage) string {
	var d struct {
		Recipient struct {
			Name string `json:"name"`
		} `json:"recipient"`
	}
	if json.Unmarshal(disclosure, &d) != nil {
		return ""
	}
	return d.Recipient.Name
}

// isResourceType tells whether a name has the form of a resource type.
func isResourceType(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || i > 0 && 'a' <= c && c <= 'z') {
			return false
		}
	}
	return len(s) > 1
}
