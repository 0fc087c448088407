package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/internal/strictjson"
)

const caseSchema = "baakit.lifecycle.case/1"

// The files of a case, in the order in which the story needs them.
const (
	caseJSON      = "case.json"
	agreementJSON = "agreement.json"
	recordsJSON   = "records.json"
	bundleJSON    = "records.fhir.json"
	registryJSON  = "registry.json"
	incidentJSON  = "incident.json"
)

var inputNames = []string{caseJSON, agreementJSON, recordsJSON, bundleJSON, registryJSON, incidentJSON}

//go:embed case
var builtIn embed.FS

// A caseFile is what the user can edit: the file of this name, and those
// beside it, of which each act reads its own. An act's dates are the section
// of case.json that carries its name.
type caseFile struct {
	Schema        string                     `json:"schema"`
	Zone          zone                       `json:"zone"`
	Today         baakit.Date                `json:"today"`
	Offered       baakit.Date                `json:"offered"`
	Terminated    baakit.Date                `json:"terminated"`
	Closures      []baakit.Date              `json:"closures"`
	DocumentsKept baakit.Period              `json:"documents_kept"`
	Acts          map[string]json.RawMessage `json:"acts"`

	files map[string][]byte

	// From agreement.json.
	version          baa.Version
	vendor, customer baa.Party
	terms            baa.Terms
}

func (c *caseFile) effective() baakit.Date { return c.version.Effective() }

// A zone is a name of the zone database, loaded.
type zone struct{ *time.Location }

func (z *zone) UnmarshalText(text []byte) error {
	loc, err := time.LoadLocation(string(text))
	if err != nil || len(text) == 0 || string(text) == "Local" {
		return fmt.Errorf("must be the name of a time zone, as in America/Chicago")
	}
	z.Location = loc
	return nil
}

// problems are what is wrong with the files of a case, by file.
type problems map[string]*baakit.FieldErrors

// of returns the problems of a file, to add to.
func (p problems) of(file string) *baakit.FieldErrors {
	if p[file] == nil {
		p[file] = new(baakit.FieldErrors)
	}
	return p[file]
}

// err is one line that names every wrong field with its file, or nil.
func (p problems) err() error {
	var says []string
	for _, name := range inputNames {
		if err := p.of(name).Err(); err != nil {
			says = append(says, name+": "+err.Error())
		}
	}
	if says == nil {
		return nil
	}
	return errors.New(strings.ReplaceAll(strings.Join(says, "; "), "\n", " "))
}

// readCase reads and checks the whole case for the cast. Its error is one
// line that names every wrong field.
func readCase(name string, cast []act) (*caseFile, error) {
	c, wrong := &caseFile{files: make(map[string][]byte)}, make(problems)
	for _, input := range inputNames {
		data, err := readInput(name, input)
		if err != nil {
			return nil, err
		}
		c.files[input] = data
	}
	if err := strictjson.Decode(c.files[caseJSON], c); err != nil {
		wrong.of(caseJSON).Merge("", err)
	} else {
		c.check(wrong.of(caseJSON))
	}
	c.readAgreement(wrong.of(agreementJSON))
	if err := wrong.err(); err != nil {
		return nil, err // the acts build on these two
	}
	names := make(map[string]bool)
	for _, a := range cast {
		names[a.name()] = true
		a.prepare(c, wrong)
	}
	for name := range c.Acts {
		if !names[name] {
			wrong.of(caseJSON).Add("acts", "must have the names of acts only")
		}
	}
	return c, wrong.err()
}

// readInput reads a file of the case: the built-in one where name is empty.
func readInput(name, input string) ([]byte, error) {
	if name == "" {
		return builtIn.ReadFile("case/" + input)
	}
	path := name
	if input != caseJSON {
		path = filepath.Join(filepath.Dir(name), input)
	}
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file; -init writes a whole case to edit", path)
	case err != nil:
		return nil, err
	}
	return data, nil
}

