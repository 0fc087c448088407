package breach

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// SecretaryReportSchema is the schema of a [SecretaryReport] as JSON.
const SecretaryReportSchema = "baakit.breach.secretary_report/1"

//go:embed law/portal.json
var portalJSON []byte

// A PortalField names a field of the Department's breach portal that takes
// one or more of a few choices.
type PortalField string

// The fields with choices.
const (
	ReportTypeField        PortalField = "report_type"
	FiledByField           PortalField = "filed_by"
	CoveredEntityTypeField PortalField = "covered_entity_type"
	BreachTypesField       PortalField = "breach_types"
	LocationsField         PortalField = "locations"
	InformationTypesField  PortalField = "information_types"
	SafeguardsField        PortalField = "safeguards"
)

type portalLaw struct {
	Schema           string                   `json:"schema"`
	AsOf             baakit.Date              `json:"as_of"`
	Citation         string                   `json:"citation"`
	Confidence       baakit.Confidence        `json:"confidence"`
	Source           string                   `json:"source"`
	Choices          map[PortalField][]string `json:"choices"`
	DescriptionLimit int                      `json:"description_limit"`
}

var loadPortalLaw = sync.OnceValue(func() *portalLaw {
	var law portalLaw
	if err := json.Unmarshal(portalJSON, &law); err != nil {
		panic("breach: law/portal.json: " + err.Error()) // embedded and tested
	}
	return &law
})

// PortalChoices returns the choices of a field, in the portal's order, and
// nil for an unknown field.
func PortalChoices(f PortalField) []string { return slices.Clone(loadPortalLaw().Choices[f]) }

// PortalSource returns where the fields and choices are known from. Their
// confidence is secondary: the form is not part of the regulation.
func PortalSource() baakit.Citation {
	law := loadPortalLaw()
	return baakit.MustParseCitation(law.Citation).WithAsOf(law.AsOf).WithConfidence(law.Confidence)
}

// A SecretaryReport is what the Department's portal asks for, one report for
// each breach (45 CFR 164.408). Its choices are those of [PortalChoices]. It
// holds no PHI, and its descriptions must not either.
type SecretaryReport struct {
	Schema         string `json:"schema"`
	ReportType     string `json:"report_type"`
	TrackingNumber string `json:"tracking_number,omitempty"` // of the report that an addendum adds to
	FiledBy        string `json:"filed_by"`

	CoveredEntity     PortalEntity  `json:"covered_entity"`
	CoveredEntityType string        `json:"covered_entity_type"`
	BusinessAssociate *PortalEntity `json:"business_associate,omitempty"` // required where it occurred at or by one

	Affected        int         `json:"affected"`
	Estimated       bool        `json:"estimated,omitempty"` // an addendum follows
	BreachStart     baakit.Date `json:"breach_start"`
	BreachEnd       baakit.Date `json:"breach_end"`
	DiscoveryStart  baakit.Date `json:"discovery_start"`
	DiscoveryEnd    baakit.Date `json:"discovery_end"`
	BreachTypes     []string    `json:"breach_types"`
	Locations       []string    `json:"locations"`
	Information     []string    `json:"information_types"`
	OtherExplained  string      `json:"other_explained,omitempty"` // wherever "other" was chosen
	Description     string      `json:"description"`
	Safeguards      []string    `json:"safeguards"`
	IndividualsFrom baakit.Date `json:"individuals_from"`            // first notice to individuals
	IndividualsTo   baakit.Date `json:"individuals_to,omitzero"`     // last one, once they are complete
	Substitute      Answer      `json:"substitute_notice,omitempty"` // the portal has no "unknown"
	Media           Answer      `json:"media_notice,omitempty"`
	ActionsTaken    string      `json:"actions_taken"`
	AttestedBy      string      `json:"attested_by"`
	AttestedOn      baakit.Date `json:"attested_on"`
}

// A PortalEntity is an organisation and whom to reach there.
type PortalEntity struct {
	Name    string              `json:"name"`
	Street  string              `json:"street"`
	City    string              `json:"city"`
	State   baakit.Jurisdiction `json:"state"`
	ZIP     string              `json:"zip"`
	Contact string              `json:"contact"`
	Email   string              `json:"email"`
	Phone   string              `json:"phone"`
}

// ParseSecretaryReport reads the JSON form, strictly. The error is a
// [baakit.FieldErrors] of all that is wrong.
func ParseSecretaryReport(data []byte) (SecretaryReport, error) {
	var r SecretaryReport
	if err := strictjson.Decode(data, &r); err != nil {
		return SecretaryReport{}, err
	}
	if err := r.Validate(); err != nil {
		return SecretaryReport{}, err
	}
	return r, nil
}

