package baa

import "github.com/baakit/baakit"

// An IncidentScope says which security incidents are reported. The zero
// IncidentScope is none.
type IncidentScope string

// The scopes.
const (
	SuccessfulOnly IncidentScope = "successful_only"
	// Aggregate: successful ones one by one; the agreement itself is the
	// notice of unsuccessful ones.
	Aggregate IncidentScope = "unsuccessful_in_aggregate"
	Each      IncidentScope = "each"
)

func (s IncidentScope) rank() int {
	return map[IncidentScope]int{SuccessfulOnly: 1, Aggregate: 2, Each: 3}[s]
}

// Reporting is what the vendor reports and how soon: 45 CFR
// 164.504(e)(2)(ii)(C), 164.314(a)(2)(i)(C), 164.410.
type Reporting struct {
	UnauthorizedUse bool          `json:"unauthorized_use,omitempty" sense:"duty" about:"report_unauthorised_use_and_breach" element:"report.unauthorized_use"`
	UseWithin       baakit.Period `json:"unauthorized_use_within,omitzero" sense:"within" about:"report_unauthorised_use_and_breach"`
	Breach          bool          `json:"breach,omitempty" sense:"duty" about:"report_unauthorised_use_and_breach"`
	// BreachWithin is the contract's deadline; zero: that of the law alone.
	BreachWithin baakit.Period `json:"breach_within,omitzero" sense:"within" about:"breach_notice_deadline"`
	// BreachContent: the report has what 164.410(c) asks for.
	BreachContent  bool          `json:"breach_content,omitempty" sense:"duty" about:"report_unauthorised_use_and_breach" element:"report.content_410c"`
	Incidents      IncidentScope `json:"incidents,omitempty" sense:"ranked" about:"report_security_incidents" validate:"omitempty,oneof=successful_only unsuccessful_in_aggregate each"`
	IncidentWithin baakit.Period `json:"incident_within,omitzero" sense:"within" about:"report_security_incidents"`
	// IncidentContent: scope, affected data and remediation are in the report.
	IncidentContent bool `json:"incident_content,omitempty" sense:"duty" about:"report_security_incidents"`
}

func (Reporting) Kind() ClauseKind  { return "reporting" }
func (c Reporting) ID() ClauseID    { return ClauseID(c.Kind()) }
func (c Reporting) Heading() string { return rowOf(c.Kind()).heading }

func (c Reporting) Provides() []Element {
	list := provides(c)
	if c.Breach && withinCeiling(c.BreachWithin) {
		list = append(list, "report.breach")
	}
	if c.Incidents == Aggregate || c.Incidents == Each {
		list = append(list, "report.security_incident")
	}
	return inTableOrder(list)
}

func (c Reporting) sentences(w *writer) {
	w.when(c.UnauthorizedUse, "@BA reports to @CE every use or disclosure of PHI that this agreement does not provide for, once it knows of it.")
	w.period(c.UseWithin, "It makes that report within %s.")
	switch {
	case c.Breach && c.BreachWithin.IsZero():
		w.say("After it discovers a breach of unsecured PHI, @BA notifies @CE without unreasonable delay and within the time that 45 CFR 164.410 sets.")
	case c.Breach:
		w.say("After it discovers a breach of unsecured PHI, @BA notifies @CE as 45 CFR 164.410 requires, without unreasonable delay and at the latest within %s.", c.BreachWithin)
	}
	w.when(c.BreachContent, "The notice names each affected individual as far as known, holds what else 45 CFR 164.410(c) asks for, and is supplemented as more becomes known: what happened and when, the kinds of PHI, what individuals should do, and what @BA does to investigate, to limit the harm and to prevent more.")
	switch c.Incidents {
	case SuccessfulOnly:
		w.say("@BA reports to @CE every successful security incident of which it becomes aware.")
	case Aggregate:
		w.say("@BA reports to @CE every security incident of which it becomes aware. Attempts without success, such as pings, port scans and refused log-ins, happen all the time; this sentence is the report of them, in the aggregate. Every other incident is reported individually.")
	case Each:
		w.say("@BA reports to @CE every security incident of which it becomes aware, attempted or successful, individually.")
	}
	w.period(c.IncidentWithin, "An incident that is reported individually is reported within %s.")
	w.when(c.IncidentContent, "That report describes the extent of the incident, the data it affected and what is done about it.")
}

