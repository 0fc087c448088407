package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

// farewell tells how the PHI of the agreement goes: a hold blocks one class
// of records, backups age out, a subcontractor attests late, an interim and a
// final certificate are issued, and the agreement's own years begin.
type farewell struct {
	ExportOffered   baakit.Date   `json:"export_offered"`
	HoldPlaced      baakit.Date   `json:"hold_placed"`
	Erased          baakit.Date   `json:"erased"`
	Interim         baakit.Date   `json:"interim"`
	AttestBy        baakit.Date   `json:"attest_by"`
	Attested        baakit.Date   `json:"attested"`
	HoldLifted      baakit.Date   `json:"hold_lifted"`
	BackupRetention baakit.Period `json:"backup_retention"`
	Matter          string        `json:"matter"`

	s      *stage
	d      *retention.Disposition
	events []retention.Event
	burnt  []string // the copies that were destroyed
}

const retentionChain = "org/retention"

func (*farewell) name() string  { return "retention" }
func (*farewell) title() string { return "What is kept, what goes, and the proof" }
func (*farewell) input() string { return caseJSON }

func (f *farewell) prepare(c *caseFile, wrong problems) {
	errs := wrong.of(caseJSON)
	if !c.section(f.name(), f, wrong) {
		errs.Add("acts.retention", "is required")
		return
	}
	if len(*errs) > 0 {
		return
	}
	last := baakit.Date{}
	for _, d := range []struct {
		field string
		date  baakit.Date
	}{
		{"export_offered", f.ExportOffered},
		{"", c.Terminated},
		{"hold_placed", f.HoldPlaced},
		{"erased", f.Erased},
		{"interim", f.Interim},
		{"attested", f.Attested},
		{"hold_lifted", f.HoldLifted},
	} {
		switch {
		case d.field == "" && d.date.Before(last):
			errs.Add("terminated", "must not be before acts.retention.export_offered")
		case d.date.IsZero() || d.date.Before(last):
			errs.Add("acts.retention."+d.field, "must be a day, in the order of the story")
		}
		last = d.date
	}
	if f.AttestBy.IsZero() {
		errs.Add("acts.retention.attest_by", "is required")
	}
	if f.Matter == "" {
		errs.Add("acts.retention.matter", "is required")
	}
	if f.BackupRetention.Unit() != baakit.Days {
		errs.Add("acts.retention.backup_retention", "must be in days")
	}
}

func (f *farewell) play(ctx context.Context, s *stage) error {
	f.s, f.events, f.burnt = s, nil, nil
	due, err := recall[baakit.Period](s, "opening.return_or_destroy")
	if err != nil {
		return err
	}
	ended, err := recall[baakit.Date](s, "opening.terminated")
	if err != nil {
		return err
	}
	f.d = &retention.Disposition{Agreement: "agreement-1", Clause: "return or destroy", Due: due, Zone: s.c.Zone.Location}
	steps := []func(context.Context, baakit.Date) error{f.end, f.hold, f.erase, f.proofs, f.own}
	for _, step := range steps {
		if err := step(ctx, ended); err != nil {
			return err
		}
	}
	return nil
}

// do records an event at noon of a day, a second after the one before it.
func (f *farewell) do(ctx context.Context, day baakit.Date, by string, e retention.Event) error {
	start, _ := day.In(f.s.c.Zone.Location)
	e.At, e.By = start.Add(12*time.Hour+time.Duration(len(f.events))*time.Second).UTC(), by
	e.Recorded = e.At
	logged, err := record(ctx, f.s, e.At, retentionChain, "retention."+string(e.Kind), func() (retention.Event, error) { return f.d.Record(f.events, e) })
	if err != nil {
		return fmt.Errorf("%s: %w", e.Kind, err)
	}
	f.events = append(f.events, logged)
	return nil
}

// all records some events of one day and person.
func (f *farewell) all(ctx context.Context, day baakit.Date, by string, events ...retention.Event) error {
	for _, e := range events {
		if err := f.do(ctx, day, by, e); err != nil {
			return err
		}
	}
	return nil
}

