package auditfhir

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit/audit"
)

// agents finds who acted, from where, and for whom. An agent without a
// requestor is the client: BALP's exchange between two organisations.
func (m *importer) agents() {
	p, _ := patternOf(&m.e)
	list := m.a.Agent
	isClient := func(a Agent) bool { return !isImplied(a.Extension) && a.Type.is(p.client) }
	user := slices.IndexFunc(list, func(a Agent) bool { return a.Requestor })
	client := slices.IndexFunc(list, func(a Agent) bool { return isClient(a) && !a.Requestor })
	if user < 0 {
		user = slices.IndexFunc(list, isClient)
	}
	if client < 0 && user >= 0 && isClient(list[user]) {
		client = user
	}
	if user < 0 {
		m.fail("agent", "must have a requestor")
		return
	}
	for i := range list {
		a, path := &list[i], at("agent", i)
		if i == user && !isImplied(a.Extension) {
			m.user(path, a, i == client)
		}
		if i == client {
			m.client(path, a, i == user)
		}
		if i == user || i == client || isImplied(a.Extension) {
			continue
		}
		who := &m.e.Actor.Org
		if a.Type.is(roleDelegator) {
			who = &m.e.Actor.For
		} else if !a.Type.is(roleOrg) {
			m.ignore(path)
			continue
		}
		if *who != "" || a.Who == nil || a.Who.Identifier == nil {
			m.ignore(path)
			continue
		}
		*who = m.keep(path+".who.identifier.value", a.Who.Identifier.Value)
	}
}

func (m *importer) user(path string, a *Agent, isClient bool) {
	actor := &m.e.Actor
	id, from := actorID(a)
	if m.opt.Actor != nil {
		if own := m.opt.Actor(*a); own != "" {
			id, from = own, ""
		}
	}
	switch {
	case id != "" && !isIdentifier(id), id == "" && m.e.Kind == "":
		m.fail(path+".who", "must be an identifier of 1 to 128 letters, digits and . _ : / @ + -")
	default:
		actor.ID = id
	}
	for _, x := range []struct{ name, text string }{{"altId", a.AltID}, {"name", a.Name}} {
		if x.text != "" && x.name != from && !(x.name == "name" && isClient) {
			m.ignore(path + "." + x.name)
		}
	}
	actor.Kind = m.keep(path+".extension(audit-actor-kind)", find(a.Extension, ExtActorKind))
	for i, c := range a.Role {
		s := c.Text
		if s == "" && len(c.Coding) > 0 {
			s = c.Coding[0].Code
		}
		if i > 0 || s == "" {
			m.ignore(at(path+".role", i))
			continue
		}
		actor.Role = m.keep(at(path+".role", i), s)
	}
	policy := a.Policy
	if n := len(policy); n > 0 && isTokenPolicy(policy[n-1]) && find(a.Extension, ExtToken) != "false" {
		m.e.Request.Token = m.keep(at(path+".policy", n-1), strings.TrimPrefix(policy[n-1], policyToken))
		policy = policy[:n-1]
	}
	for i, s := range policy {
		if s = m.keep(at(path+".policy", i), s); s != "" {
			m.e.Policy = append(m.e.Policy, s)
		}
	}
	if len(m.a.PurposeOfEvent) == 0 {
		m.e.Purpose = m.purposes(path+".purposeOfUse", a.PurposeOfUse)
	}
}

// actorID returns what names the agent, and from where.
func actorID(a *Agent) (id, from string) {
	who := a.Who
	if who == nil {
		who = &Reference{}
	}
	switch {
	case who.Identifier != nil && who.Identifier.Value != "":
		return who.Identifier.Value, "who.identifier"
	case who.Reference != "":
		return who.Reference, "who.reference"
	case a.AltID != "":
		return a.AltID, "altId"
	case a.Name != "":
		return a.Name, "name"
	}
	return who.Display, "who.display"
}

func (m *importer) client(path string, a *Agent, isUser bool) {
	c := &m.e.Client
	if a.Network != nil {
		c.Addr = m.keep(path+".network.address", a.Network.Address)
	}
	if !isUser || a.Name != m.e.Actor.ID {
		c.Kind = m.keep(path+".name", a.Name)
	}
	if w := a.Who; w != nil && !isUser && !isImplied(w.Extension) && (w.Reference != "" || w.Identifier != nil || w.Display != "" && w.Display != c.Addr) {
		m.ignore(path + ".who")
	}
	if !isUser && len(a.Policy) > 0 {
		m.ignore(path + ".policy")
	}
}

// checkLine compares what the resource says in clear with the line of the
// entry that it is said to be.
func (m *importer) checkLine() {
	r := &m.record
	if r.Line == nil || len(m.errs) > 0 {
		return
	}
	const (
		line     = "extension(audit-line)"
		ruleLine = "must be what the line of the entry says"
	)
	e, err := audit.ParseLine(r.Line)
	if err != nil {
		m.fail(line, "must be a line of an audit log")
		return
	}
	if e.Leaf != r.Leaf || e.Prev != r.Prev || e.Seq != r.Seq || e.Chain != r.Chain || (e.Seal == "") != (r.Sealed == "") ||
		r.Token != "" && r.Token != e.Subject {
		m.fail(line, "must be the line that the other extensions describe")
		return
	}
	if !e.Time.Equal(m.a.Recorded) {
		m.fail("recorded", ruleLine)
	}
	if !reflect.DeepEqual(inClear(e.Event), inClear(m.e)) {
		m.fail(line, ruleLine)
	}
	if p := r.Proof; p != nil && (p.Index != r.Seq || !covers(*p, r.Line)) {
		m.fail("extension(audit-proof)", "must prove the line of this entry")
	}
}

// inClear returns the clear part of an event in one form.
func inClear(e audit.Event) audit.Event {
	list := func(s []string) []string { return append([]string(nil), s...) }
	out := audit.Event{
		Type: e.Type, Subtype: append([]audit.Subtype(nil), e.Subtype...), Action: e.Action, Outcome: e.Outcome,
		Purpose: append([]audit.Purpose(nil), e.Purpose...), Occurred: time.UnixMicro(e.Occurred.UnixMicro()).UTC(),
		Actor: e.Actor, Client: e.Client, Object: e.Object, Request: e.Request, Policy: list(e.Policy),
		Emergency: e.Emergency, Kind: e.Kind,
	}
	out.Object.Labels = list(e.Object.Labels)
	return out
}
