package retention_test

import (
	"crypto/ed25519"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

const manifest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// A story records events and fails the test if one is refused.
type story struct {
	t      testing.TB
	d      *retention.Disposition
	events []retention.Event
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s+"T12:00:00Z")
	if err != nil {
		panic(err)
	}
	return t
}

func (s *story) try(day string, e retention.Event) error {
	e.At = at(day).Add(time.Duration(len(s.events)) * time.Second)
	e.Recorded = e.At
	if e.By == "" {
		e.By = "operator"
	}
	done, err := s.d.Record(s.events, e)
	if err == nil {
		s.events = append(s.events, done)
	}
	return err
}

func (s *story) do(day string, e retention.Event) {
	s.t.Helper()
	if err := s.try(day, e); err != nil {
		s.t.Fatalf("%s %s: %v", day, e.Kind, err)
	}
}

func (s *story) refuse(day string, e retention.Event, words string) {
	s.t.Helper()
	if err := s.try(day, e); err == nil || !strings.Contains(err.Error(), words) {
		s.t.Errorf("%s %s: error %v, want one that says %q", day, e.Kind, err, words)
	}
}

func (s *story) state(day string) retention.State {
	end := at(day).Add(11 * time.Hour)
	return s.d.StateAt(s.events, end, end)
}

// permit takes the two steps and the permit for an asset.
func (s *story) permit(day, asset string) int {
	s.t.Helper()
	s.do(day, retention.Event{Kind: retention.Proposed, Asset: asset, By: "records"})
	s.do(day, retention.Event{Kind: retention.Approved, Asset: asset, By: "privacy"})
	s.do(day, retention.Event{Kind: retention.Permitted, Asset: asset, By: "records"})
	return s.events[len(s.events)-1].Epoch
}

func (s *story) add(day string, assets ...retention.Asset) {
	s.t.Helper()
	for _, a := range assets {
		s.do(day, retention.Event{Kind: retention.Inventoried, Asset: a.ID, New: &a})
	}
}

func asset(id string, kind retention.AssetKind, media string) retention.Asset {
	return retention.Asset{ID: id, Kind: kind, Class: "medical_record", Media: media, Count: 1200, Manifest: manifest, Source: "prod"}
}

func newStory(t testing.TB) *story {
	return &story{t: t, d: &retention.Disposition{Agreement: "BAA-1", Clause: "10", Due: baakit.MustParsePeriod("30 days")}}
}

// ended is a story up to the election, with a store, its index, its backups
// and a subcontractor.
func ended(t testing.TB, e retention.Election) *story {
	s := newStory(t)
	s.do("2026-08-01", retention.Event{Kind: retention.Terminating})
	s.do("2026-08-15", retention.Event{Kind: retention.ExportOffered, Format: "FHIR R4 Bulk Data NDJSON"})
	s.do("2026-09-01", retention.Event{Kind: retention.ExportTaken, Format: "FHIR R4 Bulk Data NDJSON", Hash: manifest, By: "customer"})
	s.do("2026-09-30", retention.Event{Kind: retention.Ended})
	backup := asset("snapshots", retention.BackupAsset, "backup")
	backup.CopyOf, backup.Retention = []string{"primary"}, baakit.MustParsePeriod("35 days")
	s.add("2026-10-01", asset("primary", retention.StoreAsset, "database"), asset("search", retention.IndexAsset, "derived"), backup,
		retention.Asset{ID: "fax-vendor", Kind: retention.SubcontractorAsset, AttestBy: baakit.MustParseDate("2026-10-30")})
	s.do("2026-10-01", retention.Event{Kind: retention.InventoryClosed})
	s.do("2026-10-02", retention.Event{Kind: retention.Elected, Election: e, By: "customer"})
	return s
}

func (s *story) erase(day, asset string, technique retention.Technique) {
	s.t.Helper()
	epoch := s.permit(day, asset)
	s.do(day, retention.Event{Kind: retention.Erased, Asset: asset, Technique: technique, Tool: "wipe 2.1", Epoch: epoch})
	s.do(day, retention.Event{Kind: retention.Verified, Asset: asset, By: "auditor"})
}

func draft(final bool, issued string) retention.CertificateDraft {
	m := retention.MediaDetails{Verification: "full", Result: "passed"}
	return retention.CertificateDraft{
		ID: "CERT-1", Final: final, Issued: baakit.MustParseDate(issued), Standard: "NIST SP 800-88 Rev. 2",
		Sanitizer: retention.Person{Name: "R. Keeper", Title: "Records manager"}, Verifier: retention.Person{Name: "A. Checker", Title: "Privacy officer"},
		Media: map[string]retention.MediaDetails{"primary": m, "search": m},
	}
}

