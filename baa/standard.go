package baa

import "github.com/baakit/baakit"

// Standard returns a complete agreement of the kind between the parties: every
// clause that the law asks for, and what customers usually ask for besides, in
// the order of the sections that readers expect. It passes [Check] without an
// error once the names are filled in. Change its clauses with [Draft.With] and
// [Draft.Without]. It is a starting point and not legal advice.
func Standard(kind AgreementKind, customer, vendor Party) Draft {
	customer.Role, vendor.Role = CoveredEntitySide, BusinessAssociateSide
	d := Draft{
		Kind: kind, Label: Label{Edition: 1},
		Parties:  []Party{customer, vendor},
		Services: "the services described in the underlying agreement",
		Signers:  []Side{CoveredEntitySide, BusinessAssociateSide},
	}
	for _, row := range clauseTable() {
		if c := standardClause(row.kind); c != nil && (row.kind != "limited_data_set" || kind == DataUseAgreement) {
			d.Clauses = append(d.Clauses, c)
		}
	}
	return d
}

// standardClause returns the clause of a kind as [Standard] has it, or nil.
func standardClause(kind ClauseKind) Clause {
	period := func(n string) baakit.Period { return baakit.MustParsePeriod(n) }
	switch kind {
	case "definitions":
		return Definitions{HIPAARules: true, LimitedPHI: true, RegulatoryTerms: true}
	case "permitted_uses":
		return PermittedUses{
			Basis: ForServices, NoGreaterThanCustomer: true, RequiredByLaw: true,
			Management: true, LegalDuties: true, ManagementDisclosure: true, Assurances: true, RecipientNotifies: true,
			Aggregation: true, Deidentification: DeidentifyForCustomer,
			ModelTraining: Prohibited, Marketing: Prohibited, Sale: Prohibited, ProductDevelopment: Prohibited, Analytics: Prohibited,
		}
	case "no_other_use":
		return NoOtherUse{}
	case "minimum_necessary":
		return MinimumNecessary{NeedToKnow: true}
	case "limited_data_set":
		return LimitedDataSet{Recipients: []string{"the workforce of the recipient that performs the services"}, NoIdentification: true}
	case "mitigation":
		return Mitigation{}
	case "delegated_obligations":
		return DelegatedObligations{Comply: true}
	case "books_and_records":
		return BooksAndRecords{ToSecretary: true}
	case "safeguards":
		return Safeguards{Appropriate: true, SecurityRule: true}
	case "administrative_safeguards":
		return AdministrativeSafeguards{
			SecurityOfficer: true, RiskAssessment: period("12 months"), Training: period("12 months"),
			VendorManagement: true, IncidentResponse: true, Continuity: true, WrittenPolicies: true,
		}
	case "technical_safeguards":
		return TechnicalSafeguards{
			AtRest: "AES-256", InTransit: "TLS 1.3", RoleBased: true, MultiFactor: true, Offboarding: true, Isolation: true,
			AuditLogging: true, Network: true, Vulnerability: true, Testing: period("12 months"),
		}
	case "physical_safeguards":
		return PhysicalSafeguards{Facility: true, Equipment: true, Environment: true}
	case "subcontractors":
		return Subcontractors{
			Restrictions: Same, Security: true, Written: true, Approval: MayObject,
			ChangeNotice: period("30 days"), Objection: period("30 days"),
		}
	case "reporting":
		return Reporting{
			UnauthorizedUse: true, UseWithin: period("5 days"), Breach: true, BreachWithin: period("5 days"), BreachContent: true,
			Incidents: Aggregate, IncidentWithin: period("48 hours"), IncidentContent: true,
		}
	case "incident_support":
		return IncidentSupport{Cooperation: true, RiskAssessment: true, Forensics: true, Communication: true}
	case "individual_rights":
		return IndividualRights{
			Access: true, AccessWithin: period("10 days"), Amendment: true, AmendmentWithin: period("10 days"),
			Accounting: true, AccountingWithin: period("10 days"), Forward: true, ForwardWithin: period("5 days"), DirectedOnly: true,
		}
	case "covered_entity_duties":
		return CoveredEntityDuties{ProvidesNotice: true, NoticeLimits: true, PermissionChanges: true, Restrictions: true, PermissibleRequests: true}
	case "data_retention":
		return DataRetention{CustomerSchedule: true, Backups: period("90 days")}
	case "data_location":
		return DataLocation{Offshore: OffshoreProhibited, Access: true}
	case "certifications":
		return Certifications{Names: []string{"a SOC 2 Type II report"}, Every: period("12 months"), Reports: true}
	case "audit_rights":
		return AuditRights{Granted: true, Notice: period("10 business days"), Every: period("12 months")}
	case "duration":
		return Duration{WithUnderlying: true}
	case "termination":
		return Termination{ForCause: true, Mutual: true, Cure: period("30 days"), Immediate: true}
	case "return_or_destroy":
		return ReturnOrDestroy{
			Required: true, Within: period("30 days"), NoCopies: true, Infeasible: true, Export: true,
			Certificate: true, Method: "NIST SP 800-88", Subcontractors: true,
		}
	case "regulatory_change":
		return RegulatoryChange{Follow: true}
	case "interpretation":
		return Interpretation{FavorCompliance: true, Precedence: ControlsPHI}
	case "no_third_party_beneficiaries":
		return NoThirdPartyBeneficiaries{}
	case "survival":
		return Survival{Clauses: []ClauseID{"reporting", "individual_rights", "return_or_destroy"}}
	case "governing_law":
		return GoverningLaw{FollowsUnderlying: true}
	case "notices":
		return NoticeClause{InWriting: true, ByEmail: true}
	}
	return nil
}
