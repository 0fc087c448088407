package auditfhir

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/jsonscan"
)

// maxDepth is how deeply the values of a resource may nest.
const maxDepth = 100

// A node is a JSON value: an object, an array, or a scalar as it was written.
type node struct {
	kind    byte // '{', '[', '"', or 'v' for a number, true, false and null
	raw     []byte
	members []member
	items   []node
}

type member struct {
	name  string
	value node
}

// parseTree reads one JSON value and nothing behind it.
func parseTree(data []byte) (node, bool) {
	if !utf8.Valid(data) {
		return node{}, false
	}
	n, i := parseNode(data, jsonscan.Space(data, 0), maxDepth)
	return n, i >= 0 && jsonscan.Space(data, i) == len(data)
}

// parseNode returns the value at i and the position behind it, or -1.
func parseNode(b []byte, i, depth int) (n node, end int) {
	if i < 0 || i >= len(b) || depth == 0 {
		return n, -1
	}
	switch c := b[i]; c {
	default:
		if end, _ = jsonscan.Scalar(b, i); end < 0 {
			return n, -1
		}
		n.kind, n.raw = 'v', b[i:end]
		if c == '"' {
			n.kind = '"'
		}
		return n, end
	case '{', '[':
		n.kind = c
		for i = jsonscan.Space(b, i+1); i < len(b); {
			if b[i] == c+2 { // } is two behind {, and ] behind [
				return n, i + 1
			}
			if len(n.members)+len(n.items) > 0 {
				if b[i] != ',' {
					return n, -1
				}
				i = jsonscan.Space(b, i+1)
			}
			var m member
			if c == '{' {
				if i >= len(b) || b[i] != '"' {
					return n, -1
				}
				end, _ := jsonscan.String(b, i)
				if end < 0 {
					return n, -1
				}
				m.name = string(jsonscan.Unescape(nil, b[i+1:end-1]))
				if i = jsonscan.Space(b, end); i >= len(b) || b[i] != ':' {
					return n, -1
				}
				i = jsonscan.Space(b, i+1)
			}
			if m.value, i = parseNode(b, i, depth-1); i < 0 {
				return n, -1
			}
			i = jsonscan.Space(b, i)
			if c == '{' {
				n.members = append(n.members, m)
			} else {
				n.items = append(n.items, m.value)
			}
		}
		return n, -1
	}
}

func (n *node) text() string {
	return string(jsonscan.Unescape(nil, n.raw[1:len(n.raw)-1]))
}

// A reader collects what is wrong with a resource and what of it is not read.
type reader struct {
	errs    baakit.FieldErrors
	ignored []string
}

// An object is an element that is being read: every member that was not asked
// for is ignored, but for those that change the meaning of the others.
type object struct {
	r    *reader
	path string
	n    *node
	used []bool
}

// object reads an element with f. Members that f did not ask for are noted.
func (r *reader) object(path string, n *node, f func(o *object)) {
	if n.kind != '{' {
		r.errs.Add(path, "must be an object")
		return
	}
	if len(n.members) == 0 {
		r.errs.Add(path, "must not be empty")
		return
	}
	o := &object{r, path, n, make([]bool, len(n.members))}
	seen := make(map[string]bool, len(n.members))
	for _, m := range n.members {
		if seen[m.name] {
			r.errs.Add(o.at(m.name), "must be given once")
		}
		seen[m.name] = true
		if string(m.value.raw) == "null" {
			r.errs.Add(o.at(m.name), "must not be null")
		}
	}
	f(o)
	for i, m := range n.members {
		if o.used[i] {
			continue
		}
		if m.name == "modifierExtension" || m.name == "implicitRules" {
			r.errs.Add(o.at(m.name), "must not be there: it may change the meaning of the rest")
			continue
		}
		r.ignored = append(r.ignored, o.at(m.name))
	}
}

func (o *object) at(name string) string { return o.path + "." + name }

func (o *object) fail(name, rule string) { o.r.errs.Add(o.at(name), rule) }

// get returns a member, or nil.
func (o *object) get(name string) *node {
	for i := range o.n.members {
		if m := &o.n.members[i]; m.name == name {
			o.used[i] = true
			return &m.value
		}
	}
	return nil
}

// str reads a string that is of a primitive type of FHIR.
func (o *object) str(name string) string {
	n := o.get(name)
	if n == nil || string(n.raw) == "null" {
		return ""
	}
	if n.kind != '"' {
		o.fail(name, "must be a string")
		return ""
	}
	s := n.text()
	if s == "" {
		o.fail(name, "must not be empty")
	}
	return s
}

