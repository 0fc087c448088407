package disclosure_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/disclosure"
	"pgregory.net/rapid"
)

// paths returns the fields that an error names.
func paths(err error) string {
	list, ok := errors.AsType[baakit.FieldErrors](err)
	if err != nil && !ok {
		return "?" + err.Error()
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Path)
	}
	return strings.Join(out, " ")
}

func TestDisclosureValidate(t *testing.T) {
	t.Parallel()
	statement := func() *disclosure.Suspension {
		return &disclosure.Suspension{By: "Inspector", Statement: disclosure.Oral, On: day("2026-01-01"), Impedes: true}
	}
	for name, tt := range map[string]struct {
		change func(*disclosure.Disclosure)
		want   string
	}{
		"as it is":             {func(*disclosure.Disclosure) {}, ""},
		"nothing":              {func(d *disclosure.Disclosure) { *d = disclosure.Disclosure{} }, "date recipient.name description purpose"},
		"blank":                {func(d *disclosure.Disclosure) { d.Recipient.Name, d.Description = " ", "\n" }, "recipient.name description"},
		"no address":           {func(d *disclosure.Disclosure) { d.Recipient.Address = "" }, ""},
		"copy for purpose":     {func(d *disclosure.Disclosure) { d.Purpose, d.RequestCopy = "", "Dear Sir,\nplease send" }, ""},
		"copy and purpose":     {func(d *disclosure.Disclosure) { d.RequestCopy = "Dear Sir" }, "purpose"},
		"control character":    {func(d *disclosure.Disclosure) { d.Description = "a\x00b" }, "description"},
		"not UTF-8":            {func(d *disclosure.Disclosure) { d.Description = "a\xff" }, "description"},
		"longest":              {func(d *disclosure.Disclosure) { d.Description = strings.Repeat("a", 4096) }, ""},
		"too long":             {func(d *disclosure.Disclosure) { d.Description = strings.Repeat("a", 4097) }, "description"},
		"longest copy":         {func(d *disclosure.Disclosure) { d.Purpose, d.RequestCopy = "", strings.Repeat("a", 65536) }, ""},
		"copy too long":        {func(d *disclosure.Disclosure) { d.Purpose, d.RequestCopy = "", strings.Repeat("a", 65537) }, "request_copy"},
		"no basis":             {func(d *disclosure.Disclosure) { d.Basis = "" }, ""},
		"finer basis":          {func(d *disclosure.Disclosure) { d.Basis = "164.512(b)(1)(i)" }, ""},
		"basis of another":     {func(d *disclosure.Disclosure) { d.Basis = "164.512(z)" }, "basis"},
		"almost a basis":       {func(d *disclosure.Disclosure) { d.Basis = "164.512(b)1" }, "basis"},
		"impermissible":        {func(d *disclosure.Disclosure) { d.Basis = disclosure.Impermissible }, ""},
		"unknown exemption":    {func(d *disclosure.Disclosure) { d.Exemption = "because" }, "exemption"},
		"exemption that fits":  {func(d *disclosure.Disclosure) { d.Basis, d.Exemption = "164.506(c)(1)", disclosure.ExemptTPO }, ""},
		"exemption, no basis":  {func(d *disclosure.Disclosure) { d.Basis, d.Exemption = "", disclosure.ExemptCustody }, ""},
		"exemption misfits":    {func(d *disclosure.Disclosure) { d.Exemption = disclosure.ExemptTPO }, "exemption"},
		"exempt impermissible": {func(d *disclosure.Disclosure) { d.Basis, d.Exemption = "impermissible", "before_compliance" }, "exemption"},
		"suspension, wrong basis": {
			func(d *disclosure.Disclosure) { d.Suspension = statement() }, "suspension",
		},
		"suspension, no basis": {func(d *disclosure.Disclosure) { d.Basis, d.Suspension = "", statement() }, "suspension"},
		"suspension, oversight": {
			func(d *disclosure.Disclosure) { d.Basis, d.Suspension = disclosure.Oversight, statement() }, "",
		},
		"suspension, police": {func(d *disclosure.Disclosure) { d.Basis, d.Suspension = "164.512(f)(1)", statement() }, ""},
		"empty suspension": {
			func(d *disclosure.Disclosure) { d.Basis, d.Suspension = disclosure.Police, new(disclosure.Suspension) },
			"suspension.by suspension.statement suspension.on suspension.impedes",
		},
		"research, wrong basis": {func(d *disclosure.Disclosure) { d.Research = study(50).Research }, "research"},
		"research":              {func(d *disclosure.Disclosure) { *d = study(1) }, ""},
		"empty research": {
			func(d *disclosure.Disclosure) { *d = study(0); *d.Research = disclosure.Research{} },
			"research.protocol research.description research.information research.sponsor.name research.sponsor.address research.sponsor.telephone " +
				"research.researcher.name research.researcher.address research.researcher.telephone research.individuals",
		},
		"research from the day":  {func(d *disclosure.Disclosure) { *d = study(50); d.Research.From = d.Date }, ""},
		"research from later on": {func(d *disclosure.Disclosure) { *d = study(50); d.Research.From = d.Date.AddDays(1) }, "research.from"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := report()
			tt.change(&d)
			if got := paths(d.Validate()); got != tt.want {
				t.Errorf("wrong: %q, want %q", got, tt.want)
			}
			if _, err := d.Event(actor, "p-1"); (err == nil) != (tt.want == "") {
				t.Errorf("event: %v", err)
			}
		})
	}
}

