package baa

import "github.com/baakit/baakit"

// Duration says when the agreement ends by itself.
type Duration struct {
	// Ends is its last day; zero: no fixed day.
	Ends baakit.Date `json:"ends,omitzero" binds:"both" sense:"commercial"`
	// WithUnderlying: it ends with the underlying agreement.
	WithUnderlying bool `json:"with_underlying,omitempty" binds:"both" sense:"commercial"`
}

func (Duration) Kind() ClauseKind      { return "duration" }
func (c Duration) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Duration) Heading() string     { return rowOf(c.Kind()).heading }
func (c Duration) Provides() []Element { return provides(c) }

func (c Duration) sentences(w *writer) {
	if !c.Ends.IsZero() {
		w.say("This agreement ends at the end of %s, unless it ends earlier.", c.Ends)
	}
	w.when(c.WithUnderlying, "This agreement ends when the underlying agreement ends, unless it ends earlier.")
}

// Termination says how the agreement is ended for a violation: 45 CFR
// 164.504(e)(2)(iii).
type Termination struct {
	// ForCause: the customer may end it if it determines that the vendor
	// violated a material term.
	ForCause bool `json:"for_cause,omitempty" sense:"duty" about:"termination_for_violation" element:"termination.for_cause"`
	// Mutual: so may the vendor.
	Mutual bool `json:"mutual,omitempty" binds:"ce" sense:"duty" about:"termination_for_violation"`
	// Cure is how long the other party has to cure; zero: no such chance.
	Cure baakit.Period `json:"cure,omitzero" binds:"both" sense:"within" about:"cure_period"`
	// Immediate: at once where cure is not feasible.
	Immediate bool `json:"immediate,omitempty" sense:"duty" about:"termination_for_violation"`
	// ReportToSecretary: where neither is feasible, the violation is reported.
	ReportToSecretary bool `json:"report_to_secretary,omitempty" binds:"both" sense:"duty" about:"termination_for_violation"`
	// Notice is the notice for an end without cause; zero: there is none.
	Notice baakit.Period `json:"notice,omitzero" binds:"both" sense:"commercial" about:"termination_for_violation"`
	// StatutoryBasis names the law that keeps a government body from
	// authorizing termination: 164.504(e)(3)(iii).
	StatutoryBasis string `json:"statutory_basis,omitempty" binds:"both" sense:"commercial" about:"termination_for_violation" validate:"omitempty,line"`
}

func (Termination) Kind() ClauseKind      { return "termination" }
func (c Termination) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Termination) Heading() string     { return rowOf(c.Kind()).heading }
func (c Termination) Provides() []Element { return provides(c) }

func (c Termination) sentences(w *writer) {
	w.when(c.ForCause, "@CE may terminate this agreement, and the underlying agreement with it, if it determines that @BA has violated a material term of this agreement.")
	w.when(c.Mutual, "@BA has the same right if @CE has violated a material term.")
	w.period(c.Cure, "The party in breach first has %s from the notice of the violation to cure it.")
	w.when(c.Immediate, "Where a cure is not feasible, termination may be immediate.")
	w.when(c.ReportToSecretary, "Where neither cure nor termination is feasible, the other party reports the violation to the Secretary.")
	w.period(c.Notice, "Either party may terminate this agreement without cause by %s of notice.")
	if c.StatutoryBasis != "" {
		w.say("The right to terminate is omitted as far as it is inconsistent with statutory obligations: %s.", c.StatutoryBasis)
	}
}

