package deidfhir_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidfhir"
	"pgregory.net/rapid"
)

func isCode(s string) bool {
	_, err := deidfhir.ParseCode(s)
	return err == nil
}

// each calls f with every string of a document and the path to it, in order.
func each(v any, path string, f func(path, s string)) {
	switch v := v.(type) {
	case []member:
		for _, m := range v {
			each(m.value, path+"."+m.name, f)
		}
	case []any:
		for _, e := range v {
			each(e, path, f)
		}
	case string:
		f(path, v)
	}
}

// ids and references are the texts that point, in the order of the document.
func pointers(t testing.TB, doc []byte) (list []string) {
	t.Helper()
	each(parse(t, doc), "$", func(path, s string) {
		last := path[strings.LastIndexByte(path, '.')+1:]
		switch last {
		case "id", "reference", "fullUrl":
			list = append(list, s)
		case "versionId":
			list = append(list, "version:"+s)
		}
	})
	return list
}

// A drawn Bundle has resources with ids of every sort that refer to each other
// in every form.
func drawBundle(t *rapid.T) (doc string, refs int) {
	idOf := rapid.OneOf(
		rapid.StringMatching(`[a-z]{1,3}[0-9]{0,4}`),
		rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}`),
		rapid.StringMatching(`[A-Za-z0-9.\-]{20,64}`),
	)
	ids := rapid.SliceOfNDistinct(idOf, 1, 6, strings.ToLower).Draw(t, "ids")
	id := rapid.SampledFrom(ids)
	typeName := rapid.SampledFrom([]string{"Patient", "Observation", "Basic", "Encounter"})
	base := rapid.SampledFrom([]string{"http://a.example/r4/", "https://b.example/", "http://a.example/"})
	pointer := rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			return typeName.Draw(t, "type") + "/" + id.Draw(t, "id")
		case 1:
			return base.Draw(t, "base") + typeName.Draw(t, "type") + "/" + id.Draw(t, "id")
		case 2:
			return "urn:uuid:" + id.Draw(t, "id")
		case 3:
			return "#" + id.Draw(t, "id")
		case 4:
			return typeName.Draw(t, "type") + "/" + id.Draw(t, "id") + "/_history/" + id.Draw(t, "version")
		}
		return "urn:oid:" + id.Draw(t, "id")
	})
	var entries []string
	for range rapid.IntRange(1, 5).Draw(t, "entries") {
		contained := ""
		if rapid.Bool().Draw(t, "contains") {
			contained = fmt.Sprintf(`"contained":[{"resourceType":"Patient","id":%q,"link":[{"other":{"reference":%q}}]}],`, id.Draw(t, "id"), pointer.Draw(t, "ref"))
		}
		entries = append(entries, fmt.Sprintf(`{"fullUrl":%q,"resource":{%s"subject":{"reference":%q,"display":"Zebulon"},"id":%q,"resourceType":"Observation","meta":{"versionId":%q}}}`,
			pointer.Draw(t, "url"), contained, pointer.Draw(t, "subject"), id.Draw(t, "id"), id.Draw(t, "version")))
	}
	return `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(entries, ",") + `]}`, len(entries)
}

// split takes a pointer apart into what has to map alike: base, type, form, id
// and version.
func split(s string) (fixed string, parts []string) {
	if rest, ok := strings.CutPrefix(s, "version:"); ok {
		return "", []string{"version " + rest}
	}
	if rest, ok := strings.CutPrefix(s, "#"); ok {
		return "#", []string{"id " + rest}
	}
	for _, scheme := range []string{"urn:uuid:", "urn:oid:"} {
		if rest, ok := strings.CutPrefix(s, scheme); ok {
			return "urn", []string{"id " + rest}
		}
	}
	version := ""
	if before, after, ok := strings.Cut(s, "/_history/"); ok {
		s, version = before, after
	}
	base := ""
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		j := strings.LastIndexByte(s[:i], '/')
		base, fixed = s[:j+1], s[j+1:i]
		s = s[i+1:]
	}
	return fixed, []string{"base " + base, "id " + s, "version " + version}
}

// The graph of references is the same before and after, up to the names of its
// nodes: one map of ids, of servers and of versions leads from one to the
// other, and back. Two jobs give different names.
func TestReferencesResolve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		forward, backward := make(map[string]string), make(map[string]string)
		one, two := safeHarbor(t), safeHarbor(t)
		for range rapid.IntRange(1, 3).Draw(rt, "documents") { // of one job
			in, _ := drawBundle(rt)
			out, _, err := one.run(in)
			if err != nil {
				rt.Fatalf("%v: %s", err, in)
			}
			other, _, err := two.run(in)
			if err != nil {
				rt.Fatal(err)
			}
			before, after, apart := pointers(t, []byte(in)), pointers(t, []byte(out)), pointers(t, []byte(other))
			if len(before) != len(after) {
				rt.Fatalf("%d pointers became %d\n%s\n%s", len(before), len(after), in, out)
			}
			for i := range before {
				fixed, parts := split(before[i])
				fixedAfter, partsAfter := split(after[i])
				if fixed != fixedAfter || len(parts) != len(partsAfter) {
					rt.Fatalf("%s became %s", before[i], after[i])
				}
				for k := range parts {
					from, to := strings.ToLower(parts[k]), canonical(partsAfter[k])
					if strings.HasSuffix(from, " ") != strings.HasSuffix(to, " ") {
						rt.Fatalf("%s became %s", before[i], after[i])
					}
					if old, ok := forward[from]; ok && old != to {
						rt.Fatalf("%q has two codes", from)
					}
					if old, ok := backward[to]; ok && old != from {
						rt.Fatalf("%q and %q have one code", from, old)
					}
					forward[from], backward[to] = to, from
				}
				if after[i] == apart[i] && after[i] != before[i] {
					rt.Fatalf("two jobs have one code for %q", before[i])
				}
			}
		}
	})
}

