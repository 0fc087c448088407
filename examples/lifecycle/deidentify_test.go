package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is exported, the report, the log and the story hold no identifier of
// the three patients, and a second telling shows the same codes.
func TestDeidentifying(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stdout, stderr, code := program(t, "-dir", dir)
	if code != 0 {
		t.Fatal(stderr)
	}
	first, err := os.ReadFile(filepath.Join(dir, "deidentified.json"))
	if err != nil {
		t.Fatal(err)
	}
	texts := stdout + string(first)
	err = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		texts += string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"LK-1004", "Pennywhistle", "Orla", "Thistledown", "Marblewick", "1934", "07-14", "000-12", "555-0", "Fennel", "Larch", "Quince", "Des Moines", "Acworth", "50309", "03601", "20301", "Delia", "2026-09-02T"} {
		if strings.Contains(texts, id) {
			t.Errorf("%q is in what the story wrote", id)
		}
	}
	var records []struct {
		MRN    string
		Visits []struct{ On, Code string }
	}
	if err := json.Unmarshal(first, &records); err != nil || len(records) != 3 || len(records[1].Visits) != 2 || records[1].Visits[0].On != "2026" || len(records[0].MRN) != 26 {
		t.Fatalf("the export does not have the records: %v\n%s", err, first)
	}
	if _, stderr, code := program(t, "-dir", dir); code != 0 {
		t.Fatal(stderr)
	}
	second, err := os.ReadFile(filepath.Join(dir, "deidentified.json"))
	if err != nil || string(second) != string(first) {
		t.Errorf("a second telling exported other records: %v", err)
	}
}