// ReturnOrDestroy is what happens to PHI at the end: 45 CFR
// 164.504(e)(2)(ii)(J).
type ReturnOrDestroy struct {
	Required bool          `json:"required,omitempty" sense:"duty" about:"return_or_destroy" element:"termination.return_destroy"`
	Within   baakit.Period `json:"within,omitzero" sense:"within" about:"termination_return_deadline"`
	NoCopies bool          `json:"no_copies,omitempty" sense:"duty" about:"return_or_destroy" element:"termination.no_copies"`
	// Infeasible: what cannot be returned or destroyed stays protected, and
	// its use is limited to the purposes that make it infeasible.
	Infeasible bool `json:"infeasible_protected,omitempty" sense:"duty" about:"infeasible_extension" element:"termination.infeasible"`
	// Export: the customer may export its data before the end.
	Export bool `json:"export,omitempty" sense:"duty" about:"return_or_destroy"`
	// Certificate: destruction is certified, with the method.
	Certificate bool   `json:"certificate,omitempty" sense:"duty" about:"return_or_destroy"`
	Method      string `json:"method,omitempty" sense:"words" about:"return_or_destroy" validate:"omitempty,line"`
	// Subcontractors: they return or destroy too.
	Subcontractors bool `json:"subcontractors,omitempty" sense:"duty" about:"return_or_destroy subcontractors"`
}

func (ReturnOrDestroy) Kind() ClauseKind      { return "return_or_destroy" }
func (c ReturnOrDestroy) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c ReturnOrDestroy) Heading() string     { return rowOf(c.Kind()).heading }
func (c ReturnOrDestroy) Provides() []Element { return provides(c) }

func (c ReturnOrDestroy) sentences(w *writer) {
	w.when(c.Required, "When this agreement ends, @BA returns or destroys, if feasible, all PHI that it received from @CE or created, received or maintained on its behalf, in whatever form.")
	w.period(c.Within, "This is done within %s of the end.")
	w.when(c.NoCopies, "@BA keeps no copies of that PHI.")
	w.when(c.Export, "Until the end @CE can export its data through the services.")
	w.when(c.Certificate, "@BA certifies the destruction in writing, with the day and the method.")
	if c.Method != "" {
		w.say("Destruction follows this standard: %s.", c.Method)
	}
	w.when(c.Subcontractors, "@BA has its subcontractors return or destroy the PHI that they hold in the same way.")
	w.when(c.Infeasible, "Where return or destruction is not feasible, as it may be for backups, @BA extends the protections of this agreement to the PHI it keeps, and uses and discloses it only for the purposes that make return or destruction infeasible, for as long as it keeps it.")
}

// Indemnity says who bears the other's losses.
type Indemnity struct {
	ByVendor   bool  `json:"by_business_associate,omitempty" sense:"duty" about:"indemnification"`
	ByCustomer bool  `json:"by_covered_entity,omitempty" binds:"ce" sense:"duty" about:"indemnification"`
	Cap        Money `json:"cap,omitzero" binds:"both" sense:"limit" about:"indemnification"`
}

func (Indemnity) Kind() ClauseKind      { return "indemnity" }
func (c Indemnity) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Indemnity) Heading() string     { return rowOf(c.Kind()).heading }
func (c Indemnity) Provides() []Element { return provides(c) }

func (c Indemnity) sentences(w *writer) {
	w.when(c.ByVendor, "@BA makes good the losses of @CE that come from a violation of this agreement by @BA or its subcontractors.")
	w.when(c.ByCustomer, "@CE makes good the losses of @BA that come from a violation of this agreement by @CE.")
	if !c.Cap.IsZero() {
		w.say("What a party owes under this section is limited to US dollars %s.", c.Cap)
	}
}

// Insurance is the cover that the vendor keeps.
type Insurance struct {
	Cyber     Money `json:"cyber,omitzero" sense:"amount" about:"insurance"`
	Liability Money `json:"liability,omitzero" sense:"amount" about:"insurance"`
}

func (Insurance) Kind() ClauseKind      { return "insurance" }
func (c Insurance) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Insurance) Heading() string     { return rowOf(c.Kind()).heading }
func (c Insurance) Provides() []Element { return provides(c) }

func (c Insurance) sentences(w *writer) {
	if !c.Cyber.IsZero() {
		w.say("@BA keeps insurance against cyber risks of at least US dollars %s.", c.Cyber)
	}
	if !c.Liability.IsZero() {
		w.say("@BA keeps professional liability insurance of at least US dollars %s.", c.Liability)
	}
}

