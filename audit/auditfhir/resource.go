package auditfhir

import (
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/baakit/baakit"
)

// An AuditEvent is the part of FHIR R4 AuditEvent (4.0.1) that audit trails
// use. A member of a struct that is empty is not written. The zero AuditEvent
// is invalid. It is a value; its slices are its own.
type AuditEvent struct {
	ID             string
	Profile        []string // meta.profile: canonical addresses
	Extension      []Extension
	Type           Coding // 1..1
	Subtype        []Coding
	Action         string      // C, R, U, D or E
	Start          time.Time   // period.start
	Recorded       time.Time   // 1..1
	Outcome        string      // 0, 4, 8 or 12
	OutcomeDesc    string      // free text
	PurposeOfEvent []Concept   // why
	Agent          []Agent     // 1..*
	Source         EventSource // 1..1
	Entity         []Entity

	// Ignored names what a parsed resource had and this type has not, and
	// what [Import] found no place for: FHIR paths in the order of the input,
	// never values. It is not written.
	Ignored []string
}

// String keeps the health information out of logs.
func (a AuditEvent) String() string { return "auditfhir.AuditEvent" }

// GoString is String.
func (a AuditEvent) GoString() string { return a.String() }

// LogValue implements [slog.LogValuer] with what String returns.
func (a AuditEvent) LogValue() slog.Value { return slog.StringValue(a.String()) }

// An Agent is somebody or something that took part: AuditEvent.agent.
type Agent struct {
	Extension    []Extension
	Type         Coding // the first coding of the concept
	Role         []Concept
	Who          *Reference
	AltID        string
	Name         string
	Requestor    bool // 1..1; of one agent only
	Policy       []string
	Network      *Network
	PurposeOfUse []Concept
}

// A Network is AuditEvent.agent.network.
type Network struct {
	Extension []Extension
	Address   string
	Type      string // 1 name, 2 IP address, 3 telephone, 4 e-mail, 5 URI
}

// An EventSource says who recorded it: AuditEvent.source.
type EventSource struct {
	Site     string
	Observer Reference // 1..1
	Type     []Coding
}

// An Entity is data or an object: AuditEvent.entity. It has a Name or a Query,
// not both (sev-1).
type Entity struct {
	Extension      []Extension
	What           *Reference
	Type           Coding
	Role           Coding
	Lifecycle      Coding
	SecurityLabel  []Coding
	Name           string
	Description    string
	Query          []byte
	QueryExtension []Extension // in place of a query that is not there
	Detail         []Detail
}

// A Detail is AuditEvent.entity.detail: a type and exactly one of the values.
type Detail struct {
	Type              string // 1..1
	ValueString       *string
	ValueBase64Binary []byte
}

// A Coding is a code of a system. The zero Coding is none.
type Coding struct {
	Extension             []Extension
	System, Code, Display string
}

func (c *Coding) isZero() bool {
	return c.System == "" && c.Code == "" && c.Display == "" && len(c.Extension) == 0
}

func (c *Coding) is(other Coding) bool { return c.System == other.System && c.Code == other.Code }

// A Concept is a CodeableConcept.
type Concept struct {
	Coding []Coding
	Text   string
}

// A Reference points at a resource, literally or by an identifier.
type Reference struct {
	Extension  []Extension
	Reference  string
	Type       string
	Identifier *Identifier
	Display    string
}

func (r *Reference) isZero() bool {
	return r.Reference == "" && r.Type == "" && r.Identifier == nil && r.Display == "" && len(r.Extension) == 0
}

// An Identifier is a value in a system. Its value is written even if it is
// empty, as an extension that says so.
type Identifier struct{ System, Value string }

// An Extension is one of those with a primitive value that this package reads
// and writes. Kind is "String", "Code", "Uri", "Boolean", "UnsignedInt" or
// "Base64Binary"; Value is the text of the value.
type Extension struct{ URL, Kind, Value string }

// Validate reports everything by which the resource is not an AuditEvent of
// FHIR R4, as [baakit.FieldErrors] with FHIR paths, and one rule of the Basic
// Audit Log Patterns: no more than one agent is the requestor.
func (a *AuditEvent) Validate() error { return a.validate(true) }