// writeCase writes the built-in case into a folder, over nothing.
func writeCase(dir string) error {
	for _, input := range inputNames {
		if _, err := os.Lstat(filepath.Join(dir, input)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already", filepath.Join(dir, input))
		}
	}
	for _, input := range inputNames {
		data, err := builtIn.ReadFile("case/" + input)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, input), data); err != nil {
			return err
		}
	}
	return nil
}

// sums are the SHA-256 of the files, by which a folder knows its case.
func (c *caseFile) sums() map[string]string {
	sums := make(map[string]string)
	for name, data := range c.files {
		sum := sha256.Sum256(bytes.TrimSpace(data))
		sums[name] = hex.EncodeToString(sum[:])
	}
	return sums
}

func (c *caseFile) check(errs *baakit.FieldErrors) {
	if c.Schema != caseSchema {
		errs.Add("schema", "must be "+caseSchema)
	}
	if c.Zone.Location == nil {
		errs.Add("zone", "is required")
	}
	for _, f := range []struct {
		field string
		date  baakit.Date
	}{{"today", c.Today}, {"offered", c.Offered}, {"terminated", c.Terminated}} {
		if f.date.IsZero() {
			errs.Add(f.field, "is required")
		}
	}
	if c.DocumentsKept.IsZero() {
		errs.Add("documents_kept", "is required")
	}
}

// readAgreement reads the draft of the agreement and seals it: its parties and
// its terms are those of the whole story.
func (c *caseFile) readAgreement(errs *baakit.FieldErrors) {
	draft, err := baa.ParseDraft(c.files[agreementJSON])
	if err != nil {
		errs.Merge("", err)
		return
	}
	if c.version, err = baa.Seal(draft); err != nil {
		errs.Merge("", err)
		return
	}
	c.customer, c.vendor = c.version.Party(baa.CoveredEntitySide), c.version.Party(baa.BusinessAssociateSide)
	c.terms = c.version.Terms()
	for _, p := range []baa.Party{c.customer, c.vendor} {
		at := "parties." + string(p.Role)
		if p.LegalName == "" {
			errs.Add(at+".legal_name", "is required by the story")
		}
		if p.Home.IsZero() {
			errs.Add(at+".home", "is required by the story")
		}
		if p.NoticeEmail == "" {
			errs.Add(at+".notice_email", "is required by the story")
		}
	}
	for _, t := range []struct {
		path   string
		agreed baakit.Period
	}{
		{"clauses.reporting.breach_within", c.terms.BreachReport},
		{"clauses.termination.cure", c.terms.Cure},
		{"clauses.subcontractors.change_notice", c.terms.SubcontractorNotice},
		{"clauses.return_or_destroy.within", c.terms.ReturnWithin},
	} {
		if t.agreed.IsZero() {
			errs.Add(t.path, "is required by the story")
		}
	}
	effective := c.effective()
	switch {
	case effective.IsZero():
		errs.Add("effective", "is required by the story")
	case effective.Before(c.Offered):
		errs.Add("effective", "must not be before the day of the offer in "+caseJSON)
	case !c.Terminated.IsZero() && c.Terminated.Before(effective):
		errs.Add("effective", "must not be behind the day of the end in "+caseJSON)
	}
}

// section reads an act's part of case.json into v and reports whether there is
// one.
func (c *caseFile) section(name string, v any, wrong problems) bool {
	raw, ok := c.Acts[name]
	if ok {
		wrong.of(caseJSON).Merge("acts."+name, strictjson.Decode(raw, v))
	}
	return ok
}

// calendar returns the business days that both parties keep.
func (c *caseFile) calendar() baakit.Calendar {
	return baakit.WithClosures(baakit.Federal(), c.Closures...)
}

// at returns an hour of a day in the zone of the case.
func (c *caseFile) at(d baakit.Date, hour int) time.Time {
	start, _ := d.In(c.Zone.Location)
	return start.Add(time.Duration(hour) * time.Hour)
}