// The event is an export in clear, and everything about the patient is sealed.
func TestDisclosureEvent(t *testing.T) {
	t.Parallel()
	e, err := report().Event(actor, "p-1")
	if err != nil {
		t.Fatal(err)
	}
	if e.Type != audit.Export || !slices.Equal(e.Subtype, []audit.Subtype{audit.Disclose}) || e.Outcome != audit.Success || e.Patient != "p-1" {
		t.Errorf("%+v", e)
	}
	d, err := disclosure.ParseDisclosure(e.Disclosure)
	if err != nil || d.Recipient.Name != "County Health" {
		t.Errorf("%v", err)
	}
	if got := paths(errOf(report().Event(audit.Actor{}, ""))); got != "patient actor.id" {
		t.Errorf("without a patient and an actor: %q", got)
	}
	if got := paths(errOf(study(49).Event(actor, ""))); got != "patient" {
		t.Errorf("research about 49, of nobody: %q", got)
	}
	if _, err := study(50).Event(actor, ""); err != nil {
		t.Errorf("research about 50, of nobody: %v", err)
	}
	for _, v := range []any{report(), disclosure.Suspension{By: "Inspector"}, disclosure.Accounting{Patient: "p-1"}, disclosure.Worksheet{Patient: "p-1"}, disclosure.Owed{}} {
		if text := fmt.Sprintf("%v %+v %#v", v, v, v); strings.Contains(text, "p-1") || strings.Contains(text, "County") || strings.Contains(text, "Inspector") {
			t.Errorf("%s", text)
		}
	}
}

func errOf(_ audit.Event, err error) error { return err }

// What is written is read back, whatever is in it.
func TestDisclosureRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := disclosures().Draw(t, "disclosure")
		if rapid.Bool().Draw(t, "foreign") {
			d.Basis, d.Exemption = "164.512(z)", "because"
		}
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := disclosure.ParseDisclosure(data)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(back)
		if string(again) != string(data) {
			t.Fatalf("%s\n%s", data, again)
		}
	})
}

func TestParseDisclosureRefuses(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(report())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ old, new, want string }{
		"another schema":   {"disclosure/1", "disclosure/2", "schema"},
		"unknown field":    {`"date"`, `"day":1,"date"`, "day"},
		"twice":            {`"date"`, `"date":"2026-01-01","date"`, "date"},
		"no such day":      {"2026-01-01", "2026-02-30", "date"},
		"no purpose":       {`"purpose":"disease that has to be reported",`, "", "purpose"},
		"null":             {`"2026-01-01"`, "null", "date"},
		"number":           {`"result of a test"`, "7", "description"},
		"something behind": {`"164.512(b)"}`, `"164.512(b)"}{}`, ""},
	} {
		bad := strings.Replace(string(good), tt.old, tt.new, 1)
		_, err := disclosure.ParseDisclosure([]byte(bad))
		if got := paths(err); err == nil || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "County") {
			t.Errorf("%s: the error holds a value: %v", name, err)
		}
		var d disclosure.Disclosure
		if err := d.UnmarshalJSON([]byte(bad)); err == nil || !d.Date.IsZero() {
			t.Errorf("%s: read into %v", name, d)
		}
	}
}