func (f *farewell) state(day baakit.Date) retention.State {
	_, end := day.In(f.s.c.Zone.Location)
	at := end.Add(-time.Second).UTC()
	return f.d.StateAt(f.events, at, at)
}

func (f *farewell) end(ctx context.Context, ended baakit.Date) error {
	const format = "FHIR R4 Bulk Data NDJSON"
	export, err := f.s.c.export()
	if err != nil {
		return err
	}
	if err := f.s.write(handoverFolder+"/export.ndjson", export); err != nil {
		return err
	}
	sum := sha256.Sum256(export)
	if err := f.all(ctx, f.ExportOffered, "vendor", retention.Event{Kind: retention.Terminating}, retention.Event{Kind: retention.ExportOffered, Format: format}); err != nil {
		return err
	}
	if err := f.do(ctx, f.ExportOffered, "customer", retention.Event{Kind: retention.ExportTaken, Format: format, Hash: hex.EncodeToString(sum[:])}); err != nil {
		return err
	}
	if err := f.do(ctx, ended, "vendor", retention.Event{Kind: retention.Ended}); err != nil {
		return err
	}
	assets, err := f.inventory()
	if err != nil {
		return err
	}
	for _, a := range assets {
		if err := f.do(ctx, ended, "vendor", retention.Event{Kind: retention.Inventoried, Asset: a.ID, New: &a}); err != nil {
			return err
		}
	}
	if err := f.do(ctx, ended, "vendor", retention.Event{Kind: retention.InventoryClosed}); err != nil {
		return err
	}
	if err := f.do(ctx, ended, "customer", retention.Event{Kind: retention.Elected, Election: retention.ElectDestroy}); err != nil {
		return err
	}
	state := f.state(ended)
	f.s.moment(f.ExportOffered, "The customer takes back an export of its records")
	f.s.tell("Return: on %s the customer takes an export in %s (handed-over/export.ndjson), whose hash it confirms. Then it elects to have everything destroyed. The agreement ended on %s: return or destroy by %s. The inventory has %d places: two stores, an index and backups, each a file in the folder custody, and a subcontractor.",
		f.ExportOffered, format, ended, state.DueOn, len(state.Assets))
	f.s.cite(baakit.MustParseCitation("45 CFR 164.504(e)(2)(ii)(J)"))
	f.s.fact("due", state.DueOn)
	return nil
}

func (f *farewell) hold(ctx context.Context, _ baakit.Date) error {
	return f.do(ctx, f.HoldPlaced, "general counsel", retention.Event{Kind: retention.HoldPlaced, Matter: f.Matter, Assets: []string{"billing"}})
}

// gone takes an asset through both steps and the permit, then erases it.
func (f *farewell) gone(ctx context.Context, day baakit.Date, asset string, technique retention.Technique) error {
	epoch, err := f.permit(ctx, day, asset)
	if err != nil {
		return err
	}
	if err := f.destroyed(ctx, day, asset); err != nil {
		return err
	}
	if err := f.do(ctx, day, "operations", retention.Event{Kind: retention.Erased, Asset: asset, Technique: technique, Tool: "erase 3.2", Epoch: epoch}); err != nil {
		return err
	}
	return f.do(ctx, day, "privacy officer", retention.Event{Kind: retention.Verified, Asset: asset})
}

func (f *farewell) permit(ctx context.Context, day baakit.Date, asset string) (epoch int, err error) {
	for _, step := range []struct {
		kind retention.EventKind
		by   string
	}{{retention.Proposed, "records manager"}, {retention.Approved, "privacy officer"}, {retention.Permitted, "records manager"}} {
		if err := f.do(ctx, day, step.by, retention.Event{Kind: step.kind, Asset: asset}); err != nil {
			return 0, err
		}
	}
	return f.events[len(f.events)-1].Epoch, nil
}

