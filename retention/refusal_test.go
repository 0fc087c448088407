package retention_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

const otherHash = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

// crypto is all that cryptographic erasure needs to be true.
func crypto() *retention.CryptoErase {
	return &retention.CryptoErase{EncryptedFromFirstWrite: true, KeyBits: 256, ValidatedModule: true, KeyUnique: true, AllCopiesListed: true, KeySanitized: true, ExportsListed: true}
}

// paths are all by which data goes: each is ready for its last act, which the
// test may then try.
func paths(t *testing.T) map[string]func() (*story, string, retention.Event) {
	keyed := func(s *story) {
		a := asset("vault", retention.StoreAsset, "cloud_object")
		a.Keys = []string{"kms", "escrow"}
		s.add("2026-09-30", a)
	}
	begin := func(e retention.Election) *story {
		s := newStory(t)
		s.do("2026-09-30", retention.Event{Kind: retention.Ended})
		backup := asset("snapshots", retention.BackupAsset, "backup")
		backup.CopyOf, backup.Retention = []string{"primary"}, baakit.MustParsePeriod("35 days")
		s.add("2026-09-30", asset("primary", retention.StoreAsset, "database"), backup, retention.Asset{ID: "vendor", Kind: retention.SubcontractorAsset})
		keyed(s)
		s.do("2026-09-30", retention.Event{Kind: retention.InventoryClosed})
		s.do("2026-09-30", retention.Event{Kind: retention.Elected, Election: e, By: "customer"})
		return s
	}
	erase := func(s *story, epoch int) retention.Event {
		return retention.Event{Kind: retention.Erased, Asset: "primary", Technique: "logical_delete", Tool: "x 1", Epoch: epoch}
	}
	sent := func(e retention.Election, kind retention.EventKind) func() (*story, string, retention.Event) {
		return func() (*story, string, retention.Event) {
			s := begin(e)
			s.do("2026-10-02", retention.Event{Kind: kind, Asset: "primary", Recipient: "customer", Format: "FHIR NDJSON", Hash: manifest})
			s.do("2026-10-03", retention.Event{Kind: retention.Acknowledged, Asset: "primary", Hash: manifest, By: "customer"})
			return s, "primary", erase(s, s.permit("2026-10-05", "primary"))
		}
	}
	return map[string]func() (*story, string, retention.Event){
		"destroy": func() (*story, string, retention.Event) {
			s := begin(retention.ElectDestroy)
			return s, "primary", erase(s, s.permit("2026-10-05", "primary"))
		},
		"erasure after return":   sent(retention.ElectReturn, retention.Returned),
		"erasure after transfer": sent(retention.ElectTransfer, retention.Transferred),
		"erasure after infeasibility": func() (*story, string, retention.Event) {
			s := begin(retention.ElectReturn)
			s.do("2026-10-02", retention.Event{Kind: retention.MadeInfeasible, Asset: "primary", Infeasible: &retention.Infeasibility{
				Reason: retention.Commingled, Uses: []string{"keeping"}, Protections: true, Noticed: baakit.MustParseDate("2026-10-01"), Review: baakit.MustParseDate("2027-10-01"),
			}})
			return s, "primary", erase(s, s.permit("2026-10-05", "primary"))
		},
		"key": func() (*story, string, retention.Event) {
			s := begin(retention.ElectDestroy)
			return s, "vault", retention.Event{Kind: retention.KeyDestroyed, Asset: "vault", Key: "kms", Epoch: s.permit("2026-10-05", "vault")}
		},
		"cryptographic erasure": func() (*story, string, retention.Event) {
			s := begin(retention.ElectDestroy)
			epoch := s.permit("2026-10-05", "vault")
			s.do("2026-10-05", retention.Event{Kind: retention.KeyDestroyed, Asset: "vault", Key: "kms", Epoch: epoch})
			s.do("2026-10-06", retention.Event{Kind: retention.KeyDestroyed, Asset: "vault", Key: "escrow", Epoch: epoch})
			return s, "vault", retention.Event{Kind: retention.Erased, Asset: "vault", Technique: retention.CryptographicErase, Tool: "kms 2", Erase: crypto(), Epoch: epoch}
		},
		"age out": func() (*story, string, retention.Event) {
			s := begin(retention.ElectDestroy)
			s.erase("2026-10-05", "primary", "logical_delete")
			return s, "snapshots", retention.Event{Kind: retention.AgedOut, Asset: "snapshots", Epoch: s.permit("2026-11-08", "snapshots")}
		},
		"attestation": func() (*story, string, retention.Event) {
			s := begin(retention.ElectDestroy)
			return s, "vendor", retention.Event{Kind: retention.Attested, Asset: "vendor", Hash: manifest, Epoch: s.permit("2026-10-05", "vendor")}
		},
	}
}