// RegulatoryChange says how the agreement follows the law and is amended.
type RegulatoryChange struct {
	// Follow: the parties amend it as the HIPAA Rules require.
	Follow bool `json:"follow,omitempty" binds:"both" sense:"duty" about:"regulatory_amendment" element:"misc.term_survival_amendment"`
	// AmendmentNotice is how long before it takes effect an amendment is
	// announced that binds by going on; zero: amendments are signed.
	AmendmentNotice baakit.Period `json:"amendment_notice,omitzero" binds:"both" sense:"commercial" about:"regulatory_amendment"`
}

func (RegulatoryChange) Kind() ClauseKind      { return "regulatory_change" }
func (c RegulatoryChange) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c RegulatoryChange) Heading() string     { return rowOf(c.Kind()).heading }
func (c RegulatoryChange) Provides() []Element { return provides(c) }

func (c RegulatoryChange) sentences(w *writer) {
	w.when(c.Follow, "The parties amend this agreement whenever the HIPAA Rules make it necessary.")
	if c.AmendmentNotice.IsZero() {
		w.say("An amendment is made in writing and accepted by both parties.")
	}
	w.period(c.AmendmentNotice, "An amendment that @BA announces %s in advance takes effect if @CE goes on using the services and has not objected.")
}

// Interpretation says how doubts are resolved and which document controls.
type Interpretation struct {
	FavorCompliance bool       `json:"favor_compliance,omitempty" binds:"both" sense:"commercial" about:"interpretation"`
	Precedence      Precedence `json:"precedence,omitempty" binds:"both" sense:"commercial" about:"interpretation" validate:"omitempty,oneof=controls_phi later_in_time controls_all yields_to_other"`
}

func (Interpretation) Kind() ClauseKind      { return "interpretation" }
func (c Interpretation) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Interpretation) Heading() string     { return rowOf(c.Kind()).heading }
func (c Interpretation) Provides() []Element { return provides(c) }

func (c Interpretation) sentences(w *writer) {
	w.when(c.FavorCompliance, "A doubt about this agreement is resolved in the way that lets the parties comply with the HIPAA Rules.")
	switch c.Precedence {
	case ControlsPHI:
		w.say("Where this agreement and the underlying agreement conflict about PHI, this agreement controls.")
	case ControlsAll:
		w.say("Where this agreement and the underlying agreement conflict, this agreement controls.")
	case LaterInTime:
		w.say("Where documents between the parties conflict, the later one controls.")
	case YieldsToOthers:
		w.say("Where this agreement and the underlying agreement conflict, the underlying agreement controls.")
	}
}

// NoThirdPartyBeneficiaries gives rights to the parties only.
type NoThirdPartyBeneficiaries struct{}

func (NoThirdPartyBeneficiaries) Kind() ClauseKind      { return "no_third_party_beneficiaries" }
func (c NoThirdPartyBeneficiaries) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c NoThirdPartyBeneficiaries) Heading() string     { return rowOf(c.Kind()).heading }
func (c NoThirdPartyBeneficiaries) Provides() []Element { return provides(c) }

func (NoThirdPartyBeneficiaries) sentences(w *writer) {
	w.say("This agreement gives rights to its parties and to nobody else.")
}

// Survival names the clauses that outlive the agreement.
type Survival struct {
	Clauses []ClauseID `json:"clauses,omitempty" binds:"both" sense:"words" about:"survival" validate:"max=100,dive,required,name"`
}

func (Survival) Kind() ClauseKind      { return "survival" }
func (c Survival) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Survival) Heading() string     { return rowOf(c.Kind()).heading }
func (c Survival) Provides() []Element { return provides(c) }

func (c Survival) sentences(w *writer) {
	if len(c.Clauses) > 0 {
		w.say("These sections survive the end of this agreement:")
	}
	for _, id := range c.Clauses {
		w.item("%s", w.nameOf(id))
	}
}

// GoverningLaw says whose law governs.
type GoverningLaw struct {
	// Of is a State or territory; zero: see FollowsUnderlying.
	Of                baakit.Jurisdiction `json:"of,omitzero" binds:"both" sense:"commercial" about:"governing_law"`
	FollowsUnderlying bool                `json:"follows_underlying,omitempty" binds:"both" sense:"commercial" about:"governing_law"`
}