// text reads a text, which may be an extension of a primitive.
func (o *object) text(name string) string {
	s, _ := o.value(name)
	return s
}

func (o *object) value(name string) (s string, ok bool) {
	if o.get(name) != nil {
		s = o.str(name)
		if s != "" && (len(s) > maxText || strings.TrimSpace(s) == "") {
			o.fail(name, "must be a FHIR string: more than white space, at most 1 MiB")
		}
		return s, true
	}
	for _, x := range o.primitive(name) {
		if x.URL != ExtText {
			o.r.ignored = append(o.r.ignored, o.at("_"+name))
			continue
		}
		if x.Kind == "Code" && x.Value == "empty" {
			return "", true
		}
		if x.Kind == "Base64Binary" {
			b, _ := base64.StdEncoding.DecodeString(x.Value)
			return string(b), true
		}
		o.fail("_"+name, "must have the text in base64, or the code empty")
	}
	return "", false
}

// primitive reads the extensions of a primitive without a value.
func (o *object) primitive(name string) (list []Extension) {
	if n := o.get("_" + name); n != nil {
		o.r.object(o.at("_"+name), n, func(o *object) { list = o.extensions() })
	}
	return list
}

func (o *object) strs(name string) (list []string) {
	n := o.get(name)
	if n == nil {
		return nil
	}
	if n.kind != '[' || len(n.items) == 0 {
		o.fail(name, "must be an array that is not empty")
		return nil
	}
	for i := range n.items {
		item := &n.items[i]
		if item.kind != '"' || len(item.raw) == 2 {
			o.fail(at(name, i), "must be a string that is not empty")
			continue
		}
		list = append(list, item.text())
	}
	return list
}

// boolean reads a required boolean.
func (o *object) boolean(name string) bool {
	n := o.get(name)
	if n == nil {
		o.fail(name, "is required")
		return false
	}
	if s := string(n.raw); s != "true" && s != "false" {
		o.fail(name, "must be true or false")
		return false
	}
	return string(n.raw) == "true"
}

// binary reads a value in base64.
func (o *object) binary(name string) []byte {
	s := o.str(name)
	if s == "" {
		return nil
	}
	clean := bytes.Join(bytes.Fields([]byte(s)), nil)
	b, err := base64.StdEncoding.Strict().DecodeString(string(clean))
	if err != nil || len(b) == 0 {
		o.fail(name, "must be base64")
		return nil
	}
	return b
}

// child reads an element that may be there once.
func (o *object) child(name string, f func(o *object)) bool {
	n := o.get(name)
	if n != nil {
		o.r.object(o.at(name), n, f)
	}
	return n != nil
}

// list reads an element that may repeat.
func (o *object) list(name string, f func(o *object)) {
	n := o.get(name)
	if n == nil {
		return
	}
	if n.kind != '[' || len(n.items) == 0 {
		o.fail(name, "must be an array that is not empty")
		return
	}
	for i := range n.items {
		o.r.object(at(o.at(name), i), &n.items[i], f)
	}
}

// extensions reads those with a primitive value and notes the others.
func (o *object) extensions() (list []Extension) {
	o.list("extension", func(o *object) {
		x := Extension{URL: o.str("url")}
		if x.URL == "" && o.get("url") == nil {
			o.fail("url", "is required")
		}
		for _, kind := range []string{"String", "Code", "Uri", "Boolean", "UnsignedInt", "Base64Binary"} {
			n := o.get("value" + kind)
			if n == nil {
				continue
			}
			if x.Kind != "" {
				o.fail("value[x]", "must be one value")
				return
			}
			if x.Kind = kind; n.kind == '"' && kind != "Boolean" && kind != "UnsignedInt" {
				x.Value = n.text()
			} else if n.kind == 'v' && (kind == "Boolean" || kind == "UnsignedInt") {
				x.Value = string(n.raw)
			}
			if !isValue(kind, x.Value) {
				o.fail("value"+kind, "must be of the type that its name says")
				return
			}
		}
		if x.Kind == "" { // of another type: the extension as a whole is ignored
			o.r.ignored = append(o.r.ignored, o.path)
			for i := range o.used {
				o.used[i] = o.used[i] || o.n.members[i].name != "modifierExtension"
			}
			return
		}
		list = append(list, x)
	})
	return list
}

func (r *reader) note(path string, i int) {
	r.ignored = append(r.ignored, path+"["+strconv.Itoa(i)+"]")
}
