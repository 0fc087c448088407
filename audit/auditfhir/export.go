package auditfhir

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// A Config says what a log does not know of itself. Only Observer is required.
type Config struct {
	// Observer is who recorded the events: source.observer, a device or an
	// organisation.
	Observer Reference

	// Site is where, within the enterprise: source.site.
	Site string

	// SourceType is source.type; nil means an application server.
	SourceType []Coding

	// Server is who answered the requests; the zero Reference means Observer.
	Server Reference

	// ServerAddress is its network address: a URI, a name or an IP address.
	ServerAddress string

	// Custodian is who keeps the records that are disclosed; nil for none.
	Custodian *Reference

	// PatientSystem is the system of patient identifiers. If it is empty, a
	// patient whose identifier can be the id of a resource is referred to as
	// Patient/ID.
	PatientSystem string

	// Open, if not nil, opens sealed entries: the method of [audit.Log], or
	// [audit.OpenEntry] with a sealer. Entries that were erased are exported
	// without what was sealed. If nil, so are all that were not opened before.
	Open func(context.Context, audit.Entry) (audit.Entry, error)

	// Prove, if not nil, returns the proof that is attached to an entry, as
	// [audit.Prove] makes it; the zero Proof for none.
	Prove func(context.Context, audit.Entry) (audit.Proof, error)
}

// An Exporter turns entries into AuditEvents. It is safe for concurrent use.
type Exporter struct{ opt Config }

