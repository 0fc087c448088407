package auditfhir

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// An Imported is an event that was read from AuditEvents.
type Imported struct {
	Event    audit.Event
	Recorded time.Time
	Record   Record

	// Missing is how many further persons the event names whose AuditEvents
	// were not given.
	Missing int

	// Ignored names what of the resource is not in the event, as FHIR paths.
	// Who observed it, profiles, systems of identifiers, and displays are not
	// named.
	Ignored []string
}

// ImportOptions say how to read AuditEvents of others; nil means the defaults.
type ImportOptions struct {
	// Actor returns the identifier of the agent who acted. It must be one
	// that an entry can hold. Nil, or "", means the identifier of agent.who,
	// its reference, agent.altId, agent.name or the display of agent.who,
	// whichever is there first.
	Actor func(Agent) string
}

// Import returns the event that AuditEvents report. They are of one entry: one
// for each person that it names. The event is the one that was exported, to
// the last byte, or the closest one if the AuditEvent is of other origin; it
// is not validated: [audit.Log.Append] does that. An AuditEvent with the line
// of an entry must say what the line says.
//
// Its error is a [baakit.FieldErrors] with FHIR paths: a type that is none of
// the [audit.Type] values, no actor that an entry could name, extensions that
// do not agree with the resource; and for several AuditEvents under "[n]".
func Import(events []AuditEvent, opt *ImportOptions) (Imported, error) {
	if opt == nil {
		opt = &ImportOptions{}
	}
	if len(events) == 0 {
		return Imported{}, baakit.FieldErrors{{Rule: "must be at least one AuditEvent"}}
	}
	var errs baakit.FieldErrors
	list := make([]importer, len(events))
	persons := make(map[int]bool)
	for i := range events {
		m := &list[i]
		m.a, m.opt = &events[i], opt
		m.read()
		prefix := ""
		if len(events) > 1 {
			prefix = "[" + strconv.Itoa(i) + "]"
		}
		errs.Merge(prefix, m.errs.Err())
		if i > 0 && (!m.same(&list[0]) || persons[m.person]) {
			errs.Add(prefix, "must be of the same entry, about another person")
		}
		persons[m.person] = true
	}
	if err := errs.Err(); err != nil {
		return Imported{}, err
	}
	first := &list[0]
	out := Imported{Event: first.e, Recorded: first.a.Recorded, Record: first.record, Ignored: first.ignored}
	slices.SortStableFunc(list, func(a, b importer) int { return a.person - b.person })
	for i := range list {
		for j, p := range list[i].persons {
			if list[i].person == 0 && j == 0 {
				out.Event.Patient = p
			} else {
				out.Event.Subjects = append(out.Event.Subjects, p)
			}
		}
	}
	out.Missing = max(0, first.of-len(list))
	return out, nil
}

// An importer reads one AuditEvent.
type importer struct {
	a       *AuditEvent
	opt     *ImportOptions
	errs    baakit.FieldErrors
	ignored []string

	e       audit.Event
	record  Record
	person  int // place of persons[0]: 0 for the patient
	of      int // AuditEvents of the entry
	persons []string
}

// same tells whether two AuditEvents differ in the person at most.
func (m *importer) same(other *importer) bool {
	return m.record.Line != nil && m.of == other.of && m.record.Leaf == other.record.Leaf && reflect.DeepEqual(m.e, other.e)
}

func (m *importer) fail(path, rule string) { m.errs.Add("AuditEvent."+path, rule) }

func (m *importer) ignore(path string) { m.ignored = append(m.ignored, "AuditEvent."+path) }

// keep returns an identifier, or "" for a text that a line cannot hold.
func (m *importer) keep(path, s string) string {
	if s != "" && !isIdentifier(s) {
		m.ignore(path)
		return ""
	}
	return s
}

// isIdentifier tells whether a clear field of an event may hold the text.
func isIdentifier(s string) bool { return isOf(s, "._:/@+-") }