func (f *farewell) erase(ctx context.Context, _ baakit.Date) error {
	if err := f.gone(ctx, f.Erased, "charts", "logical_delete"); err != nil {
		return err
	}
	if err := f.gone(ctx, f.Erased, "search", "rebuild"); err != nil {
		return err
	}
	state := f.state(f.Erased)
	for _, a := range state.Assets {
		if a.ID != "billing" {
			continue
		}
		start, _ := f.Erased.In(f.s.c.Zone.Location)
		_, err := f.d.Record(f.events, retention.Event{Kind: retention.Proposed, Asset: a.ID, By: "records manager", At: start.Add(23 * time.Hour), Recorded: start.Add(23 * time.Hour)})
		if err == nil {
			return fmt.Errorf("the hold %s did not block the billing records", f.Matter)
		}
		f.s.moment(f.HoldPlaced, "A legal hold is placed on the billing records")
		f.s.moment(f.Erased, "The charts and their index are erased")
		f.s.tell("Destruction: on %s the charts and their index are erased, which removes their files from the folder custody. The billing records are not: the hold %s of %s blocks them, and the proposal to erase them is refused (%v).", f.Erased, strings.Join(a.HeldBy, ", "), f.HoldPlaced, err)
		f.s.fact("held", a.HeldBy)
	}
	return nil
}

func (f *farewell) certify(ctx context.Context, day baakit.Date, final bool, before *retention.Certificate) (retention.Certificate, error) {
	kind := "certificate.interim"
	draft := retention.CertificateDraft{
		ID: "certificate-1", Final: final, Issued: day, Standard: "NIST SP 800-88 Rev. 2",
		Sanitizer: retention.Person{Name: "operations", Title: "Operations lead"}, Verifier: retention.Person{Name: "privacy officer", Title: "Privacy officer"},
		Media: map[string]retention.MediaDetails{},
	}
	for _, asset := range []string{"charts", "search", "billing"} {
		draft.Media[asset] = retention.MediaDetails{Verification: "full", Result: "nothing was found"}
	}
	if before != nil {
		kind, draft.ID, draft.Previous = "certificate.final", "certificate-2", before
	}
	return record(ctx, f.s, f.s.c.at(day, 16), retentionChain, kind, func() (retention.Certificate, error) {
		c, err := retention.Certify(f.state(day), draft)
		if err != nil {
			return c, err
		}
		return c.Sign(f.s.log.keys.certificates)
	})
}

// proofs issues the interim certificate, hears the subcontractor late, lets go
// of what the hold kept, and issues the final one when the backups are gone.
func (f *farewell) proofs(ctx context.Context, _ baakit.Date) error {
	first, err := f.certify(ctx, f.Interim, false, nil)
	if err != nil {
		return err
	}
	if err := f.certified(ctx, f.Interim, first); err != nil {
		return err
	}
	rows := [][]string{{"left", "why", "until"}}
	for _, x := range first.Exceptions {
		until := "open"
		if !x.Until.IsZero() {
			until = x.Until.String()
		}
		rows = append(rows, []string{x.Asset, x.Reason, until})
	}
	f.s.table(fmt.Sprintf("On %s an interim certificate is issued, with what is left", f.Interim), rows)

	epoch, err := f.permit(ctx, f.Attested, "fax-service")
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte("the certificate of the fax service"))
	if err := f.do(ctx, f.Attested, "fax service", retention.Event{Kind: retention.Attested, Asset: "fax-service", Hash: hex.EncodeToString(sum[:]), Epoch: epoch}); err != nil {
		return err
	}
	if err := f.do(ctx, f.HoldLifted, "privacy officer", retention.Event{Kind: retention.HoldLifted, Matter: f.Matter}); err != nil {
		return err
	}
	after := f.HoldLifted.AddDays(1)
	if err := f.gone(ctx, after, "billing", "logical_delete"); err != nil {
		return err
	}
	state := f.state(after)
	out := state.FinalNotBefore
	if out.Before(after) {
		out = after
	}
	if epoch, err = f.permit(ctx, out, "snapshots"); err != nil {
		return err
	}
	if err := f.destroyed(ctx, out, "snapshots"); err != nil {
		return err
	}
	if err := f.do(ctx, out, "operations", retention.Event{Kind: retention.AgedOut, Asset: "snapshots", Epoch: epoch}); err != nil {
		return err
	}
	last, err := f.certify(ctx, out, true, &first)
	if err != nil {
		return err
	}
	if err := f.certified(ctx, out, last); err != nil {
		return err
	}
	if err := f.do(ctx, out, "vendor", retention.Event{Kind: retention.Closed}); err != nil {
		return err
	}
	for _, finding := range f.state(out).Findings {
		f.s.warn("The disposition has a %s: %s (%s, %s).", finding.Severity, finding.Says, finding.Asset, finding.On)
	}
	f.s.moment(f.HoldLifted, "The hold is lifted; the billing records go the next day")
	f.s.moment(out, "The last backup is gone: the final certificate")
	f.s.tell("The hold is lifted on %s, and the billing records go on %s. The backups, kept %s after the charts, age out on %s: on that day the final certificate is issued.", f.HoldLifted, after, f.BackupRetention, out)
	f.s.fact("attested_late", f.Attested.After(f.AttestBy))
	f.s.fact("final_certificate", out)
	if hash, err := last.Hash(); err == nil {
		f.s.fact("certificate", hash)
	}
	if err := retention.VerifyChain([]retention.Certificate{first, last}, f.s.log.keys.certificates.Public()); err != nil {
		return err
	}
	f.s.tell("Both certificates verify as one chain, signed by the vendor.")
	if err := f.searched(); err != nil {
		return err
	}
	f.s.proves("Every copy of the PHI is gone, and two signed certificates that verify as one chain say when and how.")
	if err := f.s.write("certificate-interim.html", []byte(first.HTML())); err != nil {
		return err
	}
	return f.s.write("certificate-final.html", []byte(last.HTML()))
}

