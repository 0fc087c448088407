package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
)

//go:embed service.json
var builtIn []byte

// A config is who runs the service, and for whom.
type config struct {
	Zone      string          `json:"zone"`
	Vendor    tenantConfig    `json:"vendor"` // its users are the security officers
	Agreement terms           `json:"agreement"`
	Tenants   []tenantConfig  `json:"tenants"`
	Hosting   string          `json:"hosting"`  // the engagement that all PHI passes
	Registry  json.RawMessage `json:"registry"` // the vendor list as it stands before the first customer

	zone   *time.Location
	reg    *subprocessor.Registry
	events []subprocessor.Event
}

type party struct {
	ID        string              `json:"id"`
	LegalName string              `json:"legal_name"`
	Home      baakit.Jurisdiction `json:"home"`
	Notices   string              `json:"notices"`
}

// terms are those of the standard agreement that this vendor sets.
type terms struct {
	Checked            baakit.Date   `json:"checked"` // the day whose rules the text was checked against
	BreachReport       baakit.Period `json:"breach_report"`
	SubcontractorTells baakit.Period `json:"subcontractor_notice"`
}

type tenantConfig struct {
	party
	Users    []user    `json:"users"`
	Patients []patient `json:"patients"`
}

// A user is a member of a tenant's workforce.
type user struct {
	ID   string `json:"id"`
	Role string `json:"role"`
	Key  string `json:"key"` // signs in; a real service has better
}

// manager is the role of who may accept the agreement, look at the log and
// export; every user of a customer may read its records.
const manager = "manager"

// A patient is one record.
type patient struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Born    string  `json:"born"`
	Phone   string  `json:"phone"`
	Address address `json:"address"`
	Visits  []visit `json:"visits"`
}

type address struct {
	Street string `json:"street"`
	City   string `json:"city"`
	State  string `json:"state"`
	ZIP    string `json:"zip"`
}

type visit struct {
	On      string `json:"on"`
	Code    string `json:"code"`
	Display string `json:"display"`
	Note    string `json:"note"`
}

func readConfig(file string) (*config, error) {
	data := builtIn
	if file != "" {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return nil, errors.New("-config: the file cannot be read")
		}
	}
	c := &config{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		return nil, fmt.Errorf("-config: not the JSON of a service: %w", syntax(err))
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("-config: %w", err)
	}
	return c, nil
}

// syntax keeps an error of package json free of values.
func syntax(err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("malformed at byte %d", e.Offset)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return fmt.Errorf("%s is not of its kind", e.Field)
	}
	return errors.New("a field is unknown or not of its kind")
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// check finds everything that is wrong, at once.
func (c *config) check() error {
	var errs baakit.FieldErrors
	require := func(path string, ok bool, rule string) {
		if !ok {
			errs.Add(path, rule)
		}
	}
	var err error
	if c.zone, err = time.LoadLocation(c.Zone); err != nil || c.Zone == "" {
		errs.Add("zone", "must name a time zone, as in America/Chicago")
		return errs.Err()
	}
	parties := func(path string, p party) {
		require(path+".id", identifier.MatchString(p.ID), "must be a short identifier")
		require(path+".legal_name", p.LegalName != "", "is required")
		require(path+".notices", p.Notices != "", "is required")
	}
	require("agreement.checked", !c.Agreement.Checked.IsZero(), "is required")
	require("agreement.breach_report", !c.Agreement.BreachReport.IsZero(), "is required")
	require("agreement.subcontractor_notice", !c.Agreement.SubcontractorTells.IsZero(), "is required")
	require("tenants", len(c.Tenants) > 0, "is required")
	ids, keys := map[string]bool{}, map[string]bool{}
	for i, t := range append([]tenantConfig{c.Vendor}, c.Tenants...) {
		path := "vendor"
		if i > 0 {
			path = "tenants[" + strconv.Itoa(i-1) + "]"
		}
		parties(path, t.party)
		require(path+".id", !ids[t.ID], "is given twice")
		require(path+".users", len(t.Users) > 0, "is required")
		ids[t.ID] = true
		for j, u := range t.Users {
			path := path + ".users[" + strconv.Itoa(j) + "]"
			require(path+".id", identifier.MatchString(u.ID), "must be a short identifier")
			require(path+".role", identifier.MatchString(u.Role), "must be a short identifier")
			require(path+".key", len(u.Key) >= 12 && !keys[u.Key], "must be of 12 characters or more, and nobody else's")
			keys[u.Key] = true
		}
	}
	if c.reg, c.events, err = subprocessor.ParseRegistry(c.Registry); err != nil {
		errs.Merge("registry", err)
	} else {
		require("registry.vendor", c.reg.Vendor() == c.Vendor.ID, "must be the vendor's id")
	}
	return errs.Err()
}
