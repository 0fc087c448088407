package baa

import (
	"bytes"
	"encoding/json"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// An Answer is what is known about one fact of a relationship: one of the
// words that the table of [Questions] allows for it. The zero Answer, "", is
// unknown.
type Answer string

// The answers to the questions that are not a choice of words of their own.
const (
	Unknown Answer = ""
	Yes     Answer = "yes"
	No      Answer = "no"
)

// FactsSchema is the schema of [Facts] as JSON.
const FactsSchema = "baakit.baa.facts/1"

// Facts describe a relationship between a client and a vendor, for
// [Determine]. Every field may be left unknown. The zero Facts, of which
// nothing is known, are valid. Facts are comparable.
type Facts struct {
	// Client is who the vendor would work for: covered_entity,
	// organized_health_care_arrangement, business_associate or neither.
	Client Answer
	// Information is what the vendor would get: phi, limited_data_set,
	// deidentified, or none but a glimpse by chance.
	Information Answer
	// Capacity is service_provider, or one of the capacities that 45 CFR
	// 160.103 or section 1179 of the Act treats apart: workforce,
	// treatment_provider, payment_processor, plan_sponsor,
	// eligibility_agency, ohca_participant.
	Capacity Answer
	// OtherServices: it does more for the client with PHI than that capacity.
	OtherServices Answer
	// PlanDocuments meet 45 CFR 164.504(f).
	PlanDocuments Answer
	// WorksFor is on whose behalf it acts: client, individual or itself.
	WorksFor Answer
	// Stores: it keeps PHI longer than transmission takes, encrypted or not.
	Stores Answer
	// TransmissionOnly: it only carries PHI.
	TransmissionOnly Answer
	// RoutineAccess: its work gives it access to PHI, more than randomly or
	// infrequently.
	RoutineAccess Answer
	// EncryptedWithoutKey: all its PHI is encrypted and it has no key. This
	// never makes an agreement unnecessary.
	EncryptedWithoutKey Answer
	// HealthCareOperations: it is for those and nothing else.
	HealthCareOperations Answer
	// DataUseAgreement that meets 45 CFR 164.514(e)(4) is or will be there.
	DataUseAgreement Answer
	// BothGovernment: client and vendor are government bodies.
	BothGovernment Answer
	// RequiredByLaw: law requires the vendor to perform this.
	RequiredByLaw Answer
	// Activity is function, professional_service, exchange or
	// personal_health_record.
	Activity Answer
}

// A fact is a field of Facts by its JSON name.
type fact struct {
	name   string
	answer *Answer
}

// fields returns the fields of f in their order.
func (f *Facts) fields() [15]fact {
	return [15]fact{
		{"client", &f.Client},
		{"information", &f.Information},
		{"capacity", &f.Capacity},
		{"other_services", &f.OtherServices},
		{"plan_documents", &f.PlanDocuments},
		{"works_for", &f.WorksFor},
		{"stores", &f.Stores},
		{"transmission_only", &f.TransmissionOnly},
		{"routine_access", &f.RoutineAccess},
		{"encrypted_without_key", &f.EncryptedWithoutKey},
		{"health_care_operations", &f.HealthCareOperations},
		{"data_use_agreement", &f.DataUseAgreement},
		{"both_government", &f.BothGovernment},
		{"required_by_law", &f.RequiredByLaw},
		{"activity", &f.Activity},
	}
}

// field returns the field with a JSON name, or nil.
func (f *Facts) field(name string) *Answer {
	for _, field := range f.fields() {
		if field.name == name {
			return field.answer
		}
	}
	return nil
}

// Validate reports, as [baakit.FieldErrors] in field order, every answer that
// is no answer to its question; "unknown" is not one either: leave it empty.
func (f Facts) Validate() error {
	var errs baakit.FieldErrors
	law := needs()
	for _, field := range f.fields() {
		if *field.answer != Unknown && !law.allows(field.name, *field.answer) {
			errs.Add(field.name, "must be "+law.choices(field.name)+", or left out while unknown")
		}
	}
	return errs.Err()
}

// MarshalJSON implements json.Marshaler with the schema and the known answers
// in field order.
func (f Facts) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"schema":"` + FactsSchema + `"`)
	for _, field := range f.fields() {
		if *field.answer == Unknown {
			continue
		}
		value, err := json.Marshal(string(*field.answer))
		if err != nil {
			return nil, err
		}
		b.WriteString(`,"` + field.name + `":`)
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON implements json.Unmarshaler. It reads an object with the
// schema and any of the answers, and refuses with [baakit.FieldErrors], as
// Validate does, an unknown field, one given twice, and a wrong answer;
// "unknown" may be written out. On an error f is unchanged.
func (f *Facts) UnmarshalJSON(data []byte) error {
	var wire struct {
		Schema               string `json:"schema"`
		Client               Answer `json:"client"`
		Information          Answer `json:"information"`
		Capacity             Answer `json:"capacity"`
		OtherServices        Answer `json:"other_services"`
		PlanDocuments        Answer `json:"plan_documents"`
		WorksFor             Answer `json:"works_for"`
		Stores               Answer `json:"stores"`
		TransmissionOnly     Answer `json:"transmission_only"`
		RoutineAccess        Answer `json:"routine_access"`
		EncryptedWithoutKey  Answer `json:"encrypted_without_key"`
		HealthCareOperations Answer `json:"health_care_operations"`
		DataUseAgreement     Answer `json:"data_use_agreement"`
		BothGovernment       Answer `json:"both_government"`
		RequiredByLaw        Answer `json:"required_by_law"`
		Activity             Answer `json:"activity"`
	}
	if err := strictjson.Decode(data, &wire); err != nil {
		return err
	}
	var errs baakit.FieldErrors
	if wire.Schema != FactsSchema {
		errs.Add("schema", "must be "+FactsSchema)
	}
	read := Facts{
		wire.Client, wire.Information, wire.Capacity, wire.OtherServices, wire.PlanDocuments,
		wire.WorksFor, wire.Stores, wire.TransmissionOnly, wire.RoutineAccess, wire.EncryptedWithoutKey,
		wire.HealthCareOperations, wire.DataUseAgreement, wire.BothGovernment, wire.RequiredByLaw, wire.Activity,
	}
	for _, field := range read.fields() {
		if *field.answer == "unknown" {
			*field.answer = Unknown
		}
	}
	errs.Merge("", read.Validate())
	if err := errs.Err(); err != nil {
		return err
	}
	*f = read
	return nil
}