// The nine exemptions are those of the regulation, in its order.
func TestExemptions(t *testing.T) {
	t.Parallel()
	want := []disclosure.Exemption{
		disclosure.ExemptTPO, disclosure.ExemptIndividual, disclosure.ExemptIncident, disclosure.ExemptAuthorization, disclosure.ExemptDirectory,
		disclosure.ExemptNationalSecurity, disclosure.ExemptCustody, disclosure.ExemptLimitedDataSet, disclosure.ExemptBeforeCompliance,
	}
	if got := disclosure.Exemptions(); !slices.Equal(got, want) {
		t.Fatalf("%v", got)
	}
	for i, x := range want {
		r, ok := x.Reason()
		roman := []string{"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"}[i]
		if !ok || len(r.Citations) != 1 || r.Citations[0].String() != "45 CFR 164.528(a)(1)("+roman+")" || r.Says == "" {
			t.Errorf("%s: %+v", x, r)
		}
	}
	if _, ok := disclosure.Exemption("because").Reason(); ok {
		t.Error("a tenth")
	}
	for _, b := range []disclosure.Basis{
		disclosure.ToSecretary, disclosure.RequiredByLaw, disclosure.PublicHealth, disclosure.AbuseVictims, disclosure.Oversight, disclosure.Judicial,
		disclosure.Police, disclosure.Decedents, disclosure.OrganDonation, disclosure.ForResearch, disclosure.SeriousThreat, disclosure.Government,
		disclosure.WorkersComp, disclosure.Impermissible,
	} {
		if b.Says() == "" || b != disclosure.Impermissible && (b+"(1)").Says() != b.Says() {
			t.Errorf("%s says nothing", b)
		}
	}
	if disclosure.Basis("").Says() != "" || disclosure.Basis("impermissible(1)").Says() != "" {
		t.Error("nothing is known, and something is said")
	}
}

// Each exemption takes its disclosures out of the accounting, and nothing but
// those: one that is unknown, or that the basis contradicts, removes no line.
func TestExemptionRemovesOnlyWhatIsExempt(t *testing.T) {
	t.Parallel()
	fits := map[disclosure.Exemption]disclosure.Basis{
		disclosure.ExemptTPO: "164.506", disclosure.ExemptIndividual: "164.502(a)(1)(i)", disclosure.ExemptIncident: "164.502(a)(1)(iii)",
		disclosure.ExemptAuthorization: "164.508", disclosure.ExemptDirectory: "164.510(b)", disclosure.ExemptNationalSecurity: "164.512(k)(2)",
		disclosure.ExemptCustody: "164.512(k)(5)", disclosure.ExemptLimitedDataSet: "164.514(e)",
	}
	for _, x := range append(disclosure.Exemptions(), "because", "") {
		for _, basis := range []disclosure.Basis{"", fits[x], disclosure.PublicHealth, "164.512(k)", disclosure.Impermissible, "164.999"} {
			b := memory(t)
			d := report()
			d.Basis, d.Exemption = basis, x
			e, err := report().Event(actor, "p-1")
			if err != nil {
				t.Fatal(err)
			}
			if e.Disclosure, err = json.Marshal(d); err != nil { // what another writer may have logged
				t.Fatal(err)
			}
			b.append(t, "t/1", e)
			a, w := b.account(t, asked("2026-06-01"))
			fit, known := fits[x]
			exempt := known && (basis == "" || basis == fit)
			if (len(a.Lines) == 0) != exempt || w.Count(disclosure.Exempt) == 1 != exempt {
				t.Errorf("%q with basis %q: %d lines", x, basis, len(a.Lines))
			}
			why := w.Considered[0].Reasons[0].ID
			switch {
			case exempt && why != "exempt."+string(x),
				x == "because" && why != "exemption_unknown",
				known && !exempt && why != "exemption_contradicted":
				t.Errorf("%q with basis %q: because %s", x, basis, why)
			}
		}
	}
}

// Before the compliance date counts only where that date is known.
func TestComplianceDate(t *testing.T) {
	t.Parallel()
	b := memory(t)
	for _, date := range []string{"2003-04-13", "2003-04-14"} {
		d := report()
		d.Date, d.Exemption = day(date), disclosure.ExemptBeforeCompliance
		b.disclose(t, d, "p-1")
	}
	for _, tt := range []struct {
		compliance string
		want       int
	}{{"", 2}, {"2003-04-13", 2}, {"2003-04-14", 1}, {"2003-04-15", 0}} {
		q := asked("2005-01-01")
		q.Full = true
		if tt.compliance != "" {
			q.ComplianceDate = day(tt.compliance)
		}
		if a, _ := b.account(t, q); len(a.Lines) != tt.want {
			t.Errorf("compliance date %q: %d lines, want %d", tt.compliance, len(a.Lines), tt.want)
		}
	}
}

func FuzzParseDisclosure(f *testing.F) {
	for _, d := range []disclosure.Disclosure{report(), study(50)} {
		data, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"schema":"baakit.audit.disclosure/1","suspension":{"statement":"oral"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := disclosure.ParseDisclosure(data)
		if err != nil {
			if _, ok := errors.AsType[baakit.FieldErrors](err); !ok {
				t.Fatalf("%T", err)
			}
			return
		}
		out, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := disclosure.ParseDisclosure(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if text, _ := json.Marshal(again); string(text) != string(out) {
			t.Fatalf("%s\n%s", text, out)
		}
		_ = d.Validate()
	})
}
