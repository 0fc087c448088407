package baa

// Definitions says what the words mean. The terms of the HIPAA Rules have the
// meaning that they have there.
type Definitions struct {
	// HIPAARules: "HIPAA Rules" means 45 CFR parts 160 and 164.
	HIPAARules bool `json:"hipaa_rules,omitempty" binds:"both" sense:"commercial"`
	// LimitedPHI: PHI means what the vendor has from or for the customer.
	LimitedPHI bool `json:"limited_phi,omitempty" binds:"both" sense:"commercial"`
	// RegulatoryTerms: other capitalised terms are those of the HIPAA Rules.
	RegulatoryTerms bool         `json:"regulatory_terms,omitempty" binds:"both" sense:"commercial"`
	Others          []Definition `json:"others,omitempty" binds:"both" sense:"words" validate:"max=100,dive"`
}

// A Definition is a term and what it means.
type Definition struct {
	Term  string `json:"term" validate:"required,line"`
	Means string `json:"means" validate:"required,line"`
}

func (Definitions) Kind() ClauseKind      { return "definitions" }
func (c Definitions) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Definitions) Heading() string     { return rowOf(c.Kind()).heading }
func (c Definitions) Provides() []Element { return provides(c) }

func (c Definitions) sentences(w *writer) {
	w.when(c.HIPAARules, `"HIPAA Rules" stands for the privacy, security, breach notification and enforcement rules in 45 CFR parts 160 and 164, in the text that is in force at the time.`)
	w.when(c.LimitedPHI, `"PHI" is protected health information as 45 CFR 160.103 defines it, as far as @BA creates, receives, maintains or transmits it for @CE under this agreement; "electronic PHI" is the part of it that is in electronic media.`)
	w.when(c.RegulatoryTerms, `Breach, individual, required by law, Secretary, security incident, subcontractor, unsecured PHI and every other term that the HIPAA Rules define have the meaning given there.`)
	for _, d := range c.Others {
		w.item(`"%s": %s`, d.Term, d.Means)
	}
}

// A Basis says how the agreement states the permitted uses. The zero Basis is
// that it does not.
type Basis string

// The bases.
const (
	ForServices Basis = "services" // as needed for the services of the underlying agreement
	Listed      Basis = "listed"   // the purposes that are listed
)

func (b Basis) rank() int { return map[Basis]int{"": 0, ForServices: 1, Listed: 1}[b] }

// A Deidentification says for whom PHI may be de-identified. The zero value is
// that the agreement grants no such use.
type Deidentification string

// The grants of de-identification.
const (
	DeidentifyForCustomer Deidentification = "for_covered_entity"
	DeidentifyForOwnUse   Deidentification = "own_purposes"
)

func (d Deidentification) rank() int {
	return map[Deidentification]int{"": 2, DeidentifyForCustomer: 1}[d]
}

// A Stance is what the agreement says about a use that the vendor might want.
// The zero Stance is that it says nothing.
type Stance string

// The stances.
const (
	Prohibited Stance = "prohibited"
	Permitted  Stance = "permitted"
)

func (s Stance) rank() int { return map[Stance]int{Prohibited: 2, "": 1}[s] }