// canonical is a part of an output with its code in one form.
func canonical(part string) string {
	kind, rest, _ := strings.Cut(part, " ")
	if code, err := deidfhir.ParseCode(rest); err == nil {
		return kind + " " + code.String()
	}
	return part
}

func TestReferenceForms(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	for in, want := range map[string]string{
		"Patient/17":            "Patient/CODE",
		"Patient/17/_history/3": "Patient/CODE/_history/CODE",
		"#p1":                   "#CODE",
		"#":                     "#",
		"urn:uuid:0b5c1f6e-582e-4db0-9b94-479667466d91": "urn:uuid:CODE",
		"urn:oid:1.2.3":                                "urn:uuid:CODE",
		"https://ehr.example/r4/Patient/17":            "https://CODE.invalid/Patient/CODE",
		"Patient/0b5c1f6e-582e-4db0-9b94-479667466d91": "Patient/CODE",
		"Patient":                           "Patient",
		"Patient?identifier=http://x|17":    "",
		"Patient/17?x=1":                    "",
		"Patient/17#x":                      "",
		"Smith/17":                          "",
		"Smith":                             "",
		"Patient/John Smith":                "",
		"Patient/":                          "",
		"/17":                               "",
		"ftp://ehr.example/Patient/17":      "",
		"john.smith/Patient/17":             "",
		"Patient/17/_history/":              "",
		"Patient/17/_history/a b":           "",
		"urn:uuid:":                         "",
		"urn:isbn:0451450523":               "",
		"mailto:zebulon@wobble.example":     "",
		"http://ehr.example/Zebulon/Quills": "",
	} {
		out, _, err := j.run(fmt.Sprintf(`{"resourceType":"Observation","status":"final","focus":[{"reference":%q}]}`, in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		var doc struct {
			Focus []struct{ Reference string }
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(doc.Focus) > 0 {
			got = doc.Focus[0].Reference
		}
		if shape := withoutCodes(got); shape != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

// withoutCodes puts a word in the place of each code.
func withoutCodes(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/#:.", r) })
	for _, part := range parts {
		if isCode(part) || isCode(strings.ToUpper(part)) {
			s = strings.ReplaceAll(s, part, "CODE")
		}
	}
	return s
}

// The code of an id leads back, in each of its forms.
func TestReidentify(t *testing.T) {
	t.Parallel()
	v := deid.NewMemoryVault()
	e := engine(t, deid.SafeHarbor(), &deid.Options{Vault: v, Scope: "s"})
	j := job{e: e, w: walker(t, e, nil)}
	for _, id := range []string{"pat-17", "0b5c1f6e-582e-4db0-9b94-479667466d91"} {
		out, _, err := j.run(`{"resourceType":"Patient","id":"` + id + `"}`)
		if err != nil {
			t.Fatal(err)
		}
		code, err := deidfhir.ParseCode(pointers(t, []byte(out))[0])
		if err != nil {
			t.Fatal(err)
		}
		back, err := v.Reidentify(t.Context(), "s", "fhir_id", code)
		if err != nil || string(back) != id {
			t.Errorf("%s leads back to %s (%v)", id, back, err)
		}
	}
	for _, s := range []string{"", "x", "00000000-0000-0000-0000-000000000000", "AAAAAAAAAAAAAAAAAAAAAAAAAA", "0b5c1f6e-582e-4db0-9b94-479667466d9g"} {
		if _, err := deidfhir.ParseCode(s); err == nil {
			t.Errorf("%q is a code", s)
		}
	}
}

// The same job over Run, JSON and NDJSON gives the same codes.
func TestOneJob(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	const patient, visit = `{"resourceType":"Patient","id":"p1"}`, `{"resourceType":"Encounter","subject":{"reference":"Patient/p1"}}`
	docs := func(yield func(deid.Document, error) bool) {
		_ = yield(j.w.Document([]byte(patient), false, nil), nil) &&
			yield(j.w.Document([]byte(visit+"\n"+visit+"\n"), true, nil), nil)
	}
	codes := make(map[string]bool)
	r := j.e.NewReport()
	for result, err := range j.e.Run(context.Background(), docs, r, &deid.RunOptions{Workers: 2}) {
		if err != nil || result.Err != nil {
			t.Fatal(err, result.Err)
		}
		for line := range bytes.Lines(result.Output) {
			for _, p := range pointers(t, line) {
				codes[strings.TrimPrefix(p, "Patient/")] = true
			}
		}
	}
	if len(codes) != 1 {
		t.Errorf("one id has the codes %v", slices.Collect(maps.Keys(codes)))
	}
	if s := r.Statement(); s.Documents != 2 || s.Records != 3 || s.RecordsFailed != 0 {
		t.Errorf("the report: %+v", s)
	}
}