func (f *farewell) certified(ctx context.Context, day baakit.Date, c retention.Certificate) error {
	hash, err := c.Hash()
	if err != nil {
		return err
	}
	return f.do(ctx, day, "vendor", retention.Event{Kind: retention.Certified, Hash: hash, Final: c.Kind == "final"})
}

// own tells how long the agreement itself is kept.
func (f *farewell) own(_ context.Context, _ baakit.Date) error {
	day := f.events[len(f.events)-1].At
	state := f.d.StateAt(f.events, day, day)
	if err := f.s.keep(retentionChain, state, f.rebuild); err != nil {
		return err
	}
	if err := f.s.keep(destroyedChain, f.burnt, rebuildDestroyed); err != nil {
		return err
	}
	federal := retention.Federal()
	policies, err := federal.Policies([]string{"hipaa.baa"}, nil)
	if err != nil {
		return err
	}
	schedule, err := retention.NewSchedule(policies)
	if err != nil {
		return err
	}
	record := retention.Record{ID: "agreement-1", Class: "baa", Events: map[retention.Trigger]retention.When{retention.LastInEffect: retention.On(state.LastInEffect)}}
	decision, err := retention.Evaluate(&record, schedule, nil, state.LastInEffect, baakit.Date{})
	if err != nil {
		return err
	}
	f.s.tell("The agreement protected its PHI to the last copy, so it was last in effect on %s, not on %s, and its own years run from there. %s", state.LastInEffect, state.EndedOn, decision.Text())
	f.s.fact("last_in_effect", state.LastInEffect)
	f.s.fact("agreement_kept_through", decision.KeepThrough)
	rows := [][]string{{"place", "where it stands", "when"}}
	for _, a := range state.Assets {
		rows = append(rows, []string{a.ID, plain(string(a.Status)), baakit.DateOf(a.ErasedAt, f.s.c.Zone.Location).String()})
	}
	f.s.table("Every copy of the PHI, and how it went", rows)
	f.s.due(decision.KeepThrough, "keep the agreement and its log", f.s.c.vendor.LegalName, "45 CFR 164.316(b)(2)(i)", baakit.Date{})
	return nil
}

// rebuild folds the events of the log alone.
func (f *farewell) rebuild(events []logged) (any, error) {
	var list []retention.Event
	for _, e := range events {
		if strings.HasPrefix(e.Kind, "certificate.") {
			continue
		}
		var event retention.Event
		if err := json.Unmarshal(e.Payload, &event); err != nil {
			return nil, err
		}
		list = append(list, event)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the chain has no events")
	}
	last := list[len(list)-1].At
	return f.d.StateAt(list, last, last), nil
}