// validate is Validate. What was parsed may have parts that are not empty but
// hold only what is ignored.
func (a *AuditEvent) validate(write bool) error {
	var errs baakit.FieldErrors
	v := checker{&errs, write}
	if a.ID != "" && !isID(a.ID) {
		errs.Add("AuditEvent.id", ruleID)
	}
	for i, p := range a.Profile {
		v.uri(at("AuditEvent.meta.profile", i), p)
	}
	v.extensions("AuditEvent", a.Extension)
	if a.Type.Code == "" {
		errs.Add("AuditEvent.type", "is required, with a code")
	}
	v.coding("AuditEvent.type", a.Type)
	v.codings("AuditEvent.subtype", a.Subtype)
	if a.Action != "" && (len(a.Action) != 1 || !strings.Contains("CRUDE", a.Action)) {
		errs.Add("AuditEvent.action", "must be one of C, R, U, D, E")
	}
	if !a.Start.IsZero() {
		v.year("AuditEvent.period.start", a.Start)
	}
	if a.Recorded.IsZero() {
		errs.Add("AuditEvent.recorded", "is required")
	} else {
		v.year("AuditEvent.recorded", a.Recorded)
	}
	if a.Outcome != "" && !slices.Contains([]string{"0", "4", "8", "12"}, a.Outcome) {
		errs.Add("AuditEvent.outcome", "must be one of 0, 4, 8, 12")
	}
	v.concepts("AuditEvent.purposeOfEvent", a.PurposeOfEvent)
	if len(a.Agent) == 0 {
		errs.Add("AuditEvent.agent", "must be at least one")
	}
	requestors := 0
	for i := range a.Agent {
		if v.agent(at("AuditEvent.agent", i), &a.Agent[i]); a.Agent[i].Requestor {
			requestors++
		}
	}
	if requestors > 1 {
		errs.Add("AuditEvent.agent.requestor", "must be true of one agent only")
	}
	if write && a.Source.Observer.isZero() {
		errs.Add("AuditEvent.source.observer", "is required")
		v.write = false // said
	}
	v.reference("AuditEvent.source.observer", &a.Source.Observer)
	v.write = write
	v.codings("AuditEvent.source.type", a.Source.Type)
	for i := range a.Entity {
		v.entity(at("AuditEvent.entity", i), &a.Entity[i])
	}
	return errs.Err()
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

const (
	ruleID   = "must be 1 to 64 letters, digits, hyphens and dots"
	ruleURI  = "must be a URI without white space"
	ruleCode = "must be a code: no white space but single spaces inside"
)

// A checker adds what is wrong with parts of a resource.
type checker struct {
	errs  *baakit.FieldErrors
	write bool
}

func (v checker) empty(path string, is bool) {
	if is && v.write {
		v.errs.Add(path, "must not be empty")
	}
}

func (v checker) uri(path, s string) {
	if !isURI(s) {
		v.errs.Add(path, ruleURI)
	}
}

func (v checker) year(path string, t time.Time) {
	if y := t.Year(); y < 1 || y > 9999 {
		v.errs.Add(path, "must be in the years 1 to 9999")
	}
}

func (v checker) coding(path string, c Coding) {
	if c.System != "" {
		v.uri(path+".system", c.System)
	}
	if c.Code != "" && !isCode(c.Code) {
		v.errs.Add(path+".code", ruleCode)
	}
	v.extensions(path, c.Extension)
}

func (v checker) codings(path string, list []Coding) {
	for i := range list {
		v.empty(at(path, i), list[i].isZero())
		v.coding(at(path, i), list[i])
	}
}

func (v checker) concepts(path string, list []Concept) {
	for i := range list {
		v.empty(at(path, i), len(list[i].Coding) == 0 && list[i].Text == "")
		v.codings(at(path, i)+".coding", list[i].Coding)
	}
}

func (v checker) reference(path string, r *Reference) {
	if r == nil {
		return
	}
	v.empty(path, r.isZero())
	if r.Type != "" {
		v.uri(path+".type", r.Type)
	}
	if r.Identifier != nil && r.Identifier.System != "" {
		v.uri(path+".identifier.system", r.Identifier.System)
	}
	v.extensions(path, r.Extension)
}

func (v checker) extensions(path string, list []Extension) {
	for i, x := range list {
		p := at(path+".extension", i)
		if x.URL == "" || !isURI(x.URL) {
			v.errs.Add(p+".url", "is required, a URI without white space")
		}
		if !isValue(x.Kind, x.Value) {
			v.errs.Add(p, "must have one value of its type")
		}
	}
}

func (v checker) agent(path string, a *Agent) {
	v.coding(path+".type", a.Type)
	v.concepts(path+".role", a.Role)
	v.reference(path+".who", a.Who)
	for i, p := range a.Policy {
		v.uri(at(path+".policy", i), p)
	}
	if n := a.Network; n != nil {
		v.empty(path+".network", n.Address == "" && n.Type == "" && len(n.Extension) == 0)
		if n.Type != "" && (len(n.Type) != 1 || n.Type < "1" || n.Type > "5") {
			v.errs.Add(path+".network.type", "must be one of 1, 2, 3, 4, 5")
		}
		v.extensions(path+".network", n.Extension)
	}
	v.concepts(path+".purposeOfUse", a.PurposeOfUse)
	v.extensions(path, a.Extension)
}

func (v checker) entity(path string, e *Entity) {
	v.reference(path+".what", e.What)
	v.coding(path+".type", e.Type)
	v.coding(path+".role", e.Role)
	v.coding(path+".lifecycle", e.Lifecycle)
	v.codings(path+".securityLabel", e.SecurityLabel)
	if e.Name != "" && (len(e.Query) > 0 || len(e.QueryExtension) > 0) {
		v.errs.Add(path, "must have a name or a query, not both (sev-1)")
	}
	v.extensions(path+".query", e.QueryExtension)
	for i, d := range e.Detail {
		if d.Type == "" {
			v.errs.Add(at(path+".detail", i)+".type", "is required")
		}
		if (d.ValueString != nil) == (d.ValueBase64Binary != nil) {
			v.errs.Add(at(path+".detail", i)+".value[x]", "must be exactly one of valueString, valueBase64Binary")
		}
	}
	v.extensions(path, e.Extension)
	v.empty(path, e.What == nil && e.Type.isZero() && e.Role.isZero() && e.Lifecycle.isZero() && len(e.SecurityLabel) == 0 &&
		e.Name == "" && e.Description == "" && len(e.Query) == 0 && len(e.QueryExtension) == 0 && len(e.Detail) == 0 && len(e.Extension) == 0)
}