// An agreement ends on 30 September, its store is erased on 20 October, its
// backups age out after 35 days: final on 24 November, and from that day the
// agreement's own six years run.
func TestTailOfTheBackups(t *testing.T) {
	t.Parallel()
	s := ended(t, retention.ElectDestroy)
	if st := s.state("2026-10-02"); st.DueOn.String() != "2026-10-30" || st.Phase != retention.PhaseElected || !st.LastInEffect.IsZero() {
		t.Fatalf("due %v, phase %s", st.DueOn, st.Phase)
	}
	s.erase("2026-10-20", "primary", "logical_delete")
	s.erase("2026-10-20", "search", "rebuild")
	interim, err := retention.Certify(s.state("2026-10-31"), draft(false, "2026-10-31"))
	if err != nil {
		t.Fatal(err)
	}
	if len(interim.Entries) != 2 || len(interim.Exceptions) != 2 || interim.Exceptions[0].Until.String() != "2026-11-24" {
		t.Errorf("interim: %+v", interim.Exceptions)
	}
	if f := s.state("2026-10-31").Findings; len(f) != 1 || f[0].ID != "RD-ATTESTATION" {
		t.Errorf("findings: %+v", f)
	}
	epoch := s.permit("2026-11-01", "fax-vendor")
	s.do("2026-11-06", retention.Event{Kind: retention.Attested, Asset: "fax-vendor", Hash: manifest, Epoch: epoch, By: "fax-vendor"})
	epoch = s.permit("2026-11-22", "snapshots")
	s.refuse("2026-11-23", retention.Event{Kind: retention.AgedOut, Asset: "snapshots", Epoch: epoch}, "before the backup ages out")
	if st := s.state("2026-11-23"); st.FinalNotBefore.String() != "2026-11-24" {
		t.Errorf("final not before %v", st.FinalNotBefore)
	}
	if _, err := retention.Certify(s.state("2026-11-23"), draft(true, "2026-11-23")); err == nil {
		t.Error("a final certificate was given a day early")
	}
	s.do("2026-11-24", retention.Event{Kind: retention.AgedOut, Asset: "snapshots", Epoch: epoch})
	st := s.state("2026-11-24")
	if st.Phase != retention.PhaseReconciled || st.LastInEffect.String() != "2026-11-24" || len(st.Exceptions) != 0 {
		t.Errorf("phase %s, last in effect %v, left %v", st.Phase, st.LastInEffect, st.Exceptions)
	}
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	if interim, err = interim.Sign(key); err != nil {
		t.Fatal(err)
	}
	d := draft(true, "2026-11-24")
	d.ID, d.Previous = "CERT-2", &interim
	final, err := retention.Certify(st, d)
	if err != nil {
		t.Fatal(err)
	}
	if final, err = final.Sign(key); err != nil {
		t.Fatal(err)
	}
	if err := retention.VerifyChain([]retention.Certificate{interim, final}, key.Public()); err != nil {
		t.Error(err)
	}
	if err := retention.VerifyChain([]retention.Certificate{final}, key.Public()); err == nil {
		t.Error("a chain without its first certificate verifies")
	}
	changed := final
	changed.Items--
	if changed.Verify(key.Public()) == nil {
		t.Error("a changed certificate verifies")
	}
	data, err := json.Marshal(final)
	if err != nil {
		t.Fatal(err)
	}
	read, err := retention.ParseCertificate(data)
	if err != nil || read.Verify(key.Public()) != nil {
		t.Errorf("read back: %v", err)
	}
	hash, _ := final.Hash()
	s.do("2026-11-24", retention.Event{Kind: retention.Certified, Hash: hash, Final: true})
	s.do("2026-11-24", retention.Event{Kind: retention.Closed})
	if st := s.state("2026-11-24"); st.Phase != retention.PhaseClosed {
		t.Errorf("phase %s", st.Phase)
	}
	baa := retention.Record{ID: "BAA-1", Class: "baa", Events: map[retention.Trigger]retention.When{retention.LastInEffect: retention.On(st.LastInEffect)}}
	kept, err := retention.Evaluate(&baa, schedule(t, policies(t, []string{"hipaa.baa"}, false)...), nil, baakit.MustParseDate("2026-11-24"), baakit.Date{})
	if err != nil || kept.KeepThrough.String() != "2032-11-24" || kept.FirstDisposable.String() != "2032-11-25" {
		t.Errorf("the agreement is kept through %v, %v", kept.KeepThrough, err)
	}
	data, err = json.Marshal(s.events)
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := retention.ParseEvents(data)
	if err != nil {
		t.Fatal(err)
	}
	again := &story{t: t, d: s.d, events: replayed}
	got, _ := json.Marshal(again.state("2026-11-24"))
	want, _ := json.Marshal(s.state("2026-11-24"))
	if string(got) != string(want) {
		t.Error("the replay of the events gives another state")
	}
	if dir := os.Getenv("RENDER"); dir != "" {
		for name, text := range map[string]string{"interim.html": interim.HTML(), "final.html": final.HTML(), "final.md": final.Markdown()} {
			if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
