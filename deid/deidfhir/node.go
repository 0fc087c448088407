package deidfhir

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/baakit/baakit/deid"
)

// A form is how a value is walked.
type form uint8

const (
	formScalar form = iota
	formObject
	formResource // its type is in it
	formCoding
	formConcept
	formQuantity
	formAge
	formIdentifier
	formExtension // it is told apart by its url
	formContact
	formNarrative
	formMeta
)

// A check is what a scalar must be besides its type, or how it is written.
type check uint8

const (
	checkNone check = iota
	checkCode
	checkMIME
	checkLanguage
	checkCurrency
	checkTypeName
	checkSystem
	checkIssuer // the system of an Identifier
	checkCanonical
	checkUnit
	checkLinkID
	checkDisplay // of a Coding that stays
	checkCountry
	checkNumber  // may be an age
	checkText    // stays as it is if a published display says the same
	checkID      // becomes a code
	checkVersion // becomes a code of another namespace
	checkLiteral // a reference
	checkValue   // of an Identifier: becomes a code
	checkContact // of a ContactPoint
	checkURL     // of a listed extension
)

// A node is an element with its place in the report.
type node struct {
	form       form
	check      check
	json       byte // '"', '0' or 't': what a scalar begins with
	drop       bool // without a look at it
	term       bool // looked at as a published term
	place      *deid.Place
	unknown    *deid.Place // for what is not listed below
	isResource bool
	contained  bool // its resources are contained ones
	members    members
	byURL      map[string]*node // of an extension
}

// below is where a value counts that is not what the element holds.
func (n *node) below() *deid.Place {
	if n.unknown != nil {
		return n.unknown
	}
	return n.place
}

// A compiler makes the nodes of one engine.
type compiler struct {
	e     *deid.Engine
	table *table
	terms *vocabulary
	opts  Options
	types map[string]*node // by type, or path of a backbone element
	ext   *node
	err   error
}

const (
	namespaceID         = "fhir_id"
	namespaceVersion    = "fhir_version"
	namespaceBase       = "fhir_base"
	namespaceIdentifier = "fhir_identifier"
)

const providerReason = "a provider is not the individual, nor a relative, an employer or a member of the household (45 CFR 164.514(b)(2)(i)), and the option KeepProviders lets the name stay"

// place makes a place and keeps the first error.
func (c *compiler) place(path string, r deid.Rule) *deid.Place {
	p, err := c.e.Place(path, r)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("deidfhir: %w", err)
	}
	return p
}

// scalar makes the node of a primitive type with what it holds.
func (c *compiler) scalar(path, typeName, holds string) *node {
	p, ok := c.table.Primitives[typeName]
	if !ok {
		panic("deidfhir: the embedded table names a type that it does not have: " + typeName)
	}
	n := &node{json: map[string]byte{"string": '"', "number": '0', "boolean": 't'}[p.JSON]}
	switch typeName {
	case "code":
		n.check = checkCode
	case "mime":
		n.check = checkMIME
	case "language":
		n.check = checkLanguage
	case "currency":
		n.check = checkCurrency
	case "typeName":
		n.check = checkTypeName
	case "system":
		n.check = checkSystem
		if path == "Identifier.system" {
			n.check = checkIssuer
		}
	case "canonical":
		n.check = checkCanonical
	case "unit":
		n.check = checkUnit
	case "id":
		n.check = checkID
	case "literal":
		n.check = checkLiteral
	}
	if holds == "" {
		holds = p.Kind
	}
	r := deid.Rule{}
	switch {
	case n.check == checkID && path == "Meta.versionId":
		n.check = checkVersion
		r = deid.Rule{Kind: deid.KindID, Action: deid.CodeAs(namespaceVersion)}
	case n.check == checkID || n.check == checkLiteral:
		r = deid.Rule{Kind: deid.KindID, Action: deid.CodeAs(namespaceID)}
	case path == "Identifier.value":
		n.check = checkValue
		r = deid.Rule{Kind: deid.KindID, Action: deid.CodeAs(namespaceIdentifier)}
	case p.Drop || holds == "drop":
		n.drop = true
		r = deid.Rule{Action: deid.Drop}
	case holds == "provider":
		if c.opts.KeepProviders {
			r, n.term = deid.Rule{Action: deid.Keep, Reason: providerReason}, true
		} else {
			n.drop = true
			r = deid.Rule{Action: deid.Drop}
		}
	case holds == "linkId":
		n.check, n.term = checkLinkID, true
		r = deid.Rule{Action: deid.Keep, Reason: "the number of a question"}
	case holds == "display":
		n.check, n.term = checkDisplay, true
		r = deid.Rule{Action: deid.Keep, Reason: "the display of a published term"}
		if c.e.Policy().ActionFor(deid.KindTerm) != deid.Keep {
			n.drop = true
			r = deid.Rule{Action: deid.Drop}
		}
	case holds == "number":
		n.check = checkNumber
		r = deid.Rule{Action: deid.Keep, Reason: p.Keep}
	case holds == "":
		r = deid.Rule{Action: deid.Keep, Reason: p.Keep}
	default:
		kind, err := deid.ParseKind(holds)
		if err != nil {
			panic("deidfhir: the embedded table names a kind that there is not: " + holds)
		}
		r = deid.Rule{Kind: kind, Action: c.action(p, kind)}
		n.term = kind == deid.KindTerm
		n.drop = kind == deid.KindPhoto
	}
	if holds == "country" {
		n.check = checkCountry
	}
	if path == "ContactPoint.value" {
		n.check = checkContact
	}
	if path == "CodeableConcept.text" || path == "Extension.text" {
		n.check = checkText
	}
	n.place = c.place(path, r)
	return n
}