// PermittedUses says what the vendor may do with PHI: 45 CFR
// 164.504(e)(2)(i), (e)(4).
type PermittedUses struct {
	Basis    Basis    `json:"basis,omitempty" sense:"ranked" about:"permitted_uses" validate:"omitempty,oneof=services listed"`
	Purposes []string `json:"purposes,omitempty" sense:"grant" about:"permitted_uses" validate:"max=100,dive,required,line"`
	// NoGreaterThanCustomer: nothing that the customer itself could not do.
	NoGreaterThanCustomer bool `json:"no_greater_than_covered_entity,omitempty" sense:"duty" about:"permitted_uses"`
	RequiredByLaw         bool `json:"required_by_law,omitempty" sense:"grant" about:"permitted_uses" element:"required_by_law"`

	Management           bool `json:"management,omitempty" sense:"grant" about:"permitted_uses mgmt_admin_uses" element:"mgmt_admin.use"`
	LegalDuties          bool `json:"legal_responsibilities,omitempty" sense:"grant" about:"permitted_uses mgmt_admin_uses" element:"legal_responsibilities.use"`
	ManagementDisclosure bool `json:"management_disclosure,omitempty" sense:"grant" about:"permitted_uses mgmt_admin_uses" element:"mgmt_admin.disclose"`
	Assurances           bool `json:"reasonable_assurances,omitempty" sense:"duty" about:"mgmt_admin_uses" element:"mgmt_admin.disclose.assurances"`
	RecipientNotifies    bool `json:"recipient_notifies,omitempty" sense:"duty" about:"mgmt_admin_uses" element:"mgmt_admin.disclose.notify"`

	Aggregation      bool             `json:"data_aggregation,omitempty" sense:"grant" about:"permitted_uses data_aggregation" element:"data_aggregation"`
	Deidentification Deidentification `json:"deidentification,omitempty" sense:"ranked" about:"permitted_uses deidentification_right" validate:"omitempty,oneof=for_covered_entity own_purposes"`

	ModelTraining      Stance `json:"model_training,omitempty" sense:"ranked" about:"permitted_uses" validate:"omitempty,oneof=prohibited permitted"`
	Marketing          Stance `json:"marketing,omitempty" sense:"ranked" about:"no_sale_marketing" validate:"omitempty,oneof=prohibited permitted"`
	Sale               Stance `json:"sale,omitempty" sense:"ranked" about:"no_sale_marketing" validate:"omitempty,oneof=prohibited permitted"`
	ProductDevelopment Stance `json:"product_development,omitempty" sense:"ranked" about:"permitted_uses" validate:"omitempty,oneof=prohibited permitted"`
	Analytics          Stance `json:"analytics,omitempty" sense:"ranked" about:"permitted_uses" validate:"omitempty,oneof=prohibited permitted"`
}

func (PermittedUses) Kind() ClauseKind  { return "permitted_uses" }
func (c PermittedUses) ID() ClauseID    { return ClauseID(c.Kind()) }
func (c PermittedUses) Heading() string { return rowOf(c.Kind()).heading }

func (c PermittedUses) Provides() []Element {
	list := provides(c)
	if c.established() {
		list = append(list, "uses.established")
	}
	if c.NoGreaterThanCustomer && !c.overreaches() {
		list = append(list, "uses.no_greater_than_ce")
	}
	if c.Deidentification != "" {
		list = append(list, "deidentify")
	}
	return inTableOrder(list)
}

func (c PermittedUses) established() bool {
	return c.Basis == ForServices || c.Basis == Listed && len(c.Purposes) > 0
}

// overreaches reports whether the clause permits a use for the vendor's own
// ends that is neither management nor data aggregation.
func (c PermittedUses) overreaches() bool {
	for _, s := range []Stance{c.ModelTraining, c.Marketing, c.Sale, c.ProductDevelopment, c.Analytics} {
		if s == Permitted {
			return true
		}
	}
	return false
}