// On every path the act is possible with its permit, and not while a hold is
// on, nor with a permit from before the hold, nor with one from before a
// change of law, nor without any.
func TestHoldsOnEveryPath(t *testing.T) {
	t.Parallel()
	const day, later, last = "2026-11-10", "2026-11-11", "2026-11-12"
	for name, path := range paths(t) {
		t.Run(name, func(t *testing.T) {
			s, _, act := path()
			s.do(day, act)

			s, id, act := path()
			s.do(day, retention.Event{Kind: retention.HoldPlaced, Matter: "M-1", Assets: []string{id}, By: "counsel"})
			s.refuse(day, act, "under a hold")
			s.refuse(day, retention.Event{Kind: retention.Permitted, Asset: id}, "under a hold")
			s.refuse(day, retention.Event{Kind: retention.HoldLifted, Matter: "M-1", By: "counsel"}, "another person")
			s.do(day, retention.Event{Kind: retention.HoldLifted, Matter: "M-1", By: "judge", Grace: baakit.MustParsePeriod("1 day")})
			s.refuse(later, act, "under a hold") // the release grace
			s.refuse(last, act, "stale")
			act.Epoch = s.permit(last, id)
			s.do(last, act)

			s, id, act = path()
			s.do(day, retention.Event{Kind: retention.LawChanged, Ref: "tables 2026-12"})
			s.refuse(day, act, "stale")
			act.Epoch = s.permit(day, id)
			s.do(day, act)

			// A hold of the schedule on the class, without an event of its own.
			s, _, act = path()
			s.d.Holds = holds(t, retention.Hold{Matter: "M-2", Scope: retention.Scope{Classes: []string{"medical_record"}}, Placed: baakit.MustParseDate("2026-11-10")})
			s.refuse(day, act, "under a hold")

			// A decision that keeps the records longer.
			s, id, act = path()
			for i := range s.events {
				if n := s.events[i].New; n != nil && n.ID == id {
					kept := *n
					kept.NotBefore = baakit.MustParseDate("2026-11-11")
					s.events[i].New = &kept
				}
			}
			s.refuse(day, act, "kept longer")

			s, _, act = path()
			act.Epoch = 99
			s.refuse(day, act, "stale")
		})
	}
}

