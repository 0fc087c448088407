package auditfhir

import (
	"encoding/base64"
	"time"

	"github.com/baakit/baakit/internal/jsonscan"
)

// MarshalJSON implements [encoding/json.Marshaler] with the FHIR JSON form.
// Its error is that of [AuditEvent.Validate].
func (a AuditEvent) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (a *AuditEvent) AppendJSON(dst []byte) ([]byte, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	w := writer{dst}
	w.open("")
	w.str("resourceType", "AuditEvent")
	w.str("id", a.ID)
	if len(a.Profile) > 0 {
		w.open("meta")
		w.strs("profile", a.Profile)
		w.close()
	}
	w.extensions("extension", a.Extension)
	w.coding("type", a.Type)
	w.codings("subtype", a.Subtype)
	w.str("action", a.Action)
	if !a.Start.IsZero() {
		w.open("period")
		w.instant("start", a.Start)
		w.close()
	}
	w.instant("recorded", a.Recorded)
	w.str("outcome", a.Outcome)
	w.text("outcomeDesc", a.OutcomeDesc)
	w.concepts("purposeOfEvent", a.PurposeOfEvent)
	w.list("agent", len(a.Agent), func(i int) { w.agent(&a.Agent[i]) })
	w.open("source")
	w.text("site", a.Source.Site)
	w.reference("observer", &a.Source.Observer)
	w.codings("type", a.Source.Type)
	w.close()
	w.list("entity", len(a.Entity), func(i int) { w.entity(&a.Entity[i]) })
	w.close()
	return w.b, nil
}

func (w *writer) agent(a *Agent) {
	w.extensions("extension", a.Extension)
	if !a.Type.isZero() {
		w.open("type")
		w.codings("coding", []Coding{a.Type})
		w.close()
	}
	w.concepts("role", a.Role)
	w.reference("who", a.Who)
	w.text("altId", a.AltID)
	w.text("name", a.Name)
	w.key("requestor")
	if a.Requestor {
		w.b = append(w.b, "true"...)
	} else {
		w.b = append(w.b, "false"...)
	}
	w.strs("policy", a.Policy)
	if n := a.Network; n != nil {
		w.open("network")
		w.extensions("extension", n.Extension)
		w.text("address", n.Address)
		w.str("type", n.Type)
		w.close()
	}
	w.concepts("purposeOfUse", a.PurposeOfUse)
}

func (w *writer) entity(e *Entity) {
	w.extensions("extension", e.Extension)
	w.reference("what", e.What)
	w.coding("type", e.Type)
	w.coding("role", e.Role)
	w.coding("lifecycle", e.Lifecycle)
	w.codings("securityLabel", e.SecurityLabel)
	w.text("name", e.Name)
	w.text("description", e.Description)
	w.binary("query", e.Query)
	if len(e.QueryExtension) > 0 {
		w.open("_query")
		w.extensions("extension", e.QueryExtension)
		w.close()
	}
	w.list("detail", len(e.Detail), func(i int) {
		d := &e.Detail[i]
		w.text("type", d.Type)
		if d.ValueString != nil {
			w.value("valueString", *d.ValueString)
		}
		w.binary("valueBase64Binary", d.ValueBase64Binary)
	})
}

// A writer appends members to the object that was opened last.
type writer struct{ b []byte }

func (w *writer) key(name string) {
	if last := w.b[len(w.b)-1]; last != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(append(append(w.b, '"'), name...), `":`...)
}

// open begins an object: a member, or the resource.
func (w *writer) open(name string) {
	if name != "" {
		w.key(name)
	}
	w.b = append(w.b, '{')
}

func (w *writer) close() { w.b = append(w.b, '}') }

// list writes objects, if there are any.
func (w *writer) list(name string, n int, f func(i int)) {
	if n == 0 {
		return
	}
	w.key(name)
	w.b = append(w.b, '[')
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.open("")
		f(i)
		w.close()
	}
	w.b = append(w.b, ']')
}

// str writes a string that is of a primitive type of FHIR.
func (w *writer) str(name, s string) {
	if s != "" {
		w.key(name)
		w.b = jsonscan.AppendString(w.b, []byte(s))
	}
}

func (w *writer) strs(name string, list []string) {
	if len(list) == 0 {
		return
	}
	w.key(name)
	w.b = append(w.b, '[')
	for i, s := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = jsonscan.AppendString(w.b, []byte(s))
	}
	w.b = append(w.b, ']')
}

// text writes any text that is not empty.
func (w *writer) text(name, s string) {
	if s != "" {
		w.value(name, s)
	}
}

// value writes any text: one that FHIR strings cannot hold as an extension of
// a primitive that has no value.
func (w *writer) value(name, s string) {
	if isText(s) {
		w.str(name, s)
		return
	}
	x := Extension{URL: ExtText, Kind: "Base64Binary", Value: base64.StdEncoding.EncodeToString([]byte(s))}
	if s == "" {
		x = Extension{URL: ExtText, Kind: "Code", Value: "empty"}
	}
	w.open("_" + name)
	w.extensions("extension", []Extension{x})
	w.close()
}

func (w *writer) binary(name string, b []byte) {
	if len(b) > 0 {
		w.key(name)
		w.b = append(base64.StdEncoding.AppendEncode(append(w.b, '"'), b), '"')
	}
}

func (w *writer) instant(name string, t time.Time) {
	w.key(name)
	w.b = append(t.AppendFormat(append(w.b, '"'), "2006-01-02T15:04:05.999999999Z07:00"), '"')
}

func (w *writer) coding(name string, c Coding) {
	if !c.isZero() {
		w.open(name)
		w.codingMembers(&c)
		w.close()
	}
}

func (w *writer) codingMembers(c *Coding) {
	w.extensions("extension", c.Extension)
	w.str("system", c.System)
	w.str("code", c.Code)
	w.text("display", c.Display)
}

func (w *writer) codings(name string, list []Coding) {
	w.list(name, len(list), func(i int) { w.codingMembers(&list[i]) })
}

func (w *writer) concepts(name string, list []Concept) {
	w.list(name, len(list), func(i int) {
		w.codings("coding", list[i].Coding)
		w.text("text", list[i].Text)
	})
}

func (w *writer) reference(name string, r *Reference) {
	if r == nil {
		return
	}
	w.open(name)
	w.extensions("extension", r.Extension)
	w.text("reference", r.Reference)
	w.str("type", r.Type)
	if r.Identifier != nil {
		w.open("identifier")
		w.str("system", r.Identifier.System)
		w.value("value", r.Identifier.Value)
		w.close()
	}
	w.text("display", r.Display)
	w.close()
}

func (w *writer) extensions(name string, list []Extension) {
	w.list(name, len(list), func(i int) {
		x := &list[i]
		w.str("url", x.URL)
		if x.Kind == "Boolean" || x.Kind == "UnsignedInt" {
			w.key("value" + x.Kind)
			w.b = append(w.b, x.Value...)
		} else {
			w.str("value"+x.Kind, x.Value)
		}
	})
}
