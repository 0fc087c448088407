package main

import (
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
	"github.com/baakit/baakit/subprocessor"
)

const registrySchema = "baakit.lifecycle.registry/1"

// A registryFile is registry.json: who else there is, what their contracts
// say, and which of the engagements plays which part. The vendor, the customer
// and the contract between them come from the agreement; their ids here are
// vendor and customer.
type registryFile struct {
	Schema      string                    `json:"schema"`
	Entities    []subprocessor.Entity     `json:"entities"`
	Contracts   []subprocessor.Contract   `json:"contracts"`
	Engagements []subprocessor.Engagement `json:"engagements"`

	Engaged    string `json:"engaged"`     // at first
	ReplacedBy string `json:"replaced_by"` // in the change with notice
	Emergency  string `json:"emergency"`   // in the emergency
	Bounces    string `json:"bounces"`     // the customer whose first notice comes back

	// AgreedEmergency is what the vendor and the customer of the agreement
	// agreed on beside it for emergencies.
	AgreedEmergency subprocessor.EmergencyTerms `json:"agreed_emergency"`
}

func readRegistry(c *caseFile, errs *baakit.FieldErrors) *registryFile {
	var f registryFile
	if err := strictjson.Decode(c.files[registryJSON], &f); err != nil {
		errs.Merge("", err)
		return nil
	}
	if f.Schema != registrySchema {
		errs.Add("schema", "must be "+registrySchema)
	}
	for _, p := range []struct{ field, id string }{{"engaged", f.Engaged}, {"replaced_by", f.ReplacedBy}, {"emergency", f.Emergency}} {
		if _, ok := f.engagement(p.id); !ok {
			errs.Add(p.field, "must be the id of an engagement")
		}
	}
	if f.Engaged == f.ReplacedBy || f.ReplacedBy == f.Emergency || f.Engaged == f.Emergency {
		errs.Add("replaced_by", "must not be an engagement that plays another part")
	}
	if f.AgreedEmergency.NoticeWithin.IsZero() || f.AgreedEmergency.NoticeWithin.Unit() == baakit.Hours {
		errs.Add("agreed_emergency.notice_within", "must be in days, business days, months or years")
	}
	if !slices.Contains(f.customers()[1:], f.Bounces) {
		errs.Add("bounces", "must be the id of a covered entity of this file")
	}
	return &f
}

func (f *registryFile) engagement(id string) (subprocessor.Engagement, bool) {
	i := slices.IndexFunc(f.Engagements, func(e subprocessor.Engagement) bool { return e.ID == id })
	if i < 0 {
		return subprocessor.Engagement{}, false
	}
	return f.Engagements[i], true
}

// customers are the ids of the customers, that of the agreement first.
func (f *registryFile) customers() []string {
	list := []string{"customer"}
	for _, e := range f.Entities {
		if e.Role == subprocessor.CoveredEntity {
			list = append(list, e.ID)
		}
	}
	return list
}

// nameOf returns the legal name behind an id.
func (f *registryFile) nameOf(c *caseFile, id string) string {
	if id == "customer" {
		return c.customer.LegalName
	}
	for _, e := range f.Entities {
		if e.ID == id {
			return e.LegalName
		}
	}
	return id
}

// workerOf returns the legal name of who works under an engagement.
func (f *registryFile) workerOf(c *caseFile, engagement string) string {
	e, _ := f.engagement(engagement)
	return f.nameOf(c, e.Entity)
}

// founding returns the events that set the registry up, in the order of their
// days.
func (f *registryFile) founding(c *caseFile) []subprocessor.Event {
	first := c.effective()
	agreed := subprocessor.Contract{
		ID: "customer-vendor", Upstream: "customer", Downstream: "vendor", Kind: subprocessor.BAA, Signed: c.effective(), Effective: c.effective(),
		Terms: subprocessor.Terms{BreachReport: c.terms.BreachReport, ReturnDestroy: c.terms.ReturnWithin},
		Notice: &subprocessor.NoticeTerms{
			Window: c.terms.SubcontractorNotice, Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence,
			Emergency: &f.AgreedEmergency,
		},
	}
	if c.terms.Cure.Unit() != baakit.Hours {
		agreed.Notice.Cure = c.terms.Cure
	}
	contracts := append(slices.Clone(f.Contracts), agreed)
	slices.SortStableFunc(contracts, func(a, b subprocessor.Contract) int { return a.Signed.Compare(b.Signed) })
	if len(contracts) > 0 && contracts[0].Signed.Before(first) {
		first = contracts[0].Signed
	}
	var events []subprocessor.Event
	add := func(on baakit.Date, e subprocessor.Event) {
		e.At = noon(c, on)
		events = append(events, e)
	}
	for _, e := range append([]subprocessor.Entity{
		{ID: "customer", LegalName: c.customer.LegalName, Role: subprocessor.CoveredEntity, Contact: c.customer.NoticeEmail},
		{ID: "vendor", LegalName: c.vendor.LegalName, Role: subprocessor.BusinessAssociate, Contact: c.vendor.NoticeEmail},
	}, f.Entities...) {
		add(first, subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &e})
	}
	for _, k := range contracts {
		add(k.Signed, subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &k})
		for _, e := range f.Engagements {
			if k.Upstream != "vendor" || k.Downstream != e.Entity {
				continue
			}
			add(k.Signed, subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e})
			add(k.Signed, subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: e.ID})
			add(k.Signed, subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: e.ID})
		}
	}
	last := contracts[len(contracts)-1].Signed
	add(last, subprocessor.Event{Kind: subprocessor.EngagementActivated, Subject: f.Engaged})
	return events
}

func noon(c *caseFile, d baakit.Date) time.Time { return c.at(d, 12) }
