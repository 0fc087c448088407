package subprocessor

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/markdown"
)

// A ListDiff is what changes from one list to another. The zero ListDiff is no
// change.
type ListDiff struct {
	Header  *HeaderDiff `json:"header,omitempty"`
	Entries []EntryDiff `json:"entries,omitempty"` // by id, then section
}

// A HeaderDiff has the lists without their entries.
type HeaderDiff struct {
	Before List `json:"before"`
	After  List `json:"after"`
}

// An EntryDiff is an entry added (Before nil), removed (After nil) or changed.
// Fields are the names of the JSON fields that differ.
type EntryDiff struct {
	ID      string   `json:"id"`
	Section string   `json:"section"` // entries or ending
	Before  *Entry   `json:"before,omitempty"`
	After   *Entry   `json:"after,omitempty"`
	Fields  []string `json:"fields,omitempty"`
}

// ErrApply says that a diff was not made from the list that it is applied to.
var ErrApply = errors.New("subprocessor: the list is not the one that the difference starts from")

// Diff returns what changes from a to b. The order of entries does not matter.
func Diff(a, b List) ListDiff {
	var d ListDiff
	if ha, hb := a.header(), b.header(); !reflect.DeepEqual(ha, hb) {
		d.Header = &HeaderDiff{ha, hb}
	}
	for _, section := range []struct {
		name string
		a, b []Entry
	}{{"entries", a.Entries, b.Entries}, {"ending", a.Ending, b.Ending}} {
		before, after := byEntry(section.a), byEntry(section.b)
		for id, e := range before {
			other, ok := after[id]
			switch {
			case !ok:
				d.Entries = append(d.Entries, EntryDiff{ID: id, Section: section.name, Before: &e})
			case !reflect.DeepEqual(e, other):
				d.Entries = append(d.Entries, EntryDiff{id, section.name, &e, &other, changedFields(e, other)})
			}
		}
		for id, e := range after {
			if _, ok := before[id]; !ok {
				d.Entries = append(d.Entries, EntryDiff{ID: id, Section: section.name, After: &e})
			}
		}
	}
	slices.SortFunc(d.Entries, func(x, y EntryDiff) int { return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Section, y.Section)) })
	return d
}

func (l List) header() List {
	return List{Schema: l.Schema, Vendor: l.Vendor, Name: l.Name, AsOf: l.AsOf}
}

func byEntry(list []Entry) map[string]Entry {
	m := make(map[string]Entry, len(list))
	for _, e := range list {
		m[e.ID] = e
	}
	return m
}

func changedFields(a, b Entry) []string {
	var fields []string
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		if !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			name, _, _ := strings.Cut(va.Type().Field(i).Tag.Get("json"), ",")
			fields = append(fields, name)
		}
	}
	return fields
}

// IsZero reports whether nothing changes.
func (d ListDiff) IsZero() bool { return d.Header == nil && len(d.Entries) == 0 }

// Invert returns the difference of the other direction.
func (d ListDiff) Invert() ListDiff {
	out := ListDiff{}
	if d.Header != nil {
		out.Header = &HeaderDiff{d.Header.After, d.Header.Before}
	}
	for _, e := range d.Entries {
		out.Entries = append(out.Entries, EntryDiff{e.ID, e.Section, e.After, e.Before, e.Fields})
	}
	return out
}

// Apply returns the list that d makes of l, entries in order of their ids. The
// error is [ErrApply].
func (l List) Apply(d ListDiff) (List, error) {
	out := l
	if d.Header != nil {
		if !reflect.DeepEqual(l.header(), d.Header.Before) {
			return List{}, ErrApply
		}
		out = d.Header.After
	}
	sections := map[string]map[string]Entry{"entries": byEntry(l.Entries), "ending": byEntry(l.Ending)}
	for _, e := range d.Entries {
		m := sections[e.Section]
		have, ok := m[e.ID]
		if m == nil || ok != (e.Before != nil) || ok && !reflect.DeepEqual(have, *e.Before) {
			return List{}, ErrApply
		}
		if e.After == nil {
			delete(m, e.ID)
		} else {
			m[e.ID] = *e.After
		}
	}
	values := func(m map[string]Entry) []Entry {
		list := make([]Entry, 0, len(m))
		for _, e := range m {
			list = append(list, e)
		}
		slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) })
		return list
	}
	out.Entries, out.Ending = values(sections["entries"]), values(sections["ending"])
	if len(out.Ending) == 0 {
		out.Ending = nil
	}
	return out, nil
}