func TestTwoPeopleTwoSteps(t *testing.T) {
	t.Parallel()
	s := ended(t, retention.ElectReturn)
	s.refuse("2026-10-05", retention.Event{Kind: retention.Permitted, Asset: "search"}, "approved first")
	s.refuse("2026-10-05", retention.Event{Kind: retention.Approved, Asset: "search"}, "proposed first")
	s.do("2026-10-05", retention.Event{Kind: retention.Proposed, Asset: "search", By: "records"})
	s.refuse("2026-10-05", retention.Event{Kind: retention.Approved, Asset: "search", By: "records"}, "another person")
	s.refuse("2026-10-05", retention.Event{Kind: retention.Erased, Asset: "search", Technique: "rebuild", Epoch: 1}, "permit")
	s.refuse("2026-10-05", retention.Event{Kind: retention.Proposed, Asset: "nothing"}, "inventory")

	// A return is not done by sending: the recipient acknowledges what was
	// sent, then the remaining copy is erased, and another checks that.
	s.refuse("2026-10-05", retention.Event{Kind: retention.Transferred, Asset: "primary", Recipient: "x", Format: "y", Hash: manifest}, "elected")
	s.do("2026-10-05", retention.Event{Kind: retention.Returned, Asset: "primary", Recipient: "customer", Format: "FHIR NDJSON", Hash: manifest})
	s.refuse("2026-10-05", retention.Event{Kind: retention.Proposed, Asset: "primary"}, "acknowledged")
	s.refuse("2026-10-06", retention.Event{Kind: retention.Acknowledged, Asset: "primary", Hash: otherHash, By: "customer"}, "what was sent")
	s.do("2026-10-06", retention.Event{Kind: retention.Acknowledged, Asset: "primary", Hash: manifest, By: "customer"})
	if st := s.state("2026-10-06"); st.Assets[0].Done() || len(st.Exceptions) != 4 {
		t.Error("a return without erasure is done")
	}
	epoch := s.permit("2026-10-07", "primary")
	s.refuse("2026-10-07", retention.Event{Kind: retention.Erased, Asset: "primary", Technique: "degauss", Epoch: epoch}, "technique for the media")
	s.do("2026-10-07", retention.Event{Kind: retention.Erased, Asset: "primary", Technique: "logical_delete", Tool: "x 1", Epoch: epoch})
	s.refuse("2026-10-07", retention.Event{Kind: retention.Verified, Asset: "primary"}, "another person")
	s.do("2026-10-07", retention.Event{Kind: retention.Verified, Asset: "primary", By: "auditor"})
	s.refuse("2026-10-08", retention.Event{Kind: retention.Proposed, Asset: "primary"}, "accounted for")
	s.refuse("2026-10-08", retention.Event{Kind: retention.Elected, Election: retention.ElectDestroy}, "carried out")
	s.refuse("2026-10-08", retention.Event{Kind: retention.Closed}, "final certificate")
	s.refuse("2026-10-01", retention.Event{Kind: retention.Proposed, Asset: "search"}, "before")
	c, err := retention.Certify(s.state("2026-10-09"), draft(false, "2026-10-09"))
	if err != nil || c.Entries[0].Outcome != "returned" || c.Entries[0].Acknowledged != "customer" {
		t.Errorf("%+v, %v", c.Entries, err)
	}
}

func TestInfeasible(t *testing.T) {
	t.Parallel()
	good := retention.Infeasibility{Reason: retention.LockedBackup, Uses: []string{"recovery"}, Protections: true, Noticed: baakit.MustParseDate("2026-10-04"), Review: baakit.MustParseDate("2027-10-05")}
	s := ended(t, retention.ElectDestroy)
	for path, change := range map[string]func(*retention.Infeasibility){
		"reason": func(x *retention.Infeasibility) { x.Reason = "inconvenient" }, "uses": func(x *retention.Infeasibility) { x.Uses = nil },
		"protections": func(x *retention.Infeasibility) { x.Protections = false }, "noticed": func(x *retention.Infeasibility) { x.Noticed = baakit.MustParseDate("2026-10-06") },
		"until": func(x *retention.Infeasibility) { x.Review = baakit.Date{} }, "review": func(x *retention.Infeasibility) { x.Review = baakit.MustParseDate("2027-10-06") },
	} {
		bad := good
		change(&bad)
		s.refuse("2026-10-05", retention.Event{Kind: retention.MadeInfeasible, Asset: "snapshots", Infeasible: &bad}, "infeasible."+path)
	}
	s.do("2026-10-05", retention.Event{Kind: retention.MadeInfeasible, Asset: "snapshots", Infeasible: &good})
	if st := s.state("2027-10-06"); !slices.ContainsFunc(st.Findings, func(f retention.Finding) bool { return f.ID == "RD-REVIEW" }) || !st.LastInEffect.IsZero() || !st.FinalNotBefore.IsZero() {
		t.Errorf("%+v", st.Findings)
	}
	if st := s.state("2026-11-01"); !slices.ContainsFunc(st.Findings, func(f retention.Finding) bool { return f.ID == "RD-OVERDUE" && f.Asset == "primary" }) {
		t.Errorf("%+v", st.Findings)
	}
	again := good
	again.Review = baakit.MustParseDate("2027-11-01")
	s.do("2026-11-01", retention.Event{Kind: retention.Reviewed, Asset: "snapshots", Infeasible: &again})
}

