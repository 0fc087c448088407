package auditfhir

import (
	"slices"
	"strings"

	"github.com/baakit/baakit/audit"
)

// The extensions, which doc.go describes.
const (
	base = "https://github.com/baakit/baakit/fhir/StructureDefinition/"

	ExtChain     = base + "audit-chain"
	ExtSeq       = base + "audit-seq"
	ExtPrev      = base + "audit-prev"
	ExtLeaf      = base + "audit-leaf"
	ExtLine      = base + "audit-line"
	ExtProof     = base + "audit-proof"
	ExtPerson    = base + "audit-person"
	ExtPersons   = base + "audit-persons"
	ExtSealed    = base + "audit-sealed"
	ExtEmergency = base + "audit-emergency"
	ExtRoute     = base + "audit-route"
	ExtTrace     = base + "audit-trace"
	ExtSpan      = base + "audit-span"
	ExtToken     = base + "audit-token"
	ExtActorKind = base + "audit-actor-kind"
	ExtCategory  = base + "audit-category"
	ExtImplied   = base + "audit-implied"
	ExtText      = base + "audit-text"
)

// The systems of this package's own codes and identifiers.
const (
	// KindSystem holds the kinds of domain events, as "baa.accepted".
	KindSystem = "https://github.com/baakit/baakit/fhir/CodeSystem/audit-kind"

	// CodeSystem holds codes of an entry that are of none of the systems that
	// this package knows.
	CodeSystem = "https://github.com/baakit/baakit/fhir/CodeSystem/audit-code"

	// TokenSystem holds the subject tokens of sealed entries: see
	// [audit.SubjectToken].
	TokenSystem = "https://github.com/baakit/baakit/fhir/NamingSystem/audit-subject-token"
)

// The systems of others.
const (
	systemDCM          = "http://dicom.nema.org/resources/ontology/DCM"
	systemEventType    = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	systemInteraction  = "http://hl7.org/fhir/restful-interaction"
	systemISO21089     = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
	systemActReason    = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	systemEntityType   = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	systemObjectRole   = "http://terminology.hl7.org/CodeSystem/object-role"
	systemLifecycle    = "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle"
	systemSourceType   = "http://terminology.hl7.org/CodeSystem/security-source-type"
	systemParticipant  = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	systemConfidential = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	systemActCode      = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	systemBALP         = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
	absentReason       = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
	profileBALP        = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
	policyToken        = "urn:ietf:params:oauth:jti:"
)

// What BALP calls the parts of an event. A display is the one of the system.
var (
	typeREST        = Coding{System: systemEventType, Code: "rest", Display: "Restful Operation"}
	roleApplication = Coding{System: systemDCM, Code: "110150", Display: "Application"}
	roleDestination = Coding{System: systemDCM, Code: "110152", Display: "Destination Role ID"}
	roleSource      = Coding{System: systemDCM, Code: "110153", Display: "Source Role ID"}
	roleCustodian   = Coding{System: "http://terminology.hl7.org/CodeSystem/provenance-participant-type", Code: "custodian", Display: "Custodian"}
	roleRecipient   = Coding{System: systemParticipant, Code: "IRCP", Display: "information recipient"}
	roleAuthor      = Coding{System: systemParticipant, Code: "AUT", Display: "author (originator)"}
	roleOrg         = Coding{System: "http://terminology.hl7.org/CodeSystem/v3-RoleClass", Code: "PROV", Display: "healthcare provider"}
	roleDelegator   = Coding{System: "http://terminology.hl7.org/CodeSystem/v3-RoleCode", Code: "DELEGATOR", Display: "delegator"}
	roleKeeper      = Coding{System: "http://snomed.info/sct", Code: "159541003", Display: "Record keeping/library clerk"}
	roleAuthorizer  = Coding{System: "http://snomed.info/sct", Code: "429577009", Display: "Patient Advocate"}

	entityPerson  = Coding{System: systemEntityType, Code: "1", Display: "Person"}
	entityObject  = Coding{System: systemEntityType, Code: "2", Display: "System Object"}
	entityOther   = Coding{System: systemEntityType, Code: "4", Display: "Other"}
	entityRequest = Coding{System: systemBALP, Code: "XrequestId"}

	objectPatient  = Coding{System: systemObjectRole, Code: "1", Display: "Patient"}
	objectReport   = Coding{System: systemObjectRole, Code: "3", Display: "Report"}
	objectResource = Coding{System: systemObjectRole, Code: "4", Display: "Domain Resource"}
	objectJob      = Coding{System: systemObjectRole, Code: "20", Display: "Job"}
	objectQuery    = Coding{System: systemObjectRole, Code: "24", Display: "Query"}

	sourceServer = Coding{System: systemSourceType, Code: "4", Display: "Application Server"}
)

// A pattern is one of the Basic Audit Log Patterns: how those who take part
// are called, and which profile it is.
type pattern struct {
	name    string       // of the profile, "" for none
	action  audit.Action // that the profile asks for
	subtype []audit.Subtype
	client  Coding // role of the client, and of the server
	server  Coding // zero for none
	user    Coding
}