// Validate reports everything that the portal would refuse or that cannot be,
// as a [baakit.FieldErrors] in field order.
func (r SecretaryReport) Validate() error {
	var errs baakit.FieldErrors
	if r.Schema != SecretaryReportSchema {
		errs.Add("schema", "must be "+SecretaryReportSchema)
	}
	choice(&errs, ReportTypeField, "", r.ReportType)
	if (r.ReportType == "addendum") != (r.TrackingNumber != "") {
		errs.Add("tracking_number", "is required for an addendum, and only there")
	}
	choice(&errs, FiledByField, "", r.FiledBy)
	errs.Merge("covered_entity", r.CoveredEntity.check())
	choice(&errs, CoveredEntityTypeField, "", r.CoveredEntityType)
	switch {
	case r.BusinessAssociate != nil:
		errs.Merge("business_associate", r.BusinessAssociate.check())
	case strings.Contains(r.FiledBy, "business_associate"):
		errs.Add("business_associate", "is required where a business associate is concerned")
	}
	if r.Affected < 1 {
		errs.Add("affected", "must be a number from 1; an estimate will do")
	}
	between(&errs, "breach_start", r.BreachStart, "breach_end", r.BreachEnd)
	between(&errs, "discovery_start", r.DiscoveryStart, "discovery_end", r.DiscoveryEnd)
	if !r.BreachStart.IsZero() && !r.DiscoveryStart.IsZero() && r.DiscoveryStart.Before(r.BreachStart) {
		errs.Add("discovery_start", "must not be before breach_start")
	}
	r.choices(&errs)
	if n := len(r.Description); n == 0 || n > loadPortalLaw().DescriptionLimit {
		errs.Add("description", fmt.Sprintf("is required, in at most %d bytes", loadPortalLaw().DescriptionLimit))
	}
	r.notices(&errs)
	if n := len(r.ActionsTaken); n == 0 || n > loadPortalLaw().DescriptionLimit {
		errs.Add("actions_taken", fmt.Sprintf("is required, in at most %d bytes", loadPortalLaw().DescriptionLimit))
	}
	required(&errs, "attested_by", r.AttestedBy)
	if r.AttestedOn.IsZero() {
		errs.Add("attested_on", "is required")
	}
	return errs.Err()
}

func (r SecretaryReport) choices(errs *baakit.FieldErrors) {
	other := false
	for _, list := range []struct {
		field  PortalField
		chosen []string
	}{{BreachTypesField, r.BreachTypes}, {LocationsField, r.Locations}, {InformationTypesField, r.Information}, {SafeguardsField, r.Safeguards}} {
		if len(list.chosen) == 0 {
			errs.Add(string(list.field), "is required")
		}
		for i, c := range list.chosen {
			at := fmt.Sprintf("[%d]", i)
			choice(errs, list.field, at, c)
			if slices.Contains(list.chosen[:i], c) {
				errs.Add(string(list.field)+at, "must not be given twice")
			}
			other = other || c == "other"
		}
	}
	if slices.Contains(r.Safeguards, "none") && len(r.Safeguards) > 1 {
		errs.Add(string(SafeguardsField), "must not be none and something")
	}
	if other != (r.OtherExplained != "") {
		errs.Add("other_explained", "is required where other is chosen, and only there")
	}
}

func (r SecretaryReport) notices(errs *baakit.FieldErrors) {
	if r.IndividualsFrom.IsZero() {
		errs.Add("individuals_from", "is required: notice to the Secretary comes with that to individuals")
	}
	if !r.IndividualsTo.IsZero() && r.IndividualsTo.Before(r.IndividualsFrom) {
		errs.Add("individuals_to", "must not be before individuals_from")
	}
	for _, a := range []struct {
		field  string
		answer Answer
	}{{"substitute_notice", r.Substitute}, {"media_notice", r.Media}} {
		if a.answer != Yes && a.answer != No {
			errs.Add(a.field, "must be yes or no")
		}
	}
}

func (e PortalEntity) check() error {
	var errs baakit.FieldErrors
	required(&errs, "name", e.Name)
	required(&errs, "street", e.Street)
	required(&errs, "city", e.City)
	if e.State.IsZero() {
		errs.Add("state", "is required")
	}
	required(&errs, "zip", e.ZIP)
	required(&errs, "contact", e.Contact)
	required(&errs, "email", e.Email)
	required(&errs, "phone", e.Phone)
	return errs.Err()
}

func required(errs *baakit.FieldErrors, field, value string) {
	if strings.TrimSpace(value) == "" {
		errs.Add(field, "is required")
	}
}

func choice(errs *baakit.FieldErrors, field PortalField, at, value string) {
	if choices := loadPortalLaw().Choices[field]; !slices.Contains(choices, value) {
		errs.Add(string(field)+at, "must be one of "+strings.Join(choices, ", "))
	}
}

func between(errs *baakit.FieldErrors, startField string, start baakit.Date, endField string, end baakit.Date) {
	if start.IsZero() {
		errs.Add(startField, "is required")
	}
	switch {
	case end.IsZero():
		errs.Add(endField, "is required")
	case end.Before(start):
		errs.Add(endField, "must not be before "+startField)
	}
}