// IncidentSupport is how the vendor helps after an incident.
type IncidentSupport struct {
	Cooperation    bool `json:"cooperation,omitempty" sense:"duty" about:"report_unauthorised_use_and_breach"`
	RiskAssessment bool `json:"risk_assessment,omitempty" sense:"duty" about:"report_unauthorised_use_and_breach"`
	Forensics      bool `json:"forensics,omitempty" sense:"duty" about:"report_security_incidents"`
	// Communication: nobody speaks to media or regulators out of turn.
	Communication bool `json:"communication,omitempty" binds:"both" sense:"duty" about:"report_security_incidents"`
	// Costs: the vendor bears the costs of notices that its breach causes.
	Costs bool `json:"costs,omitempty" sense:"duty" about:"indemnification"`
}

func (IncidentSupport) Kind() ClauseKind      { return "incident_support" }
func (c IncidentSupport) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c IncidentSupport) Heading() string     { return rowOf(c.Kind()).heading }
func (c IncidentSupport) Provides() []Element { return provides(c) }

func (c IncidentSupport) sentences(w *writer) {
	w.when(c.Cooperation, "@BA cooperates with the investigation of @CE and with its notices to individuals, the Secretary and the media.")
	w.when(c.RiskAssessment, "@BA gives @CE what it needs to assess the risk that PHI was compromised.")
	w.when(c.Forensics, "@BA preserves evidence and has the cause and the extent of an incident examined.")
	w.when(c.Communication, "The parties agree on statements to media and regulators before either makes them, unless the law gives no time.")
	w.when(c.Costs, "@BA bears the reasonable costs of notices that a breach on its side makes necessary.")
}

// IndividualRights supports the rights of 45 CFR 164.524, 164.526 and 164.528.
type IndividualRights struct {
	Access           bool          `json:"access,omitempty" sense:"duty" about:"access" element:"access"`
	AccessWithin     baakit.Period `json:"access_within,omitzero" sense:"within" about:"access"`
	Amendment        bool          `json:"amendment,omitempty" sense:"duty" about:"amendment" element:"amendment"`
	AmendmentWithin  baakit.Period `json:"amendment_within,omitzero" sense:"within" about:"amendment"`
	Accounting       bool          `json:"accounting,omitempty" sense:"duty" about:"accounting" element:"accounting"`
	AccountingWithin baakit.Period `json:"accounting_within,omitzero" sense:"within" about:"accounting"`
	// Forward: a request that reaches the vendor is passed on.
	Forward       bool          `json:"forward,omitempty" sense:"duty" about:"access amendment accounting"`
	ForwardWithin baakit.Period `json:"forward_within,omitzero" sense:"within" about:"access amendment accounting"`
	// DirectedOnly: the vendor answers an individual only if directed to.
	DirectedOnly bool `json:"directed_only,omitempty" sense:"duty" about:"access amendment accounting"`
}

func (IndividualRights) Kind() ClauseKind      { return "individual_rights" }
func (c IndividualRights) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c IndividualRights) Heading() string     { return rowOf(c.Kind()).heading }
func (c IndividualRights) Provides() []Element { return provides(c) }

func (c IndividualRights) sentences(w *writer) {
	w.when(c.Access, "@BA makes PHI in a designated record set available to @CE, or as directed to the individual, as 45 CFR 164.524 requires.")
	w.period(c.AccessWithin, "It does so within %s of the request.")
	w.when(c.Amendment, "@BA makes PHI in a designated record set available for amendment and incorporates amendments as 45 CFR 164.526 requires.")
	w.period(c.AmendmentWithin, "It carries an amendment out within %s of the request.")
	w.when(c.Accounting, "@BA records disclosures of PHI and makes available what an accounting under 45 CFR 164.528 needs.")
	w.period(c.AccountingWithin, "It delivers that information within %s of the request.")
	w.when(c.Forward, "A request of an individual that reaches @BA is passed on to @CE.")
	w.period(c.ForwardWithin, "It is passed on within %s.")
	w.when(c.DirectedOnly, "@BA does not answer an individual itself unless @CE directs it to in writing.")
}

// CoveredEntityDuties are what the customer does.
type CoveredEntityDuties struct {
	ProvidesNotice      bool `json:"provides_notice,omitempty" binds:"ce" sense:"duty" about:"ce_obligations"`
	NoticeLimits        bool `json:"notice_limits,omitempty" binds:"ce" sense:"duty" about:"ce_obligations" element:"ce.npp_limits"`
	PermissionChanges   bool `json:"permission_changes,omitempty" binds:"ce" sense:"duty" about:"ce_obligations" element:"ce.permission_changes"`
	Restrictions        bool `json:"restrictions,omitempty" binds:"ce" sense:"duty" about:"ce_obligations" element:"ce.restrictions"`
	PermissibleRequests bool `json:"permissible_requests,omitempty" binds:"ce" sense:"duty" about:"ce_obligations" element:"ce.permissible_requests"`
	// Configuration is what the customer itself must set up, each item in
	// words: "keeps a valid TLS certificate on its own domain".
	Configuration []string `json:"configuration,omitempty" binds:"ce" sense:"words" about:"encryption_specified" validate:"max=100,dive,required,line"`
}