func (c PermittedUses) sentences(w *writer) {
	switch {
	case c.Basis == Listed:
		w.say("@BA may use and disclose PHI for these purposes and for no others unless this agreement says so:")
	case c.Basis == ForServices:
		w.say("@BA may use and disclose PHI as far as the services that it performs for @CE need it, and for nothing else unless this agreement says so.")
	}
	for _, p := range c.Purposes {
		w.item("%s", p)
	}
	w.when(c.RequiredByLaw, "@BA may use and disclose PHI as the law requires.")
	w.when(c.Management, "@BA may use PHI for its own proper management and administration.")
	w.when(c.LegalDuties, "@BA may use PHI to carry out its legal responsibilities.")
	w.when(c.ManagementDisclosure, "For the same ends @BA may disclose PHI where the law requires the disclosure, or on the conditions that this section states.")
	w.when(c.Assurances, "Before a disclosure for those ends that the law does not require, the recipient gives reasonable assurances that the PHI stays confidential and is used or passed on only as the law requires or for the purpose it was given for.")
	w.when(c.RecipientNotifies, "The recipient of such a disclosure agrees to tell @BA of every case that comes to its knowledge in which that confidentiality was broken.")
	w.when(c.Aggregation, "@BA may combine PHI of @CE with that of others to provide data aggregation for the health care operations of @CE.")
	switch c.Deidentification {
	case DeidentifyForCustomer:
		w.say("@BA may de-identify PHI as 45 CFR 164.514(a) to (c) lays down, on behalf of @CE and for its use only.")
	case DeidentifyForOwnUse:
		w.say("@BA may de-identify PHI as 45 CFR 164.514(a) to (c) lays down, and may use what is then no longer PHI for purposes of its own.")
	}
	for _, s := range []struct {
		stance Stance
		does   string
	}{
		{c.ModelTraining, "use PHI to train models of machine learning or artificial intelligence that serve others than @CE"},
		{c.Marketing, "use or disclose PHI for marketing"},
		{c.Sale, "sell PHI"},
		{c.ProductDevelopment, "use PHI to develop products"},
		{c.Analytics, "use PHI for analytics of its own"},
	} {
		switch s.stance {
		case Prohibited:
			w.say("@BA will not " + s.does + ".")
		case Permitted:
			w.say("@BA may " + s.does + ".")
		}
	}
	w.when(c.NoGreaterThanCustomer, "Apart from management, administration, legal responsibilities and data aggregation as far as this section grants them, @BA does nothing with PHI that would break subpart E of 45 CFR part 164 if @CE did it.")
}

// NoOtherUse is the covenant to use PHI only as agreed or required by law: 45
// CFR 164.504(e)(2)(ii)(A).
type NoOtherUse struct{}

func (NoOtherUse) Kind() ClauseKind      { return "no_other_use" }
func (c NoOtherUse) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c NoOtherUse) Heading() string     { return rowOf(c.Kind()).heading }
func (c NoOtherUse) Provides() []Element { return provides(c) }

func (NoOtherUse) sentences(w *writer) {
	w.say("@BA neither uses nor further discloses PHI in a way that this agreement does not permit or require, unless the law requires it.")
}

// MinimumNecessary limits uses, disclosures and requests: 45 CFR 164.502(b).
type MinimumNecessary struct {
	// CustomerPolicies: the customer's own policies are followed.
	CustomerPolicies bool `json:"covered_entity_policies,omitempty" sense:"duty" about:"minimum_necessary"`
	// NeedToKnow: only personnel that needs it has access.
	NeedToKnow bool `json:"need_to_know,omitempty" sense:"duty" about:"minimum_necessary"`
}

func (MinimumNecessary) Kind() ClauseKind      { return "minimum_necessary" }
func (c MinimumNecessary) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c MinimumNecessary) Heading() string     { return rowOf(c.Kind()).heading }
func (c MinimumNecessary) Provides() []Element { return provides(c) }

func (c MinimumNecessary) sentences(w *writer) {
	w.say("@BA limits its uses, disclosures and requests of PHI to the least that their purpose needs.")
	w.when(c.CustomerPolicies, "In doing so it follows the minimum necessary policies that @CE gives it.")
	w.when(c.NeedToKnow, "Only people of @BA whose work needs PHI have access to it, and only to what their work needs.")
}

// Mitigation is the duty to limit harm.
type Mitigation struct{}

func (Mitigation) Kind() ClauseKind      { return "mitigation" }
func (c Mitigation) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c Mitigation) Heading() string     { return rowOf(c.Kind()).heading }
func (c Mitigation) Provides() []Element { return provides(c) }

func (Mitigation) sentences(w *writer) {
	w.say("Where @BA learns that PHI was used or disclosed against this agreement, it limits the harmful effects as far as it practicably can.")
}