// NewExporter checks the options and returns an exporter. Its error is a
// [baakit.FieldErrors].
func NewExporter(opt Config) (*Exporter, error) {
	var errs baakit.FieldErrors
	v := checker{&errs, true}
	if opt.Observer.isZero() {
		errs.Add("observer", "is required")
	} else {
		v.reference("observer", &opt.Observer)
	}
	v.codings("source_type", opt.SourceType)
	if opt.Server.isZero() {
		opt.Server = opt.Observer
	} else {
		v.reference("server", &opt.Server)
	}
	v.reference("custodian", opt.Custodian)
	if opt.PatientSystem != "" {
		v.uri("patient_system", opt.PatientSystem)
		if opt.PatientSystem == TokenSystem {
			errs.Add("patient_system", "must not be the system of tokens")
		}
	}
	if opt.SourceType == nil {
		opt.SourceType = []Coding{sourceServer}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return &Exporter{opt}, nil
}

// AuditEvents returns an entry as AuditEvents: one for each patient and
// further person that the event names, as BALP asks for, or one if there is
// none. All of an entry's differ only in that person. Its errors are those of
// Open, except [audit.ErrErased], and of Prove; and [audit.ErrProof] for a
// proof of something else.
func (x *Exporter) AuditEvents(ctx context.Context, e audit.Entry) ([]AuditEvent, error) {
	state := ""
	if e.Seal != "" {
		state = "sealed"
		if e.Event.HasSealed() {
			state = "opened"
		} else if x.opt.Open != nil {
			opened, err := x.opt.Open(ctx, e)
			switch {
			case errors.Is(err, audit.ErrErased):
				state = "erased"
			case err != nil:
				return nil, err
			default:
				e, state = opened, "opened"
			}
		} else if len(e.Sealed) == 0 {
			state = "erased"
		}
	}
	chain, err := x.record(ctx, e, state)
	if err != nil {
		return nil, err
	}
	b := builder{x: x, e: &e.Event, token: e.Subject, missing: "unknown"}
	b.p, b.subtype = patternOf(&e.Event)
	if state == "sealed" || state == "erased" {
		b.missing = "masked"
	}
	if len(e.Event.Subjects) == 0 {
		a := b.build(e.Event.Patient, e.Event.Patient != "")
		a.Recorded, a.Extension = e.Time, append(chain, a.Extension...)
		if len(e.Line) > 0 {
			a.ID = leafID(e)
		}
		return []AuditEvent{a}, nil
	}
	var list []AuditEvent
	persons := len(e.Event.Subjects)
	if e.Event.Patient != "" {
		persons++
	}
	for i := range len(e.Event.Subjects) + 1 {
		person := e.Event.Patient
		if i > 0 {
			person = e.Event.Subjects[i-1]
		} else if person == "" {
			continue
		}
		a := b.build(person, true)
		a.Recorded, a.Extension = e.Time, slices.Concat(chain, []Extension{
			{ExtPerson, "UnsignedInt", strconv.Itoa(i)}, {ExtPersons, "UnsignedInt", strconv.Itoa(persons)},
		}, a.Extension)
		if len(e.Line) > 0 {
			a.ID = leafID(e) + "-" + strconv.Itoa(i)
		}
		list = append(list, a)
	}
	return list, nil
}

// A builder makes the AuditEvents of one event.
type builder struct {
	x       *Exporter
	e       *audit.Event
	p       pattern
	subtype audit.Subtype
	token   string
	missing string // why something is not there
}

func implied() Extension { return Extension{ExtImplied, "Boolean", "true"} }

func absent(reason string) []Extension { return []Extension{{absentReason, "Code", reason}} }

func (b *builder) build(person string, hasPerson bool) AuditEvent {
	e := b.e
	a := AuditEvent{
		Type: typeCoding(e), Action: string(e.Action), Start: e.Occurred, Outcome: string(e.Outcome), OutcomeDesc: e.Reason,
		Source: EventSource{b.x.opt.Site, b.x.opt.Observer, b.x.opt.SourceType},
	}
	for _, s := range e.Subtype {
		a.Subtype = append(a.Subtype, subtypeCoding(s))
	}
	if b.p.name != "" && b.subtype == "" {
		c := subtypeCoding(b.p.subtype[0])
		c.Extension = []Extension{implied()}
		a.Subtype = append(a.Subtype, c)
	}
	if e.Emergency {
		a.Extension = append(a.Extension, Extension{ExtEmergency, "Boolean", "true"})
		if !slices.Contains(e.Subtype, audit.EmergencyStarted) {
			c := subtypeCoding(audit.EmergencyStarted)
			c.Extension = []Extension{implied()}
			a.Subtype = append(a.Subtype, c)
		}
	}
	for _, x := range []Extension{{ExtRoute, "String", e.Request.Route}, {ExtTrace, "String", e.Request.Trace}, {ExtSpan, "String", e.Request.Span}} {
		if x.Value != "" {
			a.Extension = append(a.Extension, x)
		}
	}
	for _, p := range e.Purpose {
		a.PurposeOfEvent = append(a.PurposeOfEvent, Concept{Coding: []Coding{{System: systemActReason, Code: string(p)}}})
	}
	a.Agent = b.agents(a.PurposeOfEvent, person, hasPerson)
	a.Entity = b.entities(person, hasPerson)
	if profile := b.profile(hasPerson || b.token != "" && b.missing == "masked"); profile != "" {
		a.Profile = []string{profileBALP + profile}
	}
	return a
}

// profile returns the BALP profile that the resource conforms to, or "".
func (b *builder) profile(patient bool) string {
	known := 0
	for _, s := range b.e.Subtype {
		if slices.Contains(b.p.subtype, s) {
			known++
		}
	}
	switch {
	case b.p.name == "" || b.e.Action != b.p.action:
		return ""
	case b.p.isDisclosure():
		if patient {
			return b.p.name
		}
		return ""
	case known > 1 || b.e.Outcome != audit.Success:
		return "" // the profiles are of what succeeded
	case patient:
		return "Patient" + b.p.name
	}
	return b.p.name
}

func (b *builder) agents(purpose []Concept, person string, hasPerson bool) (list []Agent) {
	e, opt := b.e, &b.x.opt
	user := Agent{Type: b.p.user, Requestor: true, Policy: slices.Clone(e.Policy), PurposeOfUse: purpose}
	if e.Request.Token != "" {
		user.Policy = append(user.Policy, policyToken+e.Request.Token)
	} else if n := len(e.Policy); n > 0 && isTokenPolicy(e.Policy[n-1]) {
		user.Extension = append(user.Extension, Extension{ExtToken, "Boolean", "false"})
	}
	if e.Actor.Kind != "" {
		user.Extension = append(user.Extension, Extension{ExtActorKind, "Code", e.Actor.Kind})
	}
	if e.Actor.Role != "" {
		user.Role = []Concept{{Text: e.Actor.Role}}
	}
	switch {
	case e.Actor.ID != "":
		user.Who = &Reference{Identifier: &Identifier{Value: e.Actor.ID}}
	case user.Extension == nil && user.Role == nil && user.Policy == nil: // a domain event of nobody
		user = Agent{Extension: []Extension{implied()}, Type: roleApplication, Who: &opt.Observer, Requestor: true}
	default:
		user.Who = &Reference{Extension: absent("unknown")}
	}
	list = append(list, user)
	if c := b.client(); c != nil {
		list = append(list, *c)
	}
	if !b.p.server.isZero() {
		s := Agent{Extension: []Extension{implied()}, Type: b.p.server, Who: &opt.Server, Network: network(opt.ServerAddress)}
		if b.p.isDisclosure() {
			s.Who = &opt.Observer // val-audit-source
		}
		list = append(list, s)
	}
	if e.Actor.Org != "" {
		list = append(list, Agent{Type: roleOrg, Who: &Reference{Identifier: &Identifier{Value: e.Actor.Org}, Display: e.Actor.Org}})
	}
	if e.Actor.For != "" {
		list = append(list, Agent{Type: roleDelegator, Who: &Reference{Identifier: &Identifier{Value: e.Actor.For}}})
	}
	if b.p.isDisclosure() {
		if opt.Custodian != nil {
			list = append(list, Agent{Extension: []Extension{implied()}, Type: roleKeeper, Who: opt.Custodian})
		}
		if hasPerson && slices.Contains(e.Purpose, audit.PatientRequest) {
			list = append(list, Agent{Extension: []Extension{implied()}, Type: roleAuthorizer, Who: b.patient(person)})
		}
	}
	return list
}

func isTokenPolicy(s string) bool {
	return strings.HasPrefix(s, policyToken) && len(s) > len(policyToken)
}

// client returns the agent at the other end, or nil.
func (b *builder) client() *Agent {
	c := b.e.Client
	if c.Addr == "" && c.Kind == "" && b.p.name == "" {
		return nil
	}
	a := &Agent{Type: b.p.client, Name: c.Kind, Network: network(c.Addr), Who: &Reference{Display: c.Addr}}
	if c.Addr == "" {
		a.Who = &Reference{Extension: absent("unknown")}
	}
	if c.Addr == "" && c.Kind == "" {
		a.Extension = []Extension{implied()}
	}
	if name := recipient(b.e.Disclosure); b.p.isDisclosure() && name != "" {
		a.Who = &Reference{Extension: []Extension{implied()}, Display: name}
	}
	return a
}

// network returns an address with its type.
func network(addr string) *Network {
	n := &Network{Address: addr, Type: "1"}
	_, err := netip.ParseAddr(addr)
	_, err2 := netip.ParseAddrPort(addr)
	switch {
	case addr == "":
		return &Network{Extension: absent("unknown")}
	case err == nil || err2 == nil:
		n.Type = "2"
	case strings.Contains(addr, "://"):
		n.Type = "5"
	case strings.Contains(addr, "@"):
		n.Type = "4"
	case strings.HasPrefix(addr, "+"):
		n.Type = "3"
	}
	return n
}

// patient refers to a person.
func (b *builder) patient(id string) *Reference {
	if b.x.opt.PatientSystem == "" && isID(id) {
		return &Reference{Reference: "Patient/" + id}
	}
	return &Reference{Type: "Patient", Identifier: &Identifier{b.x.opt.PatientSystem, id}}
}
