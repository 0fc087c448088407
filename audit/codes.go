package audit

// The vocabulary is that of DICOM PS3.15 A.5, HL7 FHIR R4 AuditEvent and the
// HL7 v3 ActReason codes; the texts in the line are those codes.

// A Type says what kind of event an entry reports. The zero Type is REST.
type Type string

// The types: DCM codes (http://dicom.nema.org/resources/ontology/DCM), and
// the RESTful operation of audit-event-type, which the line leaves out.
const (
	REST                Type = ""
	ApplicationActivity Type = "110100"
	AuditLogUsed        Type = "110101"
	Export              Type = "110106"
	Import              Type = "110107"
	NetworkEntry        Type = "110108"
	OrderRecord         Type = "110109"
	PatientRecord       Type = "110110"
	ProcedureRecord     Type = "110111"
	Query               Type = "110112"
	SecurityAlert       Type = "110113"
	UserAuthentication  Type = "110114"
)

func (t Type) valid() bool {
	switch t {
	case REST, ApplicationActivity, AuditLogUsed, Export, Import, NetworkEntry, OrderRecord, PatientRecord, ProcedureRecord, Query, SecurityAlert, UserAuthentication:
		return true
	}
	return false
}

// A Subtype refines a Type: a code of restful-interaction, of DCM or of
// iso-21089-lifecycle. Codes that are not listed here are accepted.
type Subtype string

// Frequent subtypes.
const (
	Read               Subtype = "read"
	VRead              Subtype = "vread"
	Search             Subtype = "search-type"
	Update             Subtype = "update"
	Patch              Subtype = "patch"
	Delete             Subtype = "delete"
	Create             Subtype = "create"
	Operation          Subtype = "operation"
	Disclose           Subtype = "disclose"
	ApplicationStart   Subtype = "110120"
	ApplicationStop    Subtype = "110121"
	Login              Subtype = "110122"
	Logout             Subtype = "110123"
	EmergencyStarted   Subtype = "110127"
	SecurityConfig     Subtype = "110129"
	RestrictedFunction Subtype = "110132"
	AuditStopped       Subtype = "110133"
	AuditStarted       Subtype = "110134"
	RolesChanged       Subtype = "110136"
	UserChanged        Subtype = "110137"
	EmergencyStopped   Subtype = "110138"
)

// An Action is what was done, as AuditEvent.action. The zero Action is none.
type Action string

// The actions.
const (
	ActionCreate  Action = "C"
	ActionRead    Action = "R"
	ActionUpdate  Action = "U"
	ActionDelete  Action = "D"
	ActionExecute Action = "E"
)

func (a Action) valid() bool {
	return len(a) == 1 && (a == "C" || a == "R" || a == "U" || a == "D" || a == "E")
}

// An Outcome is how it ended, as AuditEvent.outcome. The zero Outcome is
// unknown, and not accepted where an outcome is required.
type Outcome string

// The outcomes.
const (
	Success        Outcome = "0"
	MinorFailure   Outcome = "4"
	SeriousFailure Outcome = "8"
	MajorFailure   Outcome = "12"
)

func (o Outcome) valid() bool {
	return o == Success || o == MinorFailure || o == SeriousFailure || o == MajorFailure
}

// A Purpose is why, as a code of v3-ActReason. Codes not listed are accepted.
type Purpose string

// Frequent purposes.
const (
	Treatment          Purpose = "TREAT"
	EmergencyTreatment Purpose = "ETREAT"
	BreakGlass         Purpose = "BTG"
	Payment            Purpose = "HPAYMT"
	Operations         Purpose = "HOPERAT"
	PatientRequest     Purpose = "PATRQT"
	FamilyRequest      Purpose = "FAMRQT"
	Research           Purpose = "HRESCH"
	PublicHealth       Purpose = "PUBHLTH"
	Coverage           Purpose = "COVERAGE"
	Quality            Purpose = "HQUALIMP"
	Administration     Purpose = "HSYSADMIN"
	Testing            Purpose = "HTEST"
)
