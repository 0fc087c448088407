package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
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
	Items           int64         `json:"items"`

	s      *stage
	d      *retention.Disposition
	events []retention.Event
}

func (*farewell) name() string  { return "retention" }
func (*farewell) title() string { return "What is kept, what goes, and the proof that it is gone" }

func (f *farewell) prepare(c *caseFile, errs *baakit.FieldErrors) {
	if !c.section(f.name(), f, errs) {
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
		{"", c.Dates.Terminated},
		{"hold_placed", f.HoldPlaced},
		{"erased", f.Erased},
		{"interim", f.Interim},
		{"attested", f.Attested},
		{"hold_lifted", f.HoldLifted},
	} {
		if d.date.IsZero() || d.date.Before(last) {
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

func (f *farewell) play(_ context.Context, s *stage) error {
	f.s = s
	due, err := recall[baakit.Period](s, "opening.return_or_destroy")
	if err != nil {
		return err
	}
	ended, err := recall[baakit.Date](s, "opening.terminated")
	if err != nil {
		return err
	}
	f.d = &retention.Disposition{Agreement: "agreement-1", Clause: "return or destroy", Due: due, Zone: s.c.Zone.Location}
	steps := []func(baakit.Date) error{f.end, f.hold, f.erase, f.proofs, f.own}
	for _, step := range steps {
		if err := step(ended); err != nil {
			return err
		}
	}
	return nil
}

// do records an event at noon of a day, a second after the one before it.
func (f *farewell) do(day baakit.Date, by string, e retention.Event) error {
	start, _ := day.In(f.s.c.Zone.Location)
	e.At, e.By = start.Add(12*time.Hour+time.Duration(len(f.events))*time.Second).UTC(), by
	e.Recorded = e.At
	logged, err := record(f.s, "retention", string(e.Kind), func() (retention.Event, error) { return f.d.Record(f.events, e) })
	if err != nil {
		return fmt.Errorf("%s: %w", e.Kind, err)
	}
	f.events = append(f.events, logged)
	return nil
}

// all records some events of one day and person.
func (f *farewell) all(day baakit.Date, by string, events ...retention.Event) error {
	for _, e := range events {
		if err := f.do(day, by, e); err != nil {
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

func (f *farewell) end(ended baakit.Date) error {
	const format = "FHIR R4 Bulk Data NDJSON"
	sum := sha256.Sum256([]byte("the list of items"))
	manifest := hex.EncodeToString(sum[:])
	if err := f.all(f.ExportOffered, "vendor", retention.Event{Kind: retention.Terminating}, retention.Event{Kind: retention.ExportOffered, Format: format}); err != nil {
		return err
	}
	if err := f.do(f.ExportOffered, "customer", retention.Event{Kind: retention.ExportTaken, Format: format, Hash: manifest}); err != nil {
		return err
	}
	if err := f.do(ended, "vendor", retention.Event{Kind: retention.Ended}); err != nil {
		return err
	}
	for _, a := range []retention.Asset{
		{ID: "charts", Kind: retention.StoreAsset, Class: "medical_record", Media: "database", Count: f.Items, Manifest: manifest, Source: "records database"},
		{ID: "billing", Kind: retention.StoreAsset, Class: "billing", Media: "database", Count: f.Items / 2, Manifest: manifest, Source: "billing database"},
		{ID: "search", Kind: retention.IndexAsset, Class: "medical_record", Media: "derived", Count: f.Items, Manifest: manifest, Source: "search cluster"},
		{ID: "snapshots", Kind: retention.BackupAsset, Class: "medical_record", Media: "backup", Count: f.Items, Manifest: manifest, Source: "snapshots", CopyOf: []string{"charts"}, Retention: f.BackupRetention},
		{ID: "fax-service", Kind: retention.SubcontractorAsset, AttestBy: f.AttestBy},
	} {
		if err := f.do(ended, "vendor", retention.Event{Kind: retention.Inventoried, Asset: a.ID, New: &a}); err != nil {
			return err
		}
	}
	if err := f.do(ended, "vendor", retention.Event{Kind: retention.InventoryClosed}); err != nil {
		return err
	}
	if err := f.do(ended, "customer", retention.Event{Kind: retention.Elected, Election: retention.ElectDestroy}); err != nil {
		return err
	}
	state := f.state(ended)
	f.s.say("The customer took an export in %s before the end, and elected to have", format)
	f.s.say("everything destroyed. The agreement ended on %s: return or destroy by %s.", ended, state.DueOn)
	f.s.say("The inventory has %d places: two stores, an index, backups, a subcontractor.", len(state.Assets))
	f.s.fact("due", state.DueOn)
	return nil
}

func (f *farewell) hold(baakit.Date) error {
	return f.do(f.HoldPlaced, "general counsel", retention.Event{Kind: retention.HoldPlaced, Matter: f.Matter, Assets: []string{"billing"}})
}

// gone takes an asset through both steps and the permit, then erases it.
func (f *farewell) gone(day baakit.Date, asset string, technique retention.Technique) error {
	epoch, err := f.permit(day, asset)
	if err != nil {
		return err
	}
	if err := f.do(day, "operations", retention.Event{Kind: retention.Erased, Asset: asset, Technique: technique, Tool: "erase 3.2", Epoch: epoch}); err != nil {
		return err
	}
	return f.do(day, "privacy officer", retention.Event{Kind: retention.Verified, Asset: asset})
}

func (f *farewell) permit(day baakit.Date, asset string) (epoch int, err error) {
	for _, step := range []struct {
		kind retention.EventKind
		by   string
	}{{retention.Proposed, "records manager"}, {retention.Approved, "privacy officer"}, {retention.Permitted, "records manager"}} {
		if err := f.do(day, step.by, retention.Event{Kind: step.kind, Asset: asset}); err != nil {
			return 0, err
		}
	}
	return f.events[len(f.events)-1].Epoch, nil
}

func (f *farewell) erase(baakit.Date) error {
	if err := f.gone(f.Erased, "charts", "logical_delete"); err != nil {
		return err
	}
	if err := f.gone(f.Erased, "search", "rebuild"); err != nil {
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
		f.s.say("")
		f.s.say("On %s the charts and their index are erased. The billing records are not:", f.Erased)
		f.s.say("the hold %s of %s blocks them (%v).", strings.Join(a.HeldBy, ", "), f.HoldPlaced, err)
		f.s.fact("held", a.HeldBy)
	}
	return nil
}

// A signedCertificate is a certificate as the story keeps it. The seed is
// here so that the story can be told again; a real key stays with its signer.
type signedCertificate struct {
	Certificate retention.Certificate `json:"certificate"`
	Seed        []byte                `json:"seed"`
}

func (f *farewell) certify(day baakit.Date, final bool, before *signedCertificate) (signedCertificate, error) {
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
		kind, draft.ID, draft.Previous = "certificate.final", "certificate-2", &before.Certificate
	}
	return record(f.s, "retention", kind, func() (signedCertificate, error) {
		c, err := retention.Certify(f.state(day), draft)
		if err != nil {
			return signedCertificate{}, err
		}
		seed := make([]byte, ed25519.SeedSize)
		if before != nil {
			seed = before.Seed
		} else if _, err := rand.Read(seed); err != nil {
			return signedCertificate{}, err
		}
		c, err = c.Sign(ed25519.NewKeyFromSeed(seed))
		return signedCertificate{c, seed}, err
	})
}

// proofs issues the interim certificate, hears the subcontractor late, lets go
// of what the hold kept, and issues the final one when the backups are gone.
func (f *farewell) proofs(baakit.Date) error {
	first, err := f.certify(f.Interim, false, nil)
	if err != nil {
		return err
	}
	if err := f.certified(f.Interim, first); err != nil {
		return err
	}
	f.s.say("")
	f.s.say("On %s an interim certificate is issued, with what is left:", f.Interim)
	rows := [][]string{{"left", "why", "until"}}
	for _, x := range first.Certificate.Exceptions {
		until := "open"
		if !x.Until.IsZero() {
			until = x.Until.String()
		}
		rows = append(rows, []string{x.Asset, x.Reason, until})
	}
	f.s.table(rows)

	epoch, err := f.permit(f.Attested, "fax-service")
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte("the certificate of the fax service"))
	if err := f.do(f.Attested, "fax service", retention.Event{Kind: retention.Attested, Asset: "fax-service", Hash: hex.EncodeToString(sum[:]), Epoch: epoch}); err != nil {
		return err
	}
	if err := f.do(f.HoldLifted, "privacy officer", retention.Event{Kind: retention.HoldLifted, Matter: f.Matter}); err != nil {
		return err
	}
	after := f.HoldLifted.AddDays(1)
	if err := f.gone(after, "billing", "logical_delete"); err != nil {
		return err
	}
	state := f.state(after)
	out := state.FinalNotBefore
	if out.Before(after) {
		out = after
	}
	if epoch, err = f.permit(out, "snapshots"); err != nil {
		return err
	}
	if err := f.do(out, "operations", retention.Event{Kind: retention.AgedOut, Asset: "snapshots", Epoch: epoch}); err != nil {
		return err
	}
	last, err := f.certify(out, true, &first)
	if err != nil {
		return err
	}
	if err := f.certified(out, last); err != nil {
		return err
	}
	if err := f.do(out, "vendor", retention.Event{Kind: retention.Closed}); err != nil {
		return err
	}
	for _, finding := range f.state(out).Findings {
		f.s.say("  %s: %s (%s, %s).", finding.Severity, finding.Says, finding.Asset, finding.On)
	}
	f.s.say("The hold is lifted on %s, and the billing records go on %s. The backups, kept", f.HoldLifted, after)
	f.s.say("%s after the charts, age out on %s: on that day the final certificate is issued.", f.BackupRetention, out)
	f.s.fact("attested_late", f.Attested.After(f.AttestBy))
	f.s.fact("final_certificate", out)
	if hash, err := last.Certificate.Hash(); err == nil {
		f.s.fact("certificate", hash)
	}
	key := ed25519.NewKeyFromSeed(first.Seed).Public()
	if err := retention.VerifyChain([]retention.Certificate{first.Certificate, last.Certificate}, key); err != nil {
		return err
	}
	f.s.say("Both certificates verify as one chain, signed by the vendor.")
	if err := f.s.write("certificate-interim.html", []byte(first.Certificate.HTML())); err != nil {
		return err
	}
	return f.s.write("certificate-final.html", []byte(last.Certificate.HTML()))
}

func (f *farewell) certified(day baakit.Date, c signedCertificate) error {
	hash, err := c.Certificate.Hash()
	if err != nil {
		return err
	}
	return f.do(day, "vendor", retention.Event{Kind: retention.Certified, Hash: hash, Final: c.Certificate.Kind == "final"})
}

// own tells how long the agreement itself is kept.
func (f *farewell) own(baakit.Date) error {
	day := f.events[len(f.events)-1].At
	state := f.d.StateAt(f.events, day, day)
	if err := f.s.keep("retention", state, f.rebuild); err != nil {
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
	f.s.say("")
	f.s.say("The agreement protected its PHI to the last copy, so it was last in effect on")
	f.s.say("%s, not on %s, and its own years run from there:", state.LastInEffect, state.EndedOn)
	f.s.say("  %s", decision.Text())
	f.s.fact("last_in_effect", state.LastInEffect)
	f.s.fact("agreement_kept_through", decision.KeepThrough)
	rows := [][]string{{"place", "how it went", "when"}}
	for _, a := range state.Assets {
		rows = append(rows, []string{a.ID, string(a.Status), baakit.DateOf(a.ErasedAt, f.s.c.Zone.Location).String()})
	}
	return showTable(f.s, "Every copy of the PHI, and how it went", rows)
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
