package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// An edit puts something else in the place of one value of a JSON document.
type edit struct {
	path string
	do   func(with any, gone bool)
}

// edits returns an edit for every value below v.
func edits(path string, v any) []edit {
	var list []edit
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			list = append(list, edit{path + "." + k, func(with any, gone bool) {
				if v[k] = with; gone {
					delete(v, k)
				}
			}})
			list = append(list, edits(path+"."+k, x)...)
		}
	case []any:
		for i, x := range v {
			at := path + "[" + strconv.Itoa(i) + "]"
			list = append(list, edit{at, func(with any, _ bool) { v[i] = with }})
			list = append(list, edits(at, x)...)
		}
	}
	return list
}

// Whatever a user puts in the place of one value of the case, the story can be
// told, or the error is of one line that begins with the name of a file and
// holds nothing of what was put there; nothing panics.
func TestAnyEdit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 14))
	told := 0
	for n := range 72 {
		dir := t.TempDir()
		if err := writeCase(dir); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, inputNames[n%len(inputNames)])
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		list := edits("", v)
		x := list[r.IntN(len(list))]
		with := []any{nil, "", "zweiundvierzig", -7, 1e15, true, []any{}, map[string]any{}, "2027-02-30", "9999-12-31", "0001-01-01", "99999 days", "1 hours"}[r.IntN(13)]
		x.do(with, r.IntN(4) == 0)
		if data, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		cast := acts()
		c, err := readCase(filepath.Join(dir, caseJSON), cast)
		if err == nil {
			err = rehearse(t.Context(), c, cast)
		}
		if err == nil {
			told++
			continue
		}
		named := false
		for _, input := range inputNames {
			named = named || strings.HasPrefix(err.Error(), input+": ")
		}
		if !named || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "zweiundvierzig") {
			t.Errorf("%s%s = %v: %v", filepath.Base(name), x.path, with, err)
		}
	}
	if told == 0 || told == 72 {
		t.Errorf("%d of 72 edits were stories: this test saw only one side", told)
	}
}
