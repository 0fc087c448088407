package auditfile_test

import (
	"os"
	"path/filepath"

	"pgregory.net/rapid"
)

// removeSome removes some indexes of a folder.
func removeSome(t *rapid.T, dir string) {
	names, _ := filepath.Glob(filepath.Join(dir, "*.index"))
	for _, name := range names {
		if rapid.Bool().Draw(t, "remove") {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}