// DelegatedObligations says which duties of the customer under the Privacy
// Rule the vendor carries out, if any: 45 CFR 164.504(e)(2)(ii)(H).
type DelegatedObligations struct {
	// NoneDelegated: the parties agree that there are none; then the covenant
	// to comply in carrying them out is not needed.
	NoneDelegated bool `json:"none_delegated,omitempty" binds:"both" sense:"commercial" about:"carry_out_ce_obligations"`
	// Comply: to the extent that it carries one out, the vendor complies.
	Comply bool `json:"comply,omitempty" sense:"duty" about:"carry_out_ce_obligations" element:"delegated_obligations"`
	// Obligations are those that are delegated.
	Obligations []string `json:"obligations,omitempty" sense:"duty" about:"carry_out_ce_obligations" validate:"max=100,dive,required,line"`
}

func (DelegatedObligations) Kind() ClauseKind  { return "delegated_obligations" }
func (c DelegatedObligations) ID() ClauseID    { return ClauseID(c.Kind()) }
func (c DelegatedObligations) Heading() string { return rowOf(c.Kind()).heading }

// Provides returns nothing for a clause that says that none are delegated and
// lists some.
func (c DelegatedObligations) Provides() []Element {
	if c.NoneDelegated && len(c.Obligations) > 0 {
		return nil
	}
	return provides(c)
}

func (c DelegatedObligations) sentences(w *writer) {
	w.when(c.NoneDelegated, "@CE delegates none of its obligations under subpart E of 45 CFR part 164 to @BA.")
	w.when(c.Comply, "As far as @BA carries out an obligation that subpart E of 45 CFR part 164 puts on @CE, it meets the requirements that bind @CE in carrying it out.")
	if len(c.Obligations) > 0 {
		w.say("These obligations are delegated:")
	}
	for _, o := range c.Obligations {
		w.item("%s", o)
	}
}

// BooksAndRecords opens the vendor's records to the Secretary: 45 CFR
// 164.504(e)(2)(ii)(I).
type BooksAndRecords struct {
	ToSecretary bool `json:"to_secretary,omitempty" sense:"duty" about:"books_to_secretary" element:"books_records"`
	// ToCustomer: the customer may see them too.
	ToCustomer bool `json:"to_covered_entity,omitempty" sense:"duty" about:"audit_rights"`
}

func (BooksAndRecords) Kind() ClauseKind      { return "books_and_records" }
func (c BooksAndRecords) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c BooksAndRecords) Heading() string     { return rowOf(c.Kind()).heading }
func (c BooksAndRecords) Provides() []Element { return provides(c) }

func (c BooksAndRecords) sentences(w *writer) {
	w.when(c.ToSecretary, "@BA opens its internal practices, books and records on the use and disclosure of PHI to the Secretary, so that compliance with the HIPAA Rules can be determined.")
	w.when(c.ToCustomer, "@CE may see the same practices, books and records on request.")
}

// LimitedDataSet holds what a data use agreement says beyond the covenants
// that it shares with the others: 45 CFR 164.514(e)(4)(ii).
type LimitedDataSet struct {
	// Recipients are who may use or receive the limited data set.
	Recipients []string `json:"recipients,omitempty" sense:"grant" about:"permitted_uses" validate:"max=100,dive,required,line"`
	// NoIdentification: nobody is identified or contacted.
	NoIdentification bool `json:"no_identification,omitempty" sense:"duty" about:"permitted_uses"`
}

func (LimitedDataSet) Kind() ClauseKind      { return "limited_data_set" }
func (c LimitedDataSet) ID() ClauseID        { return ClauseID(c.Kind()) }
func (c LimitedDataSet) Heading() string     { return rowOf(c.Kind()).heading }
func (c LimitedDataSet) Provides() []Element { return provides(c) }

func (c LimitedDataSet) sentences(w *writer) {
	if len(c.Recipients) > 0 {
		w.say("The limited data set may be used or received by:")
	}
	for _, r := range c.Recipients {
		w.item("%s", r)
	}
	w.when(c.NoIdentification, "@BA does not identify the individuals whose information is in the limited data set and does not contact them.")
}
