package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

const caseSchema = "baakit.lifecycle.case/1"

//go:embed case.json
var builtIn []byte

// A caseFile is what the user can edit. Its top level holds what every act
// needs; an act's own input is the section that carries the act's name.
type caseFile struct {
	Schema   string                     `json:"schema"`
	Zone     zone                       `json:"zone"`
	Today    baakit.Date                `json:"today"`
	Vendor   party                      `json:"vendor"`
	Customer party                      `json:"customer"`
	Terms    terms                      `json:"terms"`
	Dates    dates                      `json:"dates"`
	Closures []baakit.Date              `json:"closures"`
	Acts     map[string]json.RawMessage `json:"acts"`
}

type party struct {
	Name    string              `json:"name"`
	Role    string              `json:"role"`
	Home    baakit.Jurisdiction `json:"home"`
	Notices string              `json:"notices"`
}

// terms are what the parties agreed on, in the unit the agreement uses.
type terms struct {
	BreachReport        baakit.Period `json:"breach_report"`
	Cure                baakit.Period `json:"cure"`
	SubcontractorNotice baakit.Period `json:"subcontractor_notice"`
	ReturnOrDestroy     baakit.Period `json:"return_or_destroy"`
	DocumentsKept       baakit.Period `json:"documents_kept"`
	AtTheEnd            string        `json:"at_the_end"`
}

type dates struct {
	Offered    baakit.Date `json:"offered"`
	Effective  baakit.Date `json:"effective"`
	Terminated baakit.Date `json:"terminated"`
}

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

// readCase reads and checks the whole case for the cast. Its error is one
// line that names every wrong field.
func readCase(name string, cast []act) (*caseFile, error) {
	data := builtIn
	if name != "" {
		var err error
		if data, err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("case: %w", err)
		}
	}
	var c caseFile
	if err := strictjson.Decode(data, &c); err != nil {
		return nil, fmt.Errorf("case: %w", err)
	}
	if err := c.check(cast); err != nil {
		return nil, fmt.Errorf("case: %w", err)
	}
	return &c, nil
}

func (c *caseFile) check(cast []act) error {
	var errs baakit.FieldErrors
	if c.Schema != caseSchema {
		errs.Add("schema", "must be "+caseSchema)
	}
	if c.Zone.Location == nil {
		errs.Add("zone", "is required")
	}
	if c.Today.IsZero() {
		errs.Add("today", "is required")
	}
	errs.Merge("vendor", c.Vendor.check("business associate"))
	errs.Merge("customer", c.Customer.check("covered entity"))
	errs.Merge("terms", c.Terms.check())
	errs.Merge("dates", c.Dates.check())
	names := make(map[string]bool)
	for _, a := range cast {
		names[a.name()] = true
		a.prepare(c, &errs)
	}
	for name := range c.Acts {
		if !names[name] {
			errs.Add("acts", "must have the names of acts only")
		}
	}
	return errs.Err()
}

// section reads an act's own input into v and reports whether there is one.
func (c *caseFile) section(name string, v any, errs *baakit.FieldErrors) bool {
	raw, ok := c.Acts[name]
	if ok {
		errs.Merge("acts."+name, strictjson.Decode(raw, v))
	}
	return ok
}

// calendar returns the business days that both parties keep.
func (c *caseFile) calendar() baakit.Calendar {
	return baakit.WithClosures(baakit.Federal(), c.Closures...)
}

func (p party) check(role string) error {
	var errs baakit.FieldErrors
	if p.Name == "" {
		errs.Add("name", "is required")
	}
	if p.Role != role {
		errs.Add("role", "must be "+role)
	}
	if p.Home.IsZero() {
		errs.Add("home", "is required")
	}
	if p.Notices == "" {
		errs.Add("notices", "is required")
	}
	return errs.Err()
}

func (t terms) check() error {
	var errs baakit.FieldErrors
	for _, p := range t.periods() {
		if p.period.IsZero() {
			errs.Add(p.field, "is required")
		}
	}
	if t.AtTheEnd != "return" && t.AtTheEnd != "destroy" && t.AtTheEnd != "return or destroy" {
		errs.Add("at_the_end", "must be return, destroy, or return or destroy")
	}
	return errs.Err()
}

func (d dates) check() error {
	var errs baakit.FieldErrors
	for _, f := range []struct {
		field string
		date  baakit.Date
	}{{"offered", d.Offered}, {"effective", d.Effective}, {"terminated", d.Terminated}} {
		if f.date.IsZero() {
			errs.Add(f.field, "is required")
		}
	}
	if len(errs) > 0 {
		return errs
	}
	if d.Effective.Before(d.Offered) {
		errs.Add("effective", "must not be before offered")
	}
	if d.Terminated.Before(d.Effective) {
		errs.Add("terminated", "must not be before effective")
	}
	return errs.Err()
}
