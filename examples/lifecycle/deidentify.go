package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidfhir"
)

// deidentifying exports the practice's records without identifiers, as its own
// JSON and as a FHIR bundle, and shows and logs the reports.
type deidentifying struct {
	policy  *deid.Policy
	exports []export
}

// An export is one of the files that are released.
type export struct {
	name, as, kind string
	input          string
	transform      func(e *deid.Engine) (transform, error)
}

type transform func(ctx context.Context, report *deid.Report, src []byte) ([]byte, error)

const deidChain = "org/deid"

func (*deidentifying) name() string  { return "deidentifying" }
func (*deidentifying) title() string { return "Records exported under the safe harbor" }
func (*deidentifying) input() string { return recordsJSON }

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
	if err != nil {
		wrong.of(recordsJSON).Merge("", err)
		return
	}
	d.policy = policy
	d.exports = []export{
		{"deidentified.json", "the records", "deid.records_released", recordsJSON, plainJSON},
		{"deidentified.fhir.json", "a FHIR bundle", "deid.bundle_released", bundleJSON, asFHIR},
	}
	for _, x := range d.exports {
		_, err := d.release(context.Background(), c, x)
		wrong.of(x.input).Merge("", err)
	}
}

func plainJSON(e *deid.Engine) (transform, error) {
	return func(ctx context.Context, report *deid.Report, src []byte) ([]byte, error) {
		var out bytes.Buffer
		err := e.JSON(ctx, &out, bytes.NewReader(src), nil, report)
		return out.Bytes(), err
	}, nil
}

func asFHIR(e *deid.Engine) (transform, error) {
	w, err := deidfhir.New(e, &deidfhir.Options{Forgotten: true})
	return func(ctx context.Context, report *deid.Report, src []byte) ([]byte, error) {
		var out bytes.Buffer
		err := w.JSON(ctx, &out, bytes.NewReader(src), nil, report)
		return out.Bytes(), err
	}, err
}

// A released is the event of an export: what it contained, and the report by
// its hash. The codes come from a vault that forgets, so the records
// themselves come out of the event: a second telling must not make new codes.
type released struct {
	On        baakit.Date     `json:"on"`
	Records   json.RawMessage `json:"records"`
	Statement deid.Statement  `json:"statement"`
	SHA256    string          `json:"statement_sha256"`
}

func (d *deidentifying) play(ctx context.Context, s *stage) error {
	on := s.c.released()
	s.moment(on, "Records are exported without identifiers")
	s.tell("%s has records exported for research under the safe harbor: once as they are, and once as a FHIR R4 bundle.", s.c.customer.LegalName)
	var events []released
	for i, x := range d.exports {
		event, err := record(ctx, s, s.c.at(on, 15+i), deidChain, x.kind, func() (released, error) { return d.release(ctx, s.c, x) })
		if err != nil {
			return err
		}
		events = append(events, event)
		if err := d.show(s, x, event); err != nil {
			return err
		}
	}
	s.cite(events[0].Statement.Citation)
	s.fact("records", int(events[0].Statement.Records))
	s.fact("records_failed", int(events[0].Statement.RecordsFailed))
	s.fact("statement", events[0].Statement.Statement)
	s.fact("statement_sha256", events[0].SHA256)
	s.fact("bundle_statement_sha256", events[1].SHA256)
	return s.keep(deidChain, events, rebuildReleased)
}

// show writes an export and tells what became of the identifiers in it.
func (d *deidentifying) show(s *stage, x export, event released) error {
	var indented bytes.Buffer
	if err := json.Indent(&indented, event.Records, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	if err := s.write(x.name, indented.Bytes()); err != nil {
		return err
	}
	if err := s.write(x.name+".report.md", []byte(event.Statement.Markdown())); err != nil {
		return err
	}
	rows := [][]string{{"identifier", "values", "removed", "replaced", "kept as the rule allows"}}
	for _, c := range event.Statement.Identifiers {
		if c.Values > 0 {
			rows = append(rows, []string{fmt.Sprintf("(%s) %s", c.Identifier, c.Identifier.Title()), fmt.Sprint(c.Values), fmt.Sprint(c.Removed), fmt.Sprint(c.Replaced), fmt.Sprint(c.Stayed)})
		}
	}
	var unknown uint64
	for _, u := range event.Statement.Unknown {
		unknown += u.Count
	}
	s.table("What became of each identifier in "+x.name, rows)
	s.fact(x.kind[len("deid."):]+"_unknown_dropped", int(unknown))
	s.tell("%s dropped that no rule names. Its report says \"%s\"; the self-check stopped %s. Actual knowledge (45 CFR 164.514(b)(2)(ii)) is left to who signs it.", counted(int(unknown), "value was", "values were"), event.Statement.Statement, counted(int(event.Statement.SelfCheck.Hits), "record", "records"))
	s.proves(fmt.Sprintf("The safe harbor was applied to %s, and the self-check found nothing left; its report has the SHA-256 %s", x.as, short(event.SHA256)))
	return nil
}

// released is the day of the export: a month into the agreement.
func (c *caseFile) released() baakit.Date { return c.effective().AddMonths(1, baakit.RollBack) }

// release transforms one of the inputs.
func (d *deidentifying) release(ctx context.Context, c *caseFile, x export) (released, error) {
	engine, err := deid.New(d.policy, &deid.Options{AsOf: c.released(), Vault: deid.NewMemoryVault(), Scope: "research export"})
	if err != nil {
		return released{}, err
	}
	transform, err := x.transform(engine)
	if err != nil {
		return released{}, err
	}
	report := engine.NewReport()
	out, err := transform(ctx, report, c.files[x.input])
	if err != nil {
		return released{}, err
	}
	statement := report.Statement()
	sum, err := statement.SHA256()
	return released{c.released(), out, statement, sum}, err
}

func rebuildReleased(events []logged) (any, error) {
	list := make([]released, len(events))
	for i, e := range events {
		if err := json.Unmarshal(e.Payload, &list[i]); err != nil {
			return nil, err
		}
		sum, err := list[i].Statement.SHA256()
		if err == nil && sum != list[i].SHA256 {
			err = fmt.Errorf("the statement is not the one that was released")
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}
