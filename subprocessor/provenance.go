package subprocessor

import (
	"encoding/json"
	"time"

	"github.com/baakit/baakit/internal/strictjson"
)

// A Provenance says where an imported engagement was read, and when.
type Provenance struct {
	Source  string
	Fetched time.Time
	SHA256  string // of what was read, in hexadecimal
}

type provenanceWire struct {
	Source  string  `json:"source"`
	Fetched instant `json:"fetched_at"`
	SHA256  string  `json:"sha256,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (p Provenance) MarshalJSON() ([]byte, error) {
	return json.Marshal(provenanceWire{p.Source, instant(p.Fetched), p.SHA256})
}

// UnmarshalJSON implements json.Unmarshaler; it reads strictly.
func (p *Provenance) UnmarshalJSON(data []byte) error {
	var w provenanceWire
	if err := strictjson.Decode(data, &w); err != nil {
		return err
	}
	*p = Provenance{w.Source, time.Time(w.Fetched), w.SHA256}
	return nil
}