// patterns are those of RESTful events. Content goes to the client of a read
// and to the server of the others; a query goes to the server.
var patterns = []pattern{
	{"Query", audit.ActionExecute, []audit.Subtype{"search-type", "search-system", "search"}, roleSource, roleDestination, roleRecipient},
	{"Read", audit.ActionRead, []audit.Subtype{"read", "vread"}, roleDestination, roleSource, roleRecipient},
	{"Create", audit.ActionCreate, []audit.Subtype{"create"}, roleSource, roleDestination, roleAuthor},
	{"Update", audit.ActionUpdate, []audit.Subtype{"update", "patch"}, roleSource, roleDestination, roleAuthor},
	{"Delete", audit.ActionDelete, []audit.Subtype{"delete"}, roleApplication, roleCustodian, roleAuthor},
}

// patternOf returns the pattern of an event, by its subtypes or, if none of
// them says, by its action, and the subtype of the pattern that the event has,
// or "".
func patternOf(e *audit.Event) (pattern, audit.Subtype) {
	disclosed := slices.Contains(e.Subtype, audit.Disclose)
	other := pattern{client: roleApplication, user: roleAuthor}
	if e.Action == audit.ActionRead || e.Action == audit.ActionExecute {
		other.user = roleRecipient
	}
	switch {
	case e.Kind != "":
		return other, ""
	case e.Type == audit.Export && disclosed:
		return pattern{"PrivacyDisclosure.Source", audit.ActionRead, nil, roleDestination, roleSource, roleRecipient}, audit.Disclose
	case e.Type == audit.Import && disclosed:
		return pattern{"PrivacyDisclosure.Recipient", audit.ActionCreate, nil, roleSource, roleDestination, roleAuthor}, audit.Disclose
	case e.Type != audit.REST:
		return other, ""
	}
	for _, s := range e.Subtype {
		for _, p := range patterns {
			if slices.Contains(p.subtype, s) {
				return p, s
			}
		}
	}
	for _, p := range patterns {
		// To execute may be anything, a query only if it is called one.
		if p.action == e.Action && len(e.Subtype) == 0 && p.name != "Query" {
			return p, ""
		}
	}
	return other, ""
}

// isDisclosure tells whether the pattern is one of the two disclosures.
func (p *pattern) isDisclosure() bool { return strings.HasPrefix(p.name, "Privacy") }

func typeCoding(e *audit.Event) Coding {
	switch {
	case e.Kind != "":
		return Coding{System: KindSystem, Code: e.Kind}
	case e.Type == audit.REST:
		return typeREST
	}
	return Coding{System: systemDCM, Code: string(e.Type), Display: typeNames[e.Type]}
}

var typeNames = map[audit.Type]string{
	audit.ApplicationActivity: "Application Activity", audit.AuditLogUsed: "Audit Log Used", audit.Export: "Export",
	audit.Import: "Import", audit.NetworkEntry: "Network Entry", audit.OrderRecord: "Order Record",
	audit.PatientRecord: "Patient Record", audit.ProcedureRecord: "Procedure Record", audit.Query: "Query",
	audit.SecurityAlert: "Security Alert", audit.UserAuthentication: "User Authentication",
}

// interactions are the codes of restful-interaction (R4).
var interactions = strings.Fields("read vread update patch delete history history-instance history-type history-system " +
	"create search search-type search-system capabilities transaction batch operation")

// isoEvents are codes of iso-21089-lifecycle that are no interactions.
var isoEvents = strings.Fields("access amend archive attest decrypt deidentify deprecate destroy disclose encrypt extract hold " +
	"link merge originate pseudonymize reactivate receive reidentify report restore transform transmit unhold unlink unmerge verify")

func subtypeCoding(s audit.Subtype) Coding {
	c := Coding{System: CodeSystem, Code: string(s)}
	switch {
	case slices.Contains(interactions, c.Code):
		c.System = systemInteraction
	case slices.Contains(isoEvents, c.Code):
		c.System = systemISO21089
	case len(c.Code) == 6 && strings.HasPrefix(c.Code, "11") && strings.Trim(c.Code, "0123456789") == "":
		c.System = systemDCM
	}
	return c
}

func lifecycleCoding(code string) Coding {
	switch {
	case code == "":
		return Coding{}
	case slices.Contains(isoEvents, code):
		return Coding{System: systemISO21089, Code: code}
	case len(code) <= 2 && strings.Trim(code, "0123456789") == "":
		return Coding{System: systemLifecycle, Code: code}
	}
	return Coding{System: CodeSystem, Code: code}
}

func labelCoding(label string) Coding {
	c := Coding{System: CodeSystem, Code: label}
	switch label {
	case "U", "L", "M", "N", "R", "V":
		c.System = systemConfidential
	case "42CFRPart2", "ETH", "HIV", "PSY", "SDV", "SEX", "STD", "SUD", "TBOO":
		c.System = systemActCode
	}
	return c
}

// objectRole is BALP's role of a resource.
func objectRole(t string) Coding {
	switch t {
	case "DocumentReference", "DiagnosticReport", "Composition", "MeasureReport":
		return objectReport
	case "Task":
		return objectJob
	}
	return objectResource
}
