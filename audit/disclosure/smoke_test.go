package disclosure_test

import (
	"context"
	"crypto/ed25519"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/disclosure"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	store := audit.NewMemory()
	sealer := audit.Unencrypted{TokenKey: []byte("k")}
	_, key, _ := ed25519.GenerateKey(nil)
	signer, _ := audit.NewSigner(key)
	log, err := audit.New(ctx, store, audit.Options{Origin: "a.example", Sealer: sealer, Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		d := disclosure.Disclosure{Date: baakit.MustDate(2026, 3, 1+i), Recipient: disclosure.Recipient{Name: "County"}, Description: "x", Purpose: "y", Basis: disclosure.PublicHealth}
		e, err := d.Event(audit.Actor{ID: "u"}, "p-1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(ctx, "t/1", e); err != nil {
			t.Fatal(err)
		}
	}
	src := disclosure.Source{Store: store, Sealer: sealer, Chains: []string{"t/1"}}
	a, w, err := disclosure.Account(ctx, src, disclosure.Request{Patient: "p-1", Requested: baakit.MustDate(2026, 4, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Lines) != 1 || len(w.Considered) != 3 {
		t.Fatal(a.Lines, w.Considered)
	}
	c, _ := log.Checkpoint(ctx, "t/1")
	a, err = a.Prove(ctx, src, map[string]audit.Checkpoint{"t/1": c})
	if err != nil {
		t.Fatal(err)
	}
	data, err := a.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	b, err := disclosure.ParseAccounting(data)
	if err != nil {
		t.Fatal(err, string(data))
	}
	if _, err := b.Verify(signer.Verifier(), "a.example"); err != nil {
		t.Fatal(err)
	}
	o, err := disclosure.Outstanding(ctx, src, baakit.MustDate(2026, 4, 1), "")
	if err != nil || len(o.Disclosures) != 3 {
		t.Fatal(o.Disclosures, err)
	}
}