func isOf(s, marks string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(marks, c) >= 0) {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

func isImplied(list []Extension) bool { return find(list, ExtImplied) == "true" }

func (m *importer) read() {
	a, e := m.a, &m.e
	m.ignored = slices.Clone(a.Ignored)
	m.record = readRecord(a.Extension, &m.errs)
	m.numbers()
	m.kind()
	if e.Kind == "" && a.Action == "" {
		m.fail("action", "is required of an event about access")
	}
	if e.Kind == "" && a.Outcome == "" {
		m.fail("outcome", "is required of an event about access")
	}
	e.Action, e.Outcome, e.Reason = audit.Action(a.Action), audit.Outcome(a.Outcome), a.OutcomeDesc
	if !a.Start.IsZero() {
		e.Occurred = a.Start.UTC().Truncate(time.Microsecond)
	}
	for i, c := range a.Subtype {
		if isImplied(c.Extension) {
			continue
		}
		if s := m.keep(at("subtype", i)+".code", c.Code); s != "" {
			e.Subtype = append(e.Subtype, audit.Subtype(s))
		} else if c.Code == "" {
			m.ignore(at("subtype", i))
		}
	}
	e.Emergency = find(a.Extension, ExtEmergency) == "true"
	e.Request.Trace = m.keep("extension(audit-trace)", find(a.Extension, ExtTrace))
	e.Request.Span = m.keep("extension(audit-span)", find(a.Extension, ExtSpan))
	if s := find(a.Extension, ExtRoute); isOf(s, "._:/@+-{}*$") {
		e.Request.Route = s
	} else if s != "" {
		m.ignore("extension(audit-route)")
	}
	e.Purpose = m.purposes("purposeOfEvent", a.PurposeOfEvent)
	for i := range a.Entity {
		m.entity(at("entity", i), &a.Entity[i])
	}
	m.agents()
	m.checkLine()
}

// numbers reads which of the persons of an entry the resource is about.
func (m *importer) numbers() {
	if s := find(m.a.Extension, ExtPerson); s != "" {
		m.person, _ = strconv.Atoi(s)
		m.of, _ = strconv.Atoi(find(m.a.Extension, ExtPersons))
		if m.of == 0 {
			m.fail("extension(audit-persons)", "is required with audit-person")
		}
	}
}

func (m *importer) kind() {
	c := m.a.Type
	switch {
	case c.is(typeREST):
	case c.System == KindSystem && isIdentifier(c.Code):
		m.e.Kind = c.Code
	case c.System == systemDCM && typeNames[audit.Type(c.Code)] != "":
		m.e.Type = audit.Type(c.Code)
	default:
		m.fail("type", "must be a RESTful operation, or one of the DCM types that an entry can have")
	}
}

func (m *importer) purposes(path string, list []Concept) (out []audit.Purpose) {
	for i, c := range list {
		p := at(path, i)
		if len(c.Coding) == 0 || c.Coding[0].Code == "" {
			m.ignore(p)
			continue
		}
		if s := m.keep(p+".coding[0].code", c.Coding[0].Code); s != "" {
			out = append(out, audit.Purpose(s))
		}
		for j := range c.Coding[1:] {
			m.ignore(at(p+".coding", j+1))
		}
		if c.Text != "" {
			m.ignore(p + ".text")
		}
	}
	return out
}

func (m *importer) entity(path string, e *Entity) {
	ev := &m.e
	for _, x := range []struct{ name, text string }{{"name", e.Name}, {"description", e.Description}} {
		if x.text != "" {
			m.ignore(path + "." + x.name)
		}
	}
	switch {
	case e.Type.is(entityRequest):
		if e.What != nil && e.What.Identifier != nil && ev.Request.ID == "" {
			ev.Request.ID = m.keep(path+".what.identifier.value", e.What.Identifier.Value)
			return
		}
		m.ignore(path)
	case e.Role.Code == objectQuery.Code:
		if ev.Query != "" {
			m.ignore(path)
			return
		}
		ev.Query = string(e.Query)
		if !utf8.ValidString(ev.Query) {
			ev.Query = ""
			m.ignore(path + ".query")
		}
	case e.Type.Code == entityPerson.Code && (e.Role.Code == objectPatient.Code || e.Role.isZero()) && e.What != nil:
		m.patient(path, e.What)
	case (e.Type.Code == entityObject.Code || e.Type.Code == entityOther.Code || e.Type.isZero()) && !m.hasObject():
		m.object(path, e)
	default:
		m.ignore(path)
	}
}

func (m *importer) patient(path string, r *Reference) {
	id, resource := strings.CutPrefix(r.Reference, "Patient/")
	switch {
	case r.Identifier != nil && r.Identifier.System == TokenSystem:
		m.record.Token = r.Identifier.Value
	case resource && isID(id):
		m.persons = append(m.persons, id)
	case r.Identifier != nil:
		m.persons = append(m.persons, r.Identifier.Value)
	case r.Reference != "":
		m.persons = append(m.persons, r.Reference)
	default:
		m.ignore(path + ".what")
	}
}

func (m *importer) hasObject() bool {
	o := &m.e.Object
	return o.Type != "" || o.Category != "" || o.Lifecycle != "" || len(o.Labels) > 0 || m.e.ObjectID != "" ||
		len(m.e.Extra) > 0 || m.e.Disclosure != nil || m.e.Payload != nil
}

func (m *importer) object(path string, e *Entity) {
	o := &m.e.Object
	o.Category = m.keep(path+".extension(audit-category)", find(e.Extension, ExtCategory))
	o.Lifecycle = m.keep(path+".lifecycle.code", e.Lifecycle.Code)
	for i, c := range e.SecurityLabel {
		if s := m.keep(at(path+".securityLabel", i)+".code", c.Code); s != "" {
			o.Labels = append(o.Labels, s)
		} else if c.Code == "" {
			m.ignore(at(path+".securityLabel", i))
		}
	}
	if r := e.What; r != nil {
		o.Type = m.keep(path+".what.type", r.Type)
		t, id, ok := strings.Cut(r.Reference, "/")
		switch {
		case ok && isResourceType(t) && isID(id):
			o.Type, m.e.ObjectID = t, id
		case r.Reference != "":
			m.e.ObjectID = r.Reference
		case r.Identifier != nil:
			m.e.ObjectID = r.Identifier.Value
		case r.Display != "":
			m.ignore(path + ".what.display")
		}
	}
	for i, d := range e.Detail {
		m.detail(at(path+".detail", i), d)
	}
}

func (m *importer) detail(path string, d Detail) {
	key, ours := strings.CutPrefix(d.Type, detailExtra)
	switch {
	case d.ValueString == nil:
		m.ignore(path)
	case d.Type == detailDisclosure && json.Valid([]byte(*d.ValueString)):
		m.e.Disclosure = json.RawMessage(*d.ValueString)
	case d.Type == detailPayload && m.e.Kind != "" && json.Valid([]byte(*d.ValueString)):
		m.e.Payload = json.RawMessage(*d.ValueString)
	default:
		if !ours {
			key = d.Type
		}
		if m.e.Extra == nil {
			m.e.Extra = make(map[string]string)
		}
		if _, twice := m.e.Extra[key]; twice {
			m.ignore(path)
			return
		}
		m.e.Extra[key] = *d.ValueString
	}
}
