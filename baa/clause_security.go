package baa

import "github.com/baakit/baakit"

// Safeguards are the covenants of 45 CFR 164.504(e)(2)(ii)(B) and
// 164.314(a)(2)(i)(A).
type Safeguards struct {
	// Appropriate: appropriate safeguards, for PHI in any form.
	Appropriate bool `json:"appropriate,omitempty" sense:"duty" about:"safeguards_and_security_rule" element:"safeguards"`
	// SecurityRule: the Security Rule is followed for electronic PHI.
	SecurityRule bool `json:"security_rule,omitempty" sense:"duty" about:"safeguards_and_security_rule" element:"safeguards.subpart_c"`
}

func (Safeguards) Kind() ClauseKind      { return "safeguards" }
func (c Safeguards) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Safeguards) Heading() string     { return rowOf(c.Kind()).heading }
func (c Safeguards) Provides() []Element { return provides(c) }

func (c Safeguards) sentences(w *writer) {
	w.when(c.Appropriate, "@BA keeps appropriate safeguards, for PHI in any form, against every use or disclosure that this agreement does not provide for.")
	w.when(c.SecurityRule, "For electronic PHI @BA complies with subpart C of 45 CFR part 164 wherever it applies, and so protects its confidentiality, integrity and availability.")
}

// AdministrativeSafeguards are how the vendor organises security: 45 CFR
// 164.308.
type AdministrativeSafeguards struct {
	SecurityOfficer  bool          `json:"security_officer,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	RiskAssessment   baakit.Period `json:"risk_assessment_every,omitzero" sense:"within" about:"safeguards_and_security_rule"`
	Training         baakit.Period `json:"training_every,omitzero" sense:"within" about:"safeguards_and_security_rule"`
	VendorManagement bool          `json:"vendor_management,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	IncidentResponse bool          `json:"incident_response,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	Continuity       bool          `json:"continuity,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	WrittenPolicies  bool          `json:"written_policies,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	// ContingencyNotice is how soon the customer is told that a contingency
	// plan was activated; only a proposed rule would ask for it.
	ContingencyNotice baakit.Period `json:"contingency_notice_within,omitzero" sense:"within" about:"policy"`
	// Verification is how often the vendor verifies its safeguards in
	// writing; only a proposed rule would ask for it.
	Verification baakit.Period `json:"verification_every,omitzero" sense:"within" about:"policy"`
}

func (AdministrativeSafeguards) Kind() ClauseKind      { return "administrative_safeguards" }
func (c AdministrativeSafeguards) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c AdministrativeSafeguards) Heading() string     { return rowOf(c.Kind()).heading }
func (c AdministrativeSafeguards) Provides() []Element { return provides(c) }

func (c AdministrativeSafeguards) sentences(w *writer) {
	w.when(c.SecurityOfficer, "@BA names a security officer who answers for compliance with the Security Rule.")
	w.period(c.RiskAssessment, "@BA analyses the risks to its systems and processes at least every %s and treats what it finds.")
	w.period(c.Training, "@BA trains its workforce on the HIPAA Rules and on handling PHI when they begin and at least every %s.")
	w.when(c.VendorManagement, "@BA selects, contracts and reviews the subcontractors that handle PHI by a written procedure.")
	w.when(c.IncidentResponse, "@BA keeps written procedures for incidents, with named people and the way to escalate.")
	w.when(c.Continuity, "@BA keeps a contingency plan with backups, recovery and emergency operation, so that PHI stays available.")
	w.when(c.WrittenPolicies, "@BA keeps written policies on confidentiality and security and applies sanctions when its workforce breaks them.")
	w.period(c.ContingencyNotice, "@BA tells @CE within %s that it has activated its contingency plan.")
	w.period(c.Verification, "At least every %s @BA verifies in writing that the technical safeguards of this agreement are in place.")
}