func (CoveredEntityDuties) Kind() ClauseKind      { return "covered_entity_duties" }
func (c CoveredEntityDuties) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c CoveredEntityDuties) Heading() string     { return rowOf(c.Kind()).heading }
func (c CoveredEntityDuties) Provides() []Element { return provides(c) }

func (c CoveredEntityDuties) sentences(w *writer) {
	w.when(c.ProvidesNotice, "@CE gives individuals its notice of privacy practices as 45 CFR 164.520 requires.")
	w.when(c.NoticeLimits, "@CE tells @BA of limits in its notice of privacy practices that affect what @BA does with PHI.")
	w.when(c.PermissionChanges, "@CE tells @BA when an individual changes or withdraws a permission and this affects what @BA does with PHI.")
	w.when(c.Restrictions, "@CE tells @BA of restrictions under 45 CFR 164.522 that affect what @BA does with PHI.")
	w.when(c.PermissibleRequests, "@CE does not ask @BA to do with PHI what subpart E of 45 CFR part 164 would not let @CE do, except for data aggregation and the management, administration and legal responsibilities of @BA where this agreement grants them.")
	if len(c.Configuration) > 0 {
		w.say("On its own side @CE:")
	}
	for _, d := range c.Configuration {
		w.item("%s", d)
	}
}

// DataRetention says how long PHI is kept while the agreement runs.
type DataRetention struct {
	// CustomerSchedule: the customer's retention requirements are followed.
	CustomerSchedule bool          `json:"covered_entity_schedule,omitempty" sense:"duty" about:"policy"`
	Backups          baakit.Period `json:"backups_at_most,omitzero" sense:"within" about:"policy"`
}

func (DataRetention) Kind() ClauseKind      { return "data_retention" }
func (c DataRetention) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c DataRetention) Heading() string     { return rowOf(c.Kind()).heading }
func (c DataRetention) Provides() []Element { return provides(c) }

func (c DataRetention) sentences(w *writer) {
	w.when(c.CustomerSchedule, "While this agreement runs @BA keeps and deletes PHI by the retention requirements that @CE gives it.")
	w.period(c.Backups, "Deleted PHI leaves the backups within %s.")
}

// An Offshore says whether PHI may leave the United States. The zero Offshore
// is that the agreement does not say.
type Offshore string

// The choices.
const (
	OffshoreProhibited Offshore = "prohibited"
	OffshoreOnApproval Offshore = "on_approval"
	OffshorePermitted  Offshore = "permitted"
)

func (o Offshore) rank() int {
	return map[Offshore]int{OffshoreProhibited: 2, OffshoreOnApproval: 1}[o]
}

// DataLocation says where PHI may be.
type DataLocation struct {
	Offshore Offshore `json:"offshore,omitempty" sense:"ranked" about:"offshore_restriction" validate:"omitempty,oneof=prohibited on_approval permitted"`
	// Regions narrow it further, each in words.
	Regions []string `json:"regions,omitempty" sense:"words" about:"offshore_restriction" validate:"max=100,dive,required,line"`
	// Access: remote access counts like storage.
	Access bool `json:"remote_access_counts,omitempty" sense:"duty" about:"offshore_restriction"`
}

func (DataLocation) Kind() ClauseKind      { return "data_location" }
func (c DataLocation) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c DataLocation) Heading() string     { return rowOf(c.Kind()).heading }
func (c DataLocation) Provides() []Element { return provides(c) }

func (c DataLocation) sentences(w *writer) {
	switch c.Offshore {
	case OffshoreProhibited:
		w.say("PHI stays in the United States.")
	case OffshoreOnApproval:
		w.say("PHI leaves the United States only after @CE has agreed in writing.")
	case OffshorePermitted:
		w.say("PHI may be kept outside the United States.")
	}
	if len(c.Regions) > 0 {
		w.say("Within that, PHI is kept in these places only:")
	}
	for _, r := range c.Regions {
		w.item("%s", r)
	}
	w.when(c.Access, "Access from a place counts as keeping PHI there.")
}
