package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// deidentifying exports the practice's records without identifiers, and shows
// and logs the report.
type deidentifying struct{ policy *deid.Policy }

const deidChain = "org/deid"

func (*deidentifying) name() string  { return "deidentifying" }
func (*deidentifying) title() string { return "Records are exported under the safe harbor" }

func (d *deidentifying) prepare(c *caseFile, wrong problems) {
	policy, err := deid.SafeHarbor(
		deid.Rule{Path: "$.mrn", Kind: deid.KindMRN, Action: deid.CodeAs("patient")},
		deid.Rule{Path: "$.patient.name", Kind: deid.KindName},
		deid.Rule{Path: "$.patient.born", Kind: deid.KindDOB},
		deid.Rule{Path: "$.patient.ssn", Kind: deid.KindSSN},
		deid.Rule{Path: "$.patient.phone", Kind: deid.KindPhone},
		deid.Rule{Path: "$.patient.address.street", Kind: deid.KindStreet},
		deid.Rule{Path: "$.patient.address.city", Kind: deid.KindCity},
		deid.Rule{Path: "$.patient.address.state", Kind: deid.KindState},
		deid.Rule{Path: "$.patient.address.zip", Kind: deid.KindZIP},
		deid.Rule{Path: "$.visits[*].on", Kind: deid.KindDate},
		deid.Rule{Path: "$.visits[*].age", Kind: deid.KindAge},
		deid.Rule{Path: "$.visits[*].code", Kind: deid.KindTerm},
		deid.Rule{Path: "$.visits[*].display", Kind: deid.KindTerm},
		deid.Rule{Path: "$.visits[*].pulse", Action: deid.Keep, Reason: "a measured value"},
		deid.Rule{Path: "$.visits[*].note", Kind: deid.KindText},
	).Compile()
	if err == nil {
		d.policy = policy
		_, err = d.release(context.Background(), c)
	}
	wrong.of(recordsJSON).Merge("", err)
}

// A released is the event of an export: what it contained, by hash, and the
// report. The codes come from a vault that forgets, so the records themselves
// come out of the event: a second telling must not make new codes.
type released struct {
	On        baakit.Date     `json:"on"`
	Records   json.RawMessage `json:"records"`
	Statement deid.Statement  `json:"statement"`
	SHA256    string          `json:"statement_sha256"`
}

func (d *deidentifying) play(ctx context.Context, s *stage) error {
	on := s.c.released()
	event, err := record(ctx, s, s.c.at(on, 15), deidChain, "deid.released", func() (released, error) { return d.release(ctx, s.c) })
	if err != nil {
		return err
	}
	if err := s.keep(deidChain, event, rebuildReleased); err != nil {
		return err
	}
	s.moment(on, "Records are exported without identifiers")
	var unknown uint64
	for _, u := range event.Statement.Unknown {
		unknown += u.Count
	}
	s.tell("%s has %d records exported for research under the safe harbor, %s. %d value that no rule names was dropped, and the self-check stopped %d records. The report says \"%s\" and leaves actual knowledge (45 CFR 164.514(b)(2)(ii)) to who signs it.",
		s.c.customer.LegalName, event.Statement.Records, event.Statement.Citation, unknown, event.Statement.SelfCheck.Hits, event.Statement.Statement)
	rows := [][]string{{"identifier", "before", "removed", "replaced", "after"}}
	for _, c := range event.Statement.Identifiers {
		if c.Values > 0 {
			rows = append(rows, []string{fmt.Sprintf("(%s) %s", c.Identifier, c.Identifier.Title()), fmt.Sprint(c.Values), fmt.Sprint(c.Removed), fmt.Sprint(c.Replaced), fmt.Sprint(c.Stayed)})
		}
	}
	s.table("What the export holds of each identifier, before and after", rows)
	s.cite(event.Statement.Citation)
	s.fact("records", int(event.Statement.Records))
	s.fact("records_failed", int(event.Statement.RecordsFailed))
	s.fact("unknown_dropped", int(unknown))
	s.fact("statement", event.Statement.Statement)
	s.fact("statement_sha256", event.SHA256)
	var indented bytes.Buffer
	if err := json.Indent(&indented, event.Records, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	if err := s.write("deidentified.json", indented.Bytes()); err != nil {
		return err
	}
	return s.write("deid-report.md", []byte(event.Statement.Markdown()))
}

// released is the day of the export: a month into the agreement.
func (c *caseFile) released() baakit.Date { return c.effective().AddMonths(1, baakit.RollBack) }

// release transforms the records.
func (d *deidentifying) release(ctx context.Context, c *caseFile) (released, error) {
	engine, err := deid.New(d.policy, &deid.Options{AsOf: c.released(), Vault: deid.NewMemoryVault(), Scope: "research export"})
	if err != nil {
		return released{}, err
	}
	report := engine.NewReport()
	var out bytes.Buffer
	if err := engine.JSON(ctx, &out, bytes.NewReader(c.files[recordsJSON]), nil, report); err != nil {
		return released{}, err
	}
	statement := report.Statement()
	sum, err := statement.SHA256()
	return released{c.released(), out.Bytes(), statement, sum}, err
}

func rebuildReleased(events []logged) (any, error) {
	if len(events) != 1 {
		return nil, fmt.Errorf("the chain has %d events, not 1", len(events))
	}
	var r released
	if err := json.Unmarshal(events[0].Payload, &r); err != nil {
		return nil, err
	}
	sum, err := r.Statement.SHA256()
	if err == nil && sum != r.SHA256 {
		err = fmt.Errorf("the statement is not the one that was released")
	}
	return r, err
}
