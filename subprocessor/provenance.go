package subprocessor

import "time"

// Provenance says where an imported engagement was read, and when.
type Provenance struct {
	Source  string    `json:"source"`
	Fetched time.Time `json:"fetched_at"`
	SHA256  string    `json:"sha256,omitempty"` // of what was read
}
