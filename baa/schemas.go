package baa

import (
	"embed"
	"io/fs"
)

//go:embed schema
var schemaFiles embed.FS

// Schemas returns the JSON Schemas (2020-12) of the package: agreement-1.json
// for drafts, versions and agreements, answers-1.json for reports, differences
// and classifications. What a schema cannot say, such as that a hash is that of
// the content, is checked when reading.
func Schemas() fs.FS {
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		panic("baa: schema: " + err.Error())
	}
	return files
}