// Sentences returns the difference in plain language, one sentence a change.
func (d ListDiff) Sentences() []string {
	var list []string
	moved := make(map[string]bool)
	for _, e := range d.Entries {
		if e.Section == "ending" && e.Before == nil && e.After != nil {
			moved[e.ID] = true
			list = append(list, fmt.Sprintf("%s (%s) is no longer in use; PHI that it still holds is being returned or destroyed.", e.After.Name, e.After.Purpose))
		}
	}
	for _, e := range d.Entries {
		switch {
		case moved[e.ID]:
		case e.Before == nil && e.Section == "entries":
			list = append(list, fmt.Sprintf("%s was added for: %s.", e.After.Name, strings.TrimSuffix(e.After.Purpose, ".")))
		case e.After == nil && e.Section == "entries":
			list = append(list, fmt.Sprintf("%s was removed (%s).", e.Before.Name, strings.TrimSuffix(e.Before.Purpose, ".")))
		case e.After == nil:
			list = append(list, fmt.Sprintf("%s holds no more PHI and left the list.", e.Before.Name))
		case e.Before != nil:
			list = append(list, changeSentence(e))
		}
	}
	return list
}

func changeSentence(e EntryDiff) string {
	if slices.Contains(e.Fields, "name") {
		return fmt.Sprintf("%s is now called %s%s.", e.Before.Name, e.After.Name, also(e, "name"))
	}
	return fmt.Sprintf("%s changed: %s.", e.After.Name, strings.Join(fieldChanges(e), "; "))
}

func also(e EntryDiff, done string) string {
	fields := slices.DeleteFunc(slices.Clone(e.Fields), func(f string) bool { return f == done || f == "former_names" })
	if len(fields) == 0 {
		return ""
	}
	return ", and changed: " + strings.Join(fieldChanges(EntryDiff{e.ID, e.Section, e.Before, e.After, fields}), "; ")
}

func fieldChanges(e EntryDiff) []string {
	before, after := entryFields(*e.Before), entryFields(*e.After)
	var list []string
	for _, f := range e.Fields {
		list = append(list, fmt.Sprintf("%s from %s to %s", strings.ReplaceAll(f, "_", " "), cmp.Or(before[f], "none"), cmp.Or(after[f], "none")))
	}
	return list
}

// entryFields returns the fields of an entry as text.
func entryFields(e Entry) map[string]string {
	var raw map[string]any
	data, _ := json.Marshal(e)
	_ = json.Unmarshal(data, &raw)
	out := make(map[string]string)
	for k, v := range raw {
		switch v := v.(type) {
		case []any:
			var parts []string
			for _, p := range v {
				parts = append(parts, fmt.Sprint(p))
			}
			out[k] = strings.Join(parts, ", ")
		case bool:
			out[k] = map[bool]string{true: "yes", false: "no"}[v]
		default:
			out[k] = fmt.Sprint(v)
		}
	}
	return out
}

// Text returns the difference as lines of plain language.
func (d ListDiff) Text() string {
	if s := d.Sentences(); len(s) > 0 {
		return strings.Join(s, "\n") + "\n"
	}
	return "Nothing changed.\n"
}

// Markdown returns the difference as a list.
func (d ListDiff) Markdown() string {
	var b strings.Builder
	for _, s := range d.Sentences() {
		b.WriteString("* " + markdown.Text(s) + "\n")
	}
	if b.Len() == 0 {
		return "Nothing changed.\n"
	}
	return b.String()
}

// An Observed is a vendor seen in use: in egress, in invoices.
type Observed struct {
	Name string      `json:"name"`
	Seen string      `json:"seen,omitempty"` // where
	On   baakit.Date `json:"on,omitzero"`
}

// A DriftReport compares a list with what was observed. Unlisted is an alarm.
type DriftReport struct {
	Unlisted []Observed `json:"unlisted"`
	Unseen   []string   `json:"unseen"` // ids of entries that nothing matched
}

// Drift compares the declared list with observed vendors. A name matches an
// entry's name, former name, entity id or the host of its website, whatever
// its case, punctuation or legal form.
func (l List) Drift(observed []Observed) DriftReport {
	known := make(map[string][]string)
	for _, e := range slices.Concat(l.Entries, l.Ending) {
		for _, name := range append([]string{e.Name, e.Entity, hostOf(e.Website)}, e.FormerNames...) {
			if n := plainName(name); n != "" {
				known[n] = append(known[n], e.ID)
			}
		}
	}
	seen := make(map[string]bool)
	r := DriftReport{Unlisted: []Observed{}, Unseen: []string{}}
	for _, o := range observed {
		ids := known[plainName(o.Name)]
		if len(ids) == 0 {
			ids = known[plainName(hostOf(o.Name))]
		}
		if len(ids) == 0 {
			r.Unlisted = append(r.Unlisted, o)
		}
		for _, id := range ids {
			seen[id] = true
		}
	}
	for _, e := range l.Entries {
		if !seen[e.ID] {
			r.Unseen = append(r.Unseen, e.ID)
		}
	}
	return r
}

func hostOf(address string) string {
	host := strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(address), "https://"), "http://")
	host, _, _ = strings.Cut(host, "/")
	return strings.TrimPrefix(host, "www.")
}

func plainName(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" .,'\"()&/-_", r) })
	for len(words) > 1 && slices.Contains([]string{"inc", "llc", "ltd", "corp", "corporation", "limited", "gmbh", "co", "company", "plc"}, words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}
