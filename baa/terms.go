package baa

import "github.com/baakit/baakit"

// Terms are the terms of a version that others live by, as flat values read
// from its clauses: a report clock for package breach, a notice for package
// subprocessor. They are derived and never stored; a zero Period, Date or
// Jurisdiction was not agreed.
type Terms struct {
	BreachReport          baakit.Period `json:"breach_report,omitzero"`
	UnauthorizedUseReport baakit.Period `json:"unauthorized_use_report,omitzero"`
	IncidentReport        baakit.Period `json:"incident_report,omitzero"`
	ContingencyNotice     baakit.Period `json:"contingency_notice,omitzero"`

	// Access, Amendment and Accounting are how soon the vendor supplies what
	// the customer needs; Forward how soon it passes a request on.
	// DirectedOnly: it answers individuals only if directed in writing.
	Access       baakit.Period `json:"access,omitzero"`
	Amendment    baakit.Period `json:"amendment,omitzero"`
	Accounting   baakit.Period `json:"accounting,omitzero"`
	Forward      baakit.Period `json:"forward,omitzero"`
	DirectedOnly bool          `json:"directed_only,omitempty"`

	SubcontractorNotice baakit.Period `json:"subcontractor_notice,omitzero"`
	Objection           baakit.Period `json:"objection,omitzero"`
	Subcontractors      []string      `json:"subcontractors,omitempty"`

	Ends               baakit.Date   `json:"ends,omitzero"`
	Coterminous        bool          `json:"coterminous,omitempty"`
	Cure               baakit.Period `json:"cure,omitzero"`
	TerminationNotice  baakit.Period `json:"termination_notice,omitzero"`
	AmendmentNotice    baakit.Period `json:"amendment_notice,omitzero"`
	ReturnWithin       baakit.Period `json:"return_within,omitzero"`
	ReportIfInfeasible bool          `json:"report_if_infeasible,omitempty"`
	Survives           []string      `json:"survives,omitempty"`

	Offshore     Offshore            `json:"offshore,omitempty"`
	GoverningLaw baakit.Jurisdiction `json:"governing_law,omitzero"`
	Precedence   Precedence          `json:"precedence,omitempty"`
}

func termsOf(d Draft) Terms {
	var t Terms
	for _, c := range d.Clauses {
		switch c := c.(type) {
		case Reporting:
			t.BreachReport, t.UnauthorizedUseReport, t.IncidentReport = c.BreachWithin, c.UseWithin, c.IncidentWithin
		case AdministrativeSafeguards:
			t.ContingencyNotice = c.ContingencyNotice
		case IndividualRights:
			t.Access, t.Amendment, t.Accounting = c.AccessWithin, c.AmendmentWithin, c.AccountingWithin
			t.Forward, t.DirectedOnly = c.ForwardWithin, c.DirectedOnly
		case Subcontractors:
			t.SubcontractorNotice, t.Objection = c.ChangeNotice, c.Objection
			t.Subcontractors = append(t.Subcontractors, c.Listed...)
		case Duration:
			t.Ends, t.Coterminous = c.Ends, c.WithUnderlying
		case Termination:
			t.Cure, t.TerminationNotice, t.ReportIfInfeasible = c.Cure, c.Notice, c.ReportToSecretary
		case RegulatoryChange:
			t.AmendmentNotice = c.AmendmentNotice
		case ReturnOrDestroy:
			t.ReturnWithin = c.Within
		case Survival:
			for _, id := range c.Clauses {
				t.Survives = append(t.Survives, string(id))
			}
		case DataLocation:
			t.Offshore = c.Offshore
		case GoverningLaw:
			t.GoverningLaw = c.Of
		case Interpretation:
			t.Precedence = c.Precedence
		}
	}
	return t
}
