package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"

	"github.com/baakit/baakit/audit/auditfile"
)

// fsck reads every segment with its checksums (the folder was opened with
// Full) and reads every record once more through its index.
type fsck struct{ asJSON bool }

func (c *fsck) flags(set *flag.FlagSet) {
	set.BoolVar(&c.asJSON, "json", false, "print the result as JSON")
}

func (*fsck) words() (from, to int) { return 0, 0 }

type condition struct {
	Schema     string `json:"schema"`
	Chains     int    `json:"chains"`
	Entries    uint64 `json:"entries"`
	LineBytes  int64  `json:"line_bytes"`
	SealBytes  int64  `json:"sealed_bytes"`
	TornBytes  int64  `json:"torn_bytes"`
	TornAt     int64  `json:"torn_at,omitempty"`
	TornIn     string `json:"torn_in,omitempty"`
	TornSHA256 string `json:"torn_sha256,omitempty"`
}

func (c *fsck) run(ctx context.Context, s *auditfile.Store, _ []string, stdout io.Writer) error {
	state := condition{Schema: "baakit.auditlog.fsck/1"}
	for chain, err := range s.Chains(ctx) {
		if err != nil {
			return err
		}
		state.Chains++
		for r, err := range s.Read(ctx, chain, 0) {
			if err != nil {
				return err
			}
			state.Entries++
			state.LineBytes += int64(len(r.Line))
			state.SealBytes += int64(len(r.Sealed))
		}
	}
	if r := s.Recovered(); r.Length > 0 {
		state.TornBytes, state.TornAt, state.TornIn, state.TornSHA256 = r.Length, r.Offset, r.Segment, fmt.Sprintf("%x", r.SHA256)
	}
	if c.asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(state)
	}
	fmt.Fprintf(stdout, "%d chains, %d entries, %d bytes of lines, %d bytes of payloads: every checksum holds\n", state.Chains, state.Entries, state.LineBytes, state.SealBytes)
	if state.TornBytes > 0 {
		fmt.Fprintf(stdout, "note: %s holds %d bytes behind its last commit, from byte %d: what a crash left or a writer is writing\n", state.TornIn, state.TornBytes, state.TornAt)
	}
	return nil
}