// action is the policy's own where its outcome has a form in the type, and
// Drop where it has none.
func (c *compiler) action(p primitive, k deid.Kind) deid.Action {
	own := c.e.Policy().ActionFor(k)
	switch k {
	case deid.KindDate, deid.KindDOB, deid.KindDeath:
		if own == deid.Keep || !p.Whole && (own == deid.YearOnly || own == deid.ShiftDate) {
			return ""
		}
		return deid.Drop
	case deid.KindTerm:
		if own != deid.Keep {
			return deid.Drop
		}
	}
	if p.JSON != "string" && own != deid.Keep {
		return deid.Drop
	}
	return ""
}

var forms = map[string]form{
	"Coding": formCoding, "CodeableConcept": formConcept, "Quantity": formQuantity, "Age": formAge,
	"Identifier": formIdentifier, "Extension": formExtension, "ContactPoint": formContact, "Narrative": formNarrative, "Meta": formMeta,
}

// typed returns the node of a complex type, which is made once.
func (c *compiler) typed(name string) *node {
	if n := c.types[name]; n != nil {
		return n
	}
	if name == "Resource" || name == "Contained" {
		n := &node{form: formResource, unknown: c.e.UnknownPlace("Resource"), contained: name == "Contained"}
		c.types[name] = n
		return n
	}
	e, ok := c.table.Types[name]
	if !ok {
		panic("deidfhir: the embedded table names a type that it does not have: " + name)
	}
	return c.object(name, e)
}

// object makes the node of an element with members. Its path is that of the
// data type or of the backbone element.
func (c *compiler) object(path string, e element) *node {
	n := &node{form: formObject, unknown: c.e.UnknownPlace(path)}
	if f, ok := forms[path]; ok {
		n.form = f
	}
	c.types[path] = n // before its members, which may hold it again
	all := map[string]*node{"extension": c.ext}
	for _, name := range slices.Sorted(maps.Keys(e.Members)) {
		c.member(all, path, name, e.Members[name])
	}
	n.members = newMembers(all)
	return n
}

// resource makes the node of a resource of the elements in several parts.
func (c *compiler) resource(name string, parts ...element) *node {
	n := &node{form: formObject, isResource: true, unknown: c.e.UnknownPlace(name)}
	typeName := c.scalar("resourceType", "typeName", "")
	all := map[string]*node{"extension": c.ext, "resourceType": typeName}
	for _, part := range parts {
		for _, member := range slices.Sorted(maps.Keys(part.Members)) {
			c.member(all, name, member, part.Members[member])
		}
	}
	n.members = newMembers(all)
	return n
}

// extension makes the node by which listed extensions are found.
func (c *compiler) extension() {
	c.ext = &node{form: formExtension, unknown: c.e.UnknownPlace("Extension"), byURL: make(map[string]*node)}
	c.types["Extension"] = c.ext
	one := func(path, value string) *node {
		typeName, holds, _ := strings.Cut(value, ":")
		all := map[string]*node{"url": {json: '"', check: checkURL, place: c.place(path+".url", deid.Rule{Kind: deid.KindTerm})}}
		key := "value" + strings.ToUpper(typeName[:1]) + typeName[1:]
		if _, ok := c.table.Primitives[typeName]; ok {
			all[key] = c.scalar(path, typeName, holds)
		} else {
			all[key] = c.typed(typeName)
		}
		return &node{form: formObject, unknown: c.e.UnknownPlace("Extension"), members: newMembers(all)}
	}
	for _, url := range slices.Sorted(maps.Keys(c.terms.Extensions)) {
		x := c.terms.Extensions[url]
		if x.Value != "" {
			c.ext.byURL[url] = one("Extension.value", x.Value)
			continue
		}
		parts := &node{form: formExtension, unknown: c.e.UnknownPlace("Extension"), byURL: make(map[string]*node)}
		for _, name := range slices.Sorted(maps.Keys(x.Parts)) {
			parts.byURL[name] = one("Extension."+name, x.Parts[name])
		}
		c.ext.byURL[url] = &node{form: formObject, unknown: c.e.UnknownPlace("Extension"), members: newMembers(map[string]*node{
			"url":       {json: '"', check: checkURL, place: c.place("Extension.url", deid.Rule{Kind: deid.KindTerm})},
			"extension": parts,
		})}
	}
}

// A member is a name with its node.
type member struct {
	name string
	node *node
}