// TechnicalSafeguards are the controls in the vendor's systems: 45 CFR
// 164.312.
type TechnicalSafeguards struct {
	AtRest        string        `json:"encryption_at_rest,omitempty" sense:"words" about:"encryption_specified" validate:"omitempty,line"`
	InTransit     string        `json:"encryption_in_transit,omitempty" sense:"words" about:"encryption_specified" validate:"omitempty,line"`
	RoleBased     bool          `json:"role_based_access,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	MultiFactor   bool          `json:"multi_factor,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	Offboarding   bool          `json:"offboarding,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	Isolation     bool          `json:"customer_isolation,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	AuditLogging  bool          `json:"audit_logging,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	Network       bool          `json:"network_security,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	Vulnerability bool          `json:"vulnerability_management,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	Testing       baakit.Period `json:"testing_every,omitzero" sense:"within" about:"safeguards_and_security_rule"`
}

func (TechnicalSafeguards) Kind() ClauseKind      { return "technical_safeguards" }
func (c TechnicalSafeguards) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c TechnicalSafeguards) Heading() string     { return rowOf(c.Kind()).heading }
func (c TechnicalSafeguards) Provides() []Element { return provides(c) }

func (c TechnicalSafeguards) sentences(w *writer) {
	if c.AtRest != "" {
		w.say("@BA encrypts stored electronic PHI to this standard or a stronger one: %s.", c.AtRest)
	}
	if c.InTransit != "" {
		w.say("@BA encrypts electronic PHI that it sends over a network to this standard or a stronger one: %s.", c.InTransit)
	}
	w.when(c.RoleBased, "Access to PHI follows roles, and each role has the least that it needs.")
	w.when(c.MultiFactor, "Every access to systems with PHI asks for more than one factor of authentication.")
	w.when(c.Offboarding, "Access ends promptly when somebody leaves or changes the job.")
	w.when(c.Isolation, "PHI of @CE is kept apart from that of other customers.")
	w.when(c.AuditLogging, "@BA logs every access to PHI and every change of the systems that hold it, and reviews the logs.")
	w.when(c.Network, "@BA protects its networks with firewalls and intrusion detection.")
	w.when(c.Vulnerability, "@BA looks for vulnerabilities in what it builds and uses, and mends them in the order of their risk.")
	w.period(c.Testing, "@BA has its security tested at least every %s.")
}

// PhysicalSafeguards are the controls around places and machines: 45 CFR
// 164.310.
type PhysicalSafeguards struct {
	Facility    bool `json:"facility_access,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	Equipment   bool `json:"equipment,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
	Environment bool `json:"environment,omitempty" sense:"duty" about:"safeguards_and_security_rule"`
}

func (PhysicalSafeguards) Kind() ClauseKind      { return "physical_safeguards" }
func (c PhysicalSafeguards) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c PhysicalSafeguards) Heading() string     { return rowOf(c.Kind()).heading }
func (c PhysicalSafeguards) Provides() []Element { return provides(c) }

func (c PhysicalSafeguards) sentences(w *writer) {
	w.when(c.Facility, "Places in which PHI is kept admit authorised people only, and their entries are watched and recorded.")
	w.when(c.Equipment, "@BA keeps track of equipment and media with PHI and makes it unreadable before they are used again or thrown away.")
	w.when(c.Environment, "@BA protects these places against natural disasters and the failure of power, cooling and other infrastructure.")
}

// A FlowDown says what subcontractors must agree to. The zero FlowDown is
// nothing.
type FlowDown string

// The flow-downs.
const (
	Similar FlowDown = "substantially_similar"
	Same    FlowDown = "same"
)

func (f FlowDown) rank() int { return map[FlowDown]int{Similar: 1, Same: 2}[f] }

// An Approval says what the customer has to say about a new subcontractor. The
// zero Approval is nothing.
type Approval string

// The approvals.
const (
	MayObject     Approval = "may_object"
	PriorApproval Approval = "prior_approval"
	NoneAllowed   Approval = "none_allowed"
)

func (a Approval) rank() int {
	return map[Approval]int{MayObject: 1, PriorApproval: 2, NoneAllowed: 3}[a]
}

// Subcontractors is the flow-down of 45 CFR 164.504(e)(2)(ii)(D) and
// 164.314(a)(2)(i)(B), and what the customer is told of changes.
type Subcontractors struct {
	Restrictions FlowDown `json:"restrictions,omitempty" sense:"ranked" about:"subcontractors" validate:"omitempty,oneof=substantially_similar same"`
	// Security: they agree by contract to comply with the Security Rule.
	Security bool     `json:"security,omitempty" sense:"duty" about:"subcontractors" element:"subcontractors.security"`
	Written  bool     `json:"written,omitempty" sense:"duty" about:"subcontractors"`
	Approval Approval `json:"approval,omitempty" sense:"ranked" about:"subcontractors" validate:"omitempty,oneof=may_object prior_approval none_allowed"`
	// ChangeNotice is how long before a new one begins the customer is told.
	ChangeNotice baakit.Period `json:"change_notice,omitzero" sense:"longer" about:"subcontractor_change_notice"`
	// Objection is how long the customer may object.
	Objection baakit.Period `json:"objection_window,omitzero" sense:"longer" about:"subcontractor_change_notice"`
	// ListAt is where the current list is; the list itself is then no part of
	// the version.
	ListAt string `json:"list_at,omitempty" sense:"detail" about:"subcontractor_change_notice" validate:"omitempty,line"`
	// Listed are the subcontractors on the day of the version: a schedule.
	Listed []string `json:"listed,omitempty" sense:"schedule" about:"subcontractor_change_notice" validate:"max=1000,dive,required,line"`
}