func (GoverningLaw) Kind() ClauseKind      { return "governing_law" }
func (c GoverningLaw) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c GoverningLaw) Heading() string     { return rowOf(c.Kind()).heading }
func (c GoverningLaw) Provides() []Element { return provides(c) }

func (c GoverningLaw) sentences(w *writer) {
	if !c.Of.IsZero() {
		w.say("As far as federal law does not, the law of %s governs this agreement.", c.Of.Name())
	}
	w.when(c.FollowsUnderlying, "Governing law and the settlement of disputes are those of the underlying agreement.")
}

// NoticeClause says how notices are given; the addresses are those of the
// parties.
type NoticeClause struct {
	InWriting bool `json:"in_writing,omitempty" binds:"both" sense:"duty" about:"notices"`
	// ByEmail: e-mail to the notice address is enough.
	ByEmail bool `json:"by_email,omitempty" binds:"both" sense:"commercial" about:"notices"`
}

func (NoticeClause) Kind() ClauseKind      { return "notices" }
func (c NoticeClause) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c NoticeClause) Heading() string     { return rowOf(c.Kind()).heading }
func (c NoticeClause) Provides() []Element { return provides(c) }

func (c NoticeClause) sentences(w *writer) {
	w.when(c.InWriting, "A notice under this agreement is in writing and goes to the notice address of the other party on the cover page.")
	w.when(c.ByEmail, "E-mail to that address is enough.")
}

// clauseRows lists the kinds in the order of the standard agreement.
func clauseRows() []clauseRow {
	row := func(zero Clause, heading string, b bound, s sense, about string, e Element) clauseRow {
		return clauseRow{kind: zero.Kind(), zero: zero, heading: heading, binds: b, sense: s, about: about, element: e}
	}
	typed := func(zero Clause, heading string) clauseRow { return row(zero, heading, "", "", "", "") }
	return []clauseRow{
		typed(Definitions{}, "Definitions"),
		typed(PermittedUses{}, "Permitted uses and disclosures"),
		row(NoOtherUse{}, "No other use", bindsBA, duty, "no_other_use", "limit.contract_or_law"),
		row(MinimumNecessary{}, "Minimum necessary", bindsBA, duty, "minimum_necessary", "minimum_necessary"),
		typed(LimitedDataSet{}, "Limited data set"),
		row(Mitigation{}, "Mitigation", bindsBA, duty, "mitigation", "misc.mitigation"),
		typed(DelegatedObligations{}, "Delegated obligations"),
		typed(BooksAndRecords{}, "Books and records"),
		typed(Safeguards{}, "Safeguards"),
		typed(AdministrativeSafeguards{}, "Administrative safeguards"),
		typed(TechnicalSafeguards{}, "Technical safeguards"),
		typed(PhysicalSafeguards{}, "Physical safeguards"),
		typed(Subcontractors{}, "Subcontractors"),
		typed(Reporting{}, "Reports and notices of breach"),
		typed(IncidentSupport{}, "Support after an incident"),
		typed(IndividualRights{}, "Rights of individuals"),
		typed(CoveredEntityDuties{}, "Duties of the other party"),
		typed(DataRetention{}, "Retention of data"),
		typed(DataLocation{}, "Location of data"),
		typed(Certifications{}, "Certifications"),
		typed(AuditRights{}, "Audit"),
		typed(Duration{}, "Duration"),
		typed(Termination{}, "Termination"),
		typed(ReturnOrDestroy{}, "Return or destruction of PHI"),
		typed(Indemnity{}, "Indemnity"),
		typed(Insurance{}, "Insurance"),
		typed(RegulatoryChange{}, "Change of law and amendment"),
		typed(Interpretation{}, "Interpretation"),
		row(NoThirdPartyBeneficiaries{}, "No rights of third parties", bindsBoth, commercial, "no_third_party_beneficiaries", ""),
		typed(Survival{}, "Survival"),
		typed(GoverningLaw{}, "Governing law"),
		typed(NoticeClause{}, "Notices"),
		typed(Custom{}, ""),
	}
}
