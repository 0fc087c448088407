package deidvet_test

import (
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/baakit/baakit/deid/deidvet"
)

// The values of testdata/tags.txt are read as package deid reads them; a test
// there reads the same file.
func TestTagsFile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/tags.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, `"`) {
			continue
		}
		n++
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		tag, _ := strconv.Unquote(quoted)
		want := strings.TrimPrefix(line[len(quoted):], " ")
		if got := deidvet.ParseTag(tag); got != want && (want != "ok" || got != "") {
			t.Errorf("%s: %q, want %q", quoted, got, want)
		}
	}
	if n < 50 {
		t.Errorf("%d tags", n)
	}
}

// A correction is a tag that is right, and nothing but spaces and capitals
// away from the one that was not.
func FuzzCorrected(f *testing.F) {
	for _, s := range []string{"Name", "mrn, tag", " KEEP,reason=A, B", "code=MRN", "name,", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fixed, ok := deidvet.Corrected(s)
		if !ok {
			return
		}
		if wrong := deidvet.ParseTag(fixed); wrong != "" {
			t.Fatalf("%q becomes %q, which %s", s, fixed, wrong)
		}
		bare := func(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), "") }
		if bare(fixed) != bare(s) {
			t.Fatalf("%q becomes %q", s, fixed)
		}
		if again, ok := deidvet.Corrected(fixed); ok {
			t.Fatalf("%q becomes %q and then %q", s, fixed, again)
		}
	})
}

// A key that is set is read back by reflection, and the others stay.
func FuzzSetKey(f *testing.F) {
	for _, s := range []string{``, `json:"a"`, `json:"a" deid:"name" xml:"b"`, `deid:"a" deid:"b"`, `json:"a`, `x`, `json:"\"deid:"`} {
		f.Add(s, "drop")
	}
	f.Fuzz(func(t *testing.T, whole, value string) {
		got, ok := deidvet.SetKey(whole, "deid", value)
		if !ok {
			return
		}
		was, now := reflect.StructTag(whole), reflect.StructTag(got)
		if set, has := now.Lookup("deid"); value != "" && (!has || set != value) {
			// A key before it that reflection does not take hides it.
			if _, readable := reflect.StructTag(whole + ` deid:"x"`).Lookup("deid"); readable {
				t.Fatalf("%q with %q is %q", whole, value, got)
			}
		}
		for _, other := range []string{"json", "xml"} {
			if was.Get(other) != now.Get(other) {
				t.Fatalf("%q of %q is another one in %q", other, whole, got)
			}
		}
	})
}
