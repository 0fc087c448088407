package disclosure_test

import (
	"context"
	"crypto/ed25519"
	"sync/atomic"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/disclosure"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "audit.example.com"

var (
	day   = baakit.MustParseDate
	actor = audit.Actor{ID: "u-9", Role: "physician"}
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// report is a disclosure to a public health authority.
func report() disclosure.Disclosure {
	return disclosure.Disclosure{
		Date: baakit.MustDate(2026, 1, 1), Recipient: disclosure.Recipient{Name: "County Health", Address: "1 Main Street"},
		Description: "result of a test", Purpose: "disease that has to be reported", Basis: disclosure.PublicHealth,
	}
}

// study is a disclosure for research about so many individuals.
func study(individuals int) disclosure.Disclosure {
	d := report()
	d.Basis, d.Purpose, d.Recipient = disclosure.ForResearch, "research", disclosure.Recipient{Name: "Dr. Example"}
	d.Research = &disclosure.Research{
		Protocol: "HEART-1", Description: "whether a treatment helps; records of admissions in January", Information: "diagnoses",
		Sponsor:     disclosure.Contact{Name: "Example Foundation", Address: "2 Side Street", Telephone: "555-0100"},
		Researcher:  disclosure.Contact{Name: "Dr. Example", Address: "3 Campus", Telephone: "555-0101"},
		Individuals: individuals,
	}
	return d
}

// A bench is a log and what reads it.
type bench struct {
	log    *audit.Log
	store  audit.Store
	sealer audit.Sealer
	signer *audit.Signer
	now    time.Time
	source disclosure.Source
}

// fatal is what both testing.TB and rapid.T have.
type fatal interface {
	Helper()
	Fatal(args ...any)
}

func newBench(t fatal, store audit.Store, sealer audit.Sealer) *bench {
	t.Helper()
	signer, err := audit.NewSigner(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: store, sealer: sealer, signer: signer, now: start}
	b.log, err = audit.New(context.Background(), store, audit.Config{
		Origin: origin, Sealer: sealer, Signer: signer, Now: func() time.Time { return b.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.source = disclosure.Source{Store: store, Sealer: sealer, Chains: []string{"t/1"}}
	return b
}

func memory(t fatal) *bench {
	t.Helper()
	return newBench(t, audit.NewMemory(), audit.Unencrypted{TokenKey: []byte("token key")})
}

func (b *bench) append(t fatal, chain string, e audit.Event) audit.Receipt {
	t.Helper()
	r, err := b.log.Append(context.Background(), chain, e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (b *bench) disclose(t fatal, d disclosure.Disclosure, patient string) audit.Receipt {
	t.Helper()
	e, err := d.Event(actor, patient)
	if err != nil {
		t.Fatal(err)
	}
	return b.append(t, "t/1", e)
}

func (b *bench) suspend(t fatal, s disclosure.Suspension, patient, recipient string) {
	t.Helper()
	e, err := s.Event(actor, patient, recipient)
	if err != nil {
		t.Fatal(err)
	}
	b.append(t, "t/1", e)
}

func (b *bench) account(t fatal, q disclosure.Request) (disclosure.Accounting, disclosure.Worksheet) {
	t.Helper()
	a, w, err := disclosure.Account(context.Background(), b.source, q)
	if err != nil {
		t.Fatal(err)
	}
	return a, w
}

func (b *bench) checkpoints(t fatal, chains ...string) map[string]audit.Checkpoint {
	t.Helper()
	out := make(map[string]audit.Checkpoint)
	for _, chain := range chains {
		c, err := b.log.Checkpoint(context.Background(), chain)
		if err != nil {
			t.Fatal(err)
		}
		out[chain] = c
	}
	return out
}

// asked is a request of a day for the patient p-1.
func asked(on string) disclosure.Request {
	return disclosure.Request{Patient: "p-1", Requested: day(on)}
}

// read is the most frequent event about a patient.
func read(patient string) audit.Event {
	return audit.Event{
		Subtype: []audit.Subtype{audit.Read}, Action: audit.ActionRead, Outcome: audit.Success, Actor: actor,
		Object: audit.Object{Type: "Observation"}, Patient: patient, ObjectID: "o-1",
	}
}

// A choosySealer fails to open what its func says, and counts.
type choosySealer struct {
	audit.Sealer
	refuse func(leaf tlog.Hash) error
	opened atomic.Int64
}

func (s *choosySealer) Open(ctx context.Context, chain string, leaf tlog.Hash, sealed []byte) ([]byte, error) {
	s.opened.Add(1)
	if s.refuse != nil {
		if err := s.refuse(leaf); err != nil {
			return nil, err
		}
	}
	return s.Sealer.Open(ctx, chain, leaf, sealed)
}