// The attestations run up the chain: a subcontractor's own come first.
func TestChainOfSubcontractors(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.do("2026-09-30", retention.Event{Kind: retention.Ended})
	s.add("2026-09-30", retention.Asset{ID: "cloud", Kind: retention.SubcontractorAsset}, retention.Asset{ID: "cloud-backup", Kind: retention.SubcontractorAsset, Above: "cloud"})
	s.do("2026-09-30", retention.Event{Kind: retention.InventoryClosed})
	s.do("2026-09-30", retention.Event{Kind: retention.Elected, Election: retention.ElectDestroy})
	epoch := s.permit("2026-10-01", "cloud")
	s.refuse("2026-10-02", retention.Event{Kind: retention.Attested, Asset: "cloud", Hash: manifest, Epoch: epoch}, "of its own")
	s.do("2026-10-03", retention.Event{Kind: retention.Attested, Asset: "cloud-backup", Hash: otherHash, Epoch: s.permit("2026-10-02", "cloud-backup")})
	s.do("2026-10-04", retention.Event{Kind: retention.Attested, Asset: "cloud", Hash: manifest, Epoch: epoch})
	c, err := retention.Certify(s.state("2026-10-04"), draft(true, "2026-10-04"))
	if err != nil || len(c.Attestations) != 2 || c.Attestations[1].Above != "cloud" {
		t.Errorf("%+v, %v", c.Attestations, err)
	}
}

// Cryptographic erasure counts only with each fact true, and from the
// destruction of the last copy of the key.
func TestCryptographicErasure(t *testing.T) {
	t.Parallel()
	path := paths(t)["cryptographic erasure"]
	for name, change := range map[string]func(*retention.CryptoErase){
		"encrypted_from_first_write": func(c *retention.CryptoErase) { c.EncryptedFromFirstWrite = false }, "key_bits": func(c *retention.CryptoErase) { c.KeyBits = 127 },
		"validated_module": func(c *retention.CryptoErase) { c.ValidatedModule = false }, "key_unique": func(c *retention.CryptoErase) { c.KeyUnique = false },
		"all_copies_listed": func(c *retention.CryptoErase) { c.AllCopiesListed = false }, "key_sanitized": func(c *retention.CryptoErase) { c.KeySanitized = false },
		"exports_listed": func(c *retention.CryptoErase) { c.ExportsListed = false },
	} {
		s, _, act := path()
		change(act.Erase)
		s.refuse("2026-10-07", act, "erase."+name)
	}
	s, _, act := path()
	act.Erase.KeyBits = 128
	s.do("2026-10-07", act)
	if a := s.state("2026-10-07").Assets[3]; baakit.DateOf(a.ErasedAt, nil).String() != "2026-10-06" || a.Category != retention.Purge {
		t.Errorf("takes effect %v, %s", a.ErasedAt, a.Category)
	}
	s, _, act = path()
	s.events = slices.DeleteFunc(s.events, func(e retention.Event) bool { return e.Key == "escrow" })
	s.refuse("2026-10-07", act, "last copy")
	s, _, act = path()
	act.Erase = nil
	s.refuse("2026-10-07", act, "erase")
}

