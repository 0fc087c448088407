package breach

import (
	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// IncidentSchema is the schema of an [Incident] as JSON.
const IncidentSchema = "baakit.breach.incident/1"

// An Answer is yes, no, or the zero Answer: not known yet.
type Answer string

// The answers.
const (
	Unknown Answer = ""
	Yes     Answer = "yes"
	No      Answer = "no"
)

func (a Answer) valid() bool { return a == Unknown || a == Yes || a == No }

// A Role is a party's part in the chain.
type Role string

// The roles.
const (
	CoveredEntity     Role = "covered_entity"
	BusinessAssociate Role = "business_associate"
	Subcontractor     Role = "subcontractor" // of a business associate, at any depth
)

// An Incident is what is known of one incident. Fields that are not known stay
// zero: an obligation that depends on one says so. An Incident holds no PHI,
// only counts, kinds and times. It is a plain value; nothing in this package
// changes it, and it is safe for concurrent use while nobody does.
type Incident struct {
	Schema string `json:"schema"`
	// ID is a name without PHI.
	ID string `json:"id,omitempty"`
	// Zone is where days are counted; required where a moment has a time.
	Zone Zone `json:"zone,omitzero"`
	// Parties is the chain from the party at which it happened up to the
	// covered entity, which is last and may be the only one.
	Parties  []Party    `json:"parties"`
	Occurred Occurrence `json:"occurred,omitzero"`
	People   People     `json:"people,omitzero"`
	// Information is what was involved.
	Information Information `json:"information,omitzero"`
	// Assessment is the record of 164.402; nil where none was made, which
	// leaves the presumption of breach.
	Assessment *Assessment `json:"assessment,omitempty"`
	// Security says whether it was a security incident (45 CFR 164.304).
	Security SecurityIncident `json:"security,omitempty"`
	// Delays are the statements of law enforcement, in any order.
	Delays []Delay `json:"delays,omitempty"`
	// Facts answers the questions of single rules by their ID, such as
	// "ca_licensed_facility"; see [Rules.Questions].
	Facts map[string]Answer `json:"facts,omitempty"`
}

// A Party is one link of the chain. The zero Party is invalid.
type Party struct {
	// Name is how explanations call it; the role if empty.
	Name string `json:"name,omitempty"`
	Role Role   `json:"role"`
	// Knowledge is who knew, or should have known, and when.
	Knowledge []Knowledge `json:"knowledge,omitempty"`
	// Milestones are when the party reached the other facts from which
	// clocks count. Those of the notices to individuals and to the Secretary
	// are read from the last party and may be planned.
	Milestones map[Trigger]Moment `json:"milestones,omitempty"`
	// Agency is what the party is to the next one above it.
	Agency Agency `json:"agency,omitempty"`
	// Told is when it told the next one above of the incident.
	Told Moment `json:"told,omitzero"`
	// Contract is what it agreed with the next one above; nil if not known.
	Contract *Contract `json:"contract,omitempty"`
}

// Knowledge is one moment at which somebody of a party knew of the incident,
// even if it was not yet clear that it is a breach, or by reasonable diligence
// would have known (45 CFR 164.404(a)(2), 164.410(a)(2)).
type Knowledge struct {
	At Moment `json:"at"`
	By Knower `json:"by,omitempty"`
	// ShouldHaveKnown is knowledge by reasonable diligence only.
	ShouldHaveKnown bool `json:"should_have_known,omitempty"`
}

// A Knower is who knew. The zero Knower is not stated and counts.
type Knower string

// The knowers. What only the person who committed the breach knew does not
// count.
const (
	Workforce  Knower = "workforce"
	Officer    Knower = "officer"
	OtherAgent Knower = "agent"
	Wrongdoer  Knower = "wrongdoer"
)

// An Agency is what a party is to the one above under the federal common law
// of agency. The zero Agency is not known; the safe reading is that of an
// agent, whose discovery is imputed.
type Agency string

// The agencies.
const (
	Agent                 Agency = "agent"
	IndependentContractor Agency = "independent_contractor"
)

// An Occurrence is when it happened, as far as known.
type Occurrence struct {
	From Moment `json:"from,omitzero"`
	To   Moment `json:"to,omitzero"`
}

// People is who was affected.
type People struct {
	// Total is all of them, wherever they live.
	Total Count `json:"total,omitzero"`
	// Residents is how many live where. People who are in Total but nowhere
	// in Residents may live anywhere.
	Residents map[baakit.Jurisdiction]Count `json:"residents,omitempty"`
	// InsufficientContact is how many cannot be reached at their address.
	InsufficientContact Count `json:"insufficient_contact,omitzero"`
	// Deceased is how many are known to have died, and next of kin or a
	// personal representative can be written to.
	Deceased Count `json:"deceased,omitzero"`
	// Urgent is whether misuse may be imminent (45 CFR 164.404(d)(3)).
	Urgent Answer `json:"urgent,omitempty"`
}

// Information is what was involved.
type Information struct {
	Kinds []InformationKind `json:"kinds,omitempty"`
	// Protection is how it was secured; nil if not known, which is unsecured.
	Protection *Protection `json:"protection,omitempty"`
}

// An InformationKind is a kind of information, never a value.
type InformationKind string

// The kinds of information. The first group is what the breach laws of every
// jurisdiction call personal information; the second only some do.
const (
	SocialSecurityNumber InformationKind = "social_security_number"
	DriverLicense        InformationKind = "driver_license"
	FinancialAccount     InformationKind = "financial_account"

	NameAndContact  InformationKind = "name_and_contact"
	DateOfBirth     InformationKind = "date_of_birth"
	Medical         InformationKind = "medical"
	HealthInsurance InformationKind = "health_insurance"
	Biometric       InformationKind = "biometric"
	Genetic         InformationKind = "genetic"
	Credentials     InformationKind = "credentials"
	Photograph      InformationKind = "photograph"
	OtherKind       InformationKind = "other"
)

func (k InformationKind) valid() bool {
	switch k {
	case SocialSecurityNumber, DriverLicense, FinancialAccount, NameAndContact, DateOfBirth, Medical,
		HealthInsurance, Biometric, Genetic, Credentials, Photograph, OtherKind:
		return true
	}
	return false
}

// A SecurityIncident says whether and how the incident is one in the sense of
// 45 CFR 164.304. The zero value is not known.
type SecurityIncident string

// The answers.
const (
	Successful          SecurityIncident = "successful"
	Unsuccessful        SecurityIncident = "unsuccessful"
	NotSecurityIncident SecurityIncident = "none"
)

// A Contract is what a party agreed with the one above it. The zero Contract
// agrees on no clock.
type Contract struct {
	Clocks []ContractClock `json:"clocks,omitempty"`
}

// A ContractClock is one agreed time to report.
type ContractClock struct {
	Of     ContractSubject `json:"of"`
	Within baakit.Period   `json:"within"`
	// From is what it counts from; discovery if zero.
	From Trigger `json:"from,omitzero"`
	// Section is where the agreement says so.
	Section string `json:"section,omitempty"`
}

// A ContractSubject is what has to be reported.
type ContractSubject string

// The subjects.
const (
	OfBreach               ContractSubject = "breach"
	OfUseOrDisclosure      ContractSubject = "use_or_disclosure"
	OfSecurityIncident     ContractSubject = "security_incident"
	OfUnsuccessfulIncident ContractSubject = "unsuccessful_incidents"
)

// A Delay is a statement of a law-enforcement official that notice would impede
// a criminal investigation or damage national security (45 CFR 164.412).
type Delay struct {
	Form DelayForm `json:"form"`
	Made Moment    `json:"made"`
	// Through is the last day of the time that the statement states. A
	// written statement without one delays no longer than an oral one.
	Through baakit.Date `json:"through,omitzero"`
	// Documented is whether an oral statement and the official's identity
	// were documented; one that was not delays nothing.
	Documented Answer `json:"documented,omitempty"`
	// AttorneyGeneral marks a determination of the United States Attorney
	// General under Item 1.05(c) of Form 8-K, which delays that filing only.
	AttorneyGeneral bool `json:"attorney_general,omitempty"`
}

// A DelayForm is how the statement was made.
type DelayForm string

// The forms.
const (
	Oral    DelayForm = "oral"
	Written DelayForm = "written"
)

// ParseIncident reads and checks an incident as JSON. Unknown fields, fields
// given twice and everything that [Incident.Validate] finds are
// [baakit.FieldErrors], all at once.
func ParseIncident(data []byte) (Incident, error) {
	var in Incident
	if err := strictjson.Decode(data, &in); err != nil {
		return Incident{}, err
	}
	if in.Schema == "" {
		return Incident{}, baakit.FieldErrors{{Path: "schema", Rule: "must be " + IncidentSchema}}
	}
	if err := in.Validate(); err != nil {
		return Incident{}, err
	}
	return in, nil
}