func (Subcontractors) Kind() ClauseKind  { return "subcontractors" }
func (c Subcontractors) ID() ClauseID    { return ClauseID(c.Kind()) }
func (c Subcontractors) Heading() string { return rowOf(c.Kind()).heading }

func (c Subcontractors) Provides() []Element {
	list := provides(c)
	if c.Restrictions == Same {
		list = append(list, "subcontractors.same_restrictions")
	}
	return inTableOrder(list)
}

func (c Subcontractors) sentences(w *writer) {
	switch c.Restrictions {
	case Same:
		w.say("@BA sees to it that every subcontractor which creates, receives, maintains or transmits PHI on its behalf is bound by the same restrictions and conditions on that PHI as @BA itself.")
	case Similar:
		w.say("@BA sees to it that every subcontractor which creates, receives, maintains or transmits PHI on its behalf is bound by restrictions and conditions substantially similar to those that bind @BA.")
	}
	w.when(c.Security, "For electronic PHI each subcontractor agrees, in a contract that meets 45 CFR 164.308(b) and 164.314(a), to comply with subpart C of 45 CFR part 164.")
	w.when(c.Written, "These contracts are in writing and in place before PHI flows.")
	switch c.Approval {
	case MayObject:
		w.say("@CE may object to a new subcontractor on reasonable grounds.")
	case PriorApproval:
		w.say("@BA engages a new subcontractor only after @CE has agreed in writing.")
	case NoneAllowed:
		w.say("@BA engages no subcontractors for work with PHI.")
	}
	w.period(c.ChangeNotice, "@BA announces a new subcontractor at least %s before it begins to handle PHI.")
	w.period(c.Objection, "@CE has %s from the announcement to object.")
	if c.ListAt != "" {
		w.say("The current list of subcontractors is kept at %s.", c.ListAt)
	}
	if len(c.Listed) > 0 {
		w.say("Subcontractors on the day of this version:")
	}
	for _, s := range c.Listed {
		w.item("%s", s)
	}
}

// Certifications are the attestations by others that the vendor keeps up.
type Certifications struct {
	Names []string      `json:"names,omitempty" sense:"duty" about:"policy" validate:"max=50,dive,required,line"`
	Every baakit.Period `json:"renewed_every,omitzero" sense:"within" about:"policy"`
	// Reports: the customer gets the reports on request.
	Reports bool `json:"reports,omitempty" sense:"duty" about:"policy"`
}

func (Certifications) Kind() ClauseKind      { return "certifications" }
func (c Certifications) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Certifications) Heading() string     { return rowOf(c.Kind()).heading }
func (c Certifications) Provides() []Element { return provides(c) }

func (c Certifications) sentences(w *writer) {
	if len(c.Names) > 0 {
		w.say("While this agreement is in force @BA maintains:")
	}
	for _, n := range c.Names {
		w.item("%s", n)
	}
	w.period(c.Every, "Each is renewed at least every %s.")
	w.when(c.Reports, "@BA gives @CE the current reports on request, in confidence.")
}

// AuditRights let the customer verify what was promised.
type AuditRights struct {
	Granted bool `json:"granted,omitempty" sense:"duty" about:"audit_rights"`
	// Notice is what the vendor may ask for before an audit.
	Notice baakit.Period `json:"notice,omitzero" binds:"both" sense:"commercial" about:"audit_rights"`
	Every  baakit.Period `json:"at_most_every,omitzero" binds:"both" sense:"commercial" about:"audit_rights"`
}

func (AuditRights) Kind() ClauseKind      { return "audit_rights" }
func (c AuditRights) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c AuditRights) Heading() string     { return rowOf(c.Kind()).heading }
func (c AuditRights) Provides() []Element { return provides(c) }

func (c AuditRights) sentences(w *writer) {
	w.when(c.Granted, "@CE may verify that @BA keeps this agreement, by questions in writing, by documents and by inspection at reasonable times.")
	w.period(c.Notice, "It announces an inspection %s in advance.")
	w.period(c.Every, "Unless there was an incident, it inspects at most once every %s.")
}
