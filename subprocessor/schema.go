package subprocessor

import _ "embed"

//go:embed schema/list.json
var listSchema string

// ListJSONSchema returns the JSON Schema (2020-12) of a [List].
func ListJSONSchema() string { return listSchema }