// What a certificate must not say is refused, each with its field.
func TestCertificateRefuses(t *testing.T) {
	t.Parallel()
	s := ended(t, retention.ElectDestroy)
	s.erase("2026-10-20", "primary", "logical_delete")
	s.erase("2026-10-20", "search", "rebuild")
	state := s.state("2026-10-31")
	good, err := retention.Certify(state, draft(false, "2026-10-31"))
	if err != nil {
		t.Fatal(err)
	}
	for _, standard := range []string{"NIST 800-88", "NIST SP 800-88", "NIST SP 800-88r2", "DoD 5220.22-M", "HIPAA", "NIST certified", "nist sp 800-88 rev. 2", "", "NIST SP 800-88 Rev. 1", "NIST SP 800-88 Rev. 2 "} {
		d := draft(false, "2026-10-31")
		d.Standard = standard
		if _, err := retention.Certify(state, d); err == nil || !strings.Contains(err.Error(), "standard") {
			t.Errorf("%q: %v", standard, err)
		}
	}
	d := draft(false, "2026-10-31")
	d.Standard, d.AgreementStandard = "NIST SP 800-88 Rev. 1", "NIST SP 800-88 Rev. 1"
	if _, err := retention.Certify(state, d); err != nil {
		t.Errorf("the withdrawn edition that the agreement cites: %v", err)
	}
	clone := func() retention.Certificate {
		var c retention.Certificate
		if err := json.Unmarshal([]byte(mustJSON(t, good)), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for path, change := range map[string]func(*retention.Certificate){
		"exceptions: must be empty":      func(c *retention.Certificate) { c.Kind = "final" },
		"inventory":                      func(c *retention.Certificate) { c.Exceptions = c.Exceptions[:1] },
		"exceptions[1].asset":            func(c *retention.Certificate) { c.Exceptions[1] = c.Exceptions[0] },
		"items":                          func(c *retention.Certificate) { c.Items++ },
		"verifier":                       func(c *retention.Certificate) { c.Verifier.Name = c.Sanitizer.Name },
		"entries[0].category":            func(c *retention.Certificate) { c.Entries[0].Category = retention.Destroy },
		"entries[0].technique":           func(c *retention.Certificate) { c.Entries[0].Technique = "shred" },
		"entries[0].verified_by":         func(c *retention.Certificate) { c.Entries[0].VerifiedBy = c.Entries[0].SanitizedBy },
		"entries[0].verified_at":         func(c *retention.Certificate) { c.Entries[0].VerifiedAt = c.Entries[0].SanitizedAt.Add(-time.Second) },
		"entries[0].approved_by":         func(c *retention.Certificate) { c.Entries[0].ApprovedBy[1] = c.Entries[0].ApprovedBy[0] },
		"entries[0].manifest":            func(c *retention.Certificate) { c.Entries[0].Manifest = "list.txt" },
		"entries[0].tool":                func(c *retention.Certificate) { c.Entries[0].Tool = "" },
		"entries[0].media_source":        func(c *retention.Certificate) { c.Entries[0].MediaSource = "" },
		"entries[0].verification_method": func(c *retention.Certificate) { c.Entries[0].Details.Verification = "" },
		"entries[0].sanitized_at":        func(c *retention.Certificate) { c.Issued = baakit.MustParseDate("2026-10-01") },
		"entries[0].cryptographic_erase": func(c *retention.Certificate) { c.Entries[0].Erase = crypto() },
		"entries[0].holds_checked":       func(c *retention.Certificate) { c.Entries[0].HoldsChecked = time.Time{} },
		"previous":                       func(c *retention.Certificate) { c.Sequence = 2 },
		"schema":                         func(c *retention.Certificate) { c.Schema = "other" },
	} {
		c := clone()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	held := state
	held.Assets = slices.Clone(state.Assets)
	held.Assets[0].HeldBy = []string{"M-1"}
	if _, err := retention.Certify(held, draft(false, "2026-10-31")); err == nil || !strings.Contains(err.Error(), "under a hold") {
		t.Errorf("a held asset: %v", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := good.Sign(key)
	if err != nil || signed.Verify(key.Public()) != nil {
		t.Fatal(err)
	}
	if good.Verify(key.Public()) == nil {
		t.Error("an unsigned certificate verifies")
	}
	if _, err := (retention.Certificate{}).Sign(key); err == nil {
		t.Error("an empty certificate was signed")
	}
}

// Whatever is tried, in whatever order: every asset that is gone had two
// people, a permit of its own after the last hold, and no hold on its day; and
// the fold of the list, in any order, gives the same state.
func TestDispositionModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := ended(t, rapid.SampledFrom([]retention.Election{retention.ElectDestroy, retention.ElectReturn}).Draw(rt, "election"))
		day := baakit.MustParseDate("2026-10-03")
		ids := []string{"primary", "search", "snapshots", "fax-vendor"}
		for range 40 {
			day = day.AddDays(rapid.SampledFrom([]int{0, 0, 0, 1, 20}).Draw(rt, "days"))
			id := rapid.SampledFrom(ids).Draw(rt, "asset")
			e := retention.Event{Asset: id, By: rapid.SampledFrom([]string{"ann", "bob", "cyd"}).Draw(rt, "by")}
			switch e.Kind = rapid.SampledFrom([]retention.EventKind{
				retention.Proposed, retention.Approved, retention.Permitted, retention.Erased, retention.Verified, retention.AgedOut, retention.Attested,
				retention.Returned, retention.Acknowledged, retention.HoldPlaced, retention.HoldLifted,
			}).Draw(rt, "kind"); e.Kind {
			case retention.Erased:
				e.Technique = map[string]retention.Technique{"primary": "logical_delete", "search": "rebuild", "snapshots": "logical_delete", "fax-vendor": "rebuild"}[id]
			case retention.Attested, retention.Acknowledged:
				e.Hash = manifest
			case retention.Returned:
				e.Hash, e.Recipient, e.Format = manifest, "customer", "NDJSON"
			case retention.HoldPlaced, retention.HoldLifted:
				e.Asset, e.Matter = "", "M-1"
				if e.Kind == retention.HoldPlaced {
					e.Assets = []string{id}
				}
			}
			if e.Kind == retention.Erased || e.Kind == retention.AgedOut || e.Kind == retention.Attested {
				e.Epoch = s.state(day.String()).Epoch
			}
			_ = s.try(day.String(), e) // refused or not
		}
		checkModel(rt, s.events)
		got := s.state(day.AddDays(1).String())
		shuffled := &story{t: t, d: s.d, events: rapid.Permutation(slices.Clone(s.events)).Draw(rt, "order")}
		if mustJSON(rt, shuffled.state(day.AddDays(1).String())) != mustJSON(rt, got) {
			rt.Fatal("the order of the list makes a difference")
		}
		if len(got.Ignored) > 0 {
			rt.Fatalf("recorded and ignored: %v", got.Ignored)
		}
		if final, err := retention.Certify(got, draft(true, day.AddDays(1).String())); err == nil && (len(final.Exceptions) > 0 || len(final.Entries)+len(final.Attestations) != 4) {
			rt.Fatal("a final certificate with something left")
		}
	})
}

// checkModel reads the events as an auditor would.
func checkModel(t *rapid.T, events []retention.Event) {
	type trail struct{ proposed, approved, permitted, erased string }
	trails := make(map[string]*trail)
	held := map[string]bool{}
	placedBy := ""
	for _, e := range events {
		a := trails[e.Asset]
		if a == nil {
			a = &trail{}
			trails[e.Asset] = a
		}
		switch e.Kind {
		case retention.Proposed:
			*a = trail{proposed: e.By, erased: a.erased} // what was erased stays to be verified
		case retention.Approved:
			if a.approved = e.By; a.proposed == "" || a.proposed == e.By {
				t.Fatal("one person in two steps")
			}
		case retention.Permitted:
			if a.permitted = e.By; a.approved == "" {
				t.Fatal("a permit without approval")
			}
		case retention.HoldPlaced, retention.HoldLifted:
			for _, id := range e.Assets {
				held[id] = true
			}
			if e.Kind == retention.HoldLifted {
				if clear(held); placedBy == e.By {
					t.Fatal("a hold lifted by who placed it")
				}
			}
			placedBy = e.By
			for _, a := range trails {
				a.permitted = "" // a permit of its own after every hold
			}
		case retention.Erased, retention.AgedOut, retention.Attested:
			if held[e.Asset] || a.permitted == "" {
				t.Fatalf("%s of %s: held %t, permit by %q", e.Kind, e.Asset, held[e.Asset], a.permitted)
			}
			a.erased = e.By
		case retention.Verified:
			if a.erased == "" || a.erased == e.By {
				t.Fatal("verified by who erased")
			}
		}
	}
}
