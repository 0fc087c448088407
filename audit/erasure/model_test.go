package erasure_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/audit/erasure"
)

// A modelEntry is what an entry is known to be.
type modelEntry struct {
	tenant, patient string // "" for a record of a redaction
	seq             uint64
	owed, gone      bool
}

// Over any orders, right and wrong ones, just that is destroyed which was
// ordered and accounted for; everything else opens, and all chains verify.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t, auditkeys.Options{Mode: auditkeys.Stored})
		defer d.close(t)
		var entries []*modelEntry
		closed := map[string]bool{}
		records := uint64(0)
		tenants, patients := rapid.SampledFrom([]string{"1", "2"}), rapid.SampledFrom([]string{"p-1", "p-2"})
		add := func(e modelEntry) {
			for _, x := range entries {
				if x.tenant == e.tenant {
					e.seq++
				}
			}
			entries = append(entries, &e)
		}
		with := func(rt *rapid.T, n int) (erasure.Order, bool) {
			o := order()
			k := n + rapid.SampledFrom([]int{0, 0, 0, 1, -1}).Draw(rt, "wrong by")
			if k > 0 || k == 0 && rapid.Bool().Draw(rt, "of nothing") {
				o.Accounting = handover(k)
			}
			return o, n == 0 || k == n
		}
		result := func(rt *rapid.T, err error, right bool) bool {
			if right != (err == nil) || err != nil && !errors.Is(err, erasure.ErrAccounting) {
				rt.Fatalf("%v, of an order that is right: %v", err, right)
			}
			return right
		}
		for range rapid.IntRange(1, 14).Draw(rt, "steps") {
			tenant, patient := tenants.Draw(rt, "tenant"), patients.Draw(rt, "patient")
			chain := "t/" + tenant
			var of, all []*modelEntry
			owedOf, owedAll := 0, 0
			for _, e := range entries {
				if e.tenant != tenant || e.gone {
					continue
				}
				all = append(all, e)
				if e.patient == patient {
					of = append(of, e)
				}
				if e.owed {
					owedAll++
					if e.patient == patient {
						owedOf++
					}
				}
			}
			step := rapid.IntRange(0, 9).Draw(rt, "step")
			switch {
			case closed[tenant]:
			case step < 3:
				d.read(t, chain, patient, "x")
				add(modelEntry{tenant: tenant, patient: patient})
			case step < 6:
				on := rapid.SampledFrom([]baakit.Date{today, baakit.MustDate(2020, 11, 25), baakit.MustDate(2020, 11, 24)}).Draw(rt, "made")
				d.disclose(t, chain, patient, on, "")
				add(modelEntry{tenant: tenant, patient: patient, owed: on != baakit.MustDate(2020, 11, 24)})
			case step < 8 && len(of) > 0:
				e := rapid.SampledFrom(of).Draw(rt, "entry")
				n := 0
				if e.owed {
					n = 1
				}
				o, right := with(rt, n)
				_, err := d.eraser.Redact(t.Context(), chain, e.seq, o)
				if result(rt, err, right) {
					e.gone = true
					add(modelEntry{tenant: tenant})
				}
			case step == 8 && len(of) > 0:
				o, right := with(rt, owedOf)
				_, err := d.eraser.ShredPatient(t.Context(), tenant, patient, o)
				if result(rt, err, right) {
					records++
					for _, e := range of {
						e.gone = true
					}
				}
			case step == 9:
				o, right := with(rt, owedAll)
				_, err := d.eraser.ShredTenant(t.Context(), tenant, o)
				if result(rt, err, right) {
					records++
					closed[tenant] = true
					for _, e := range all {
						e.gone = true
					}
				}
			}
		}
		for _, e := range entries {
			ev, err := d.open(t, "t/"+e.tenant, e.seq)
			if e.gone != errors.Is(err, audit.ErrErased) || !e.gone && (err != nil || ev.Patient != e.patient) {
				rt.Fatalf("entry %d of tenant %s: %v, %v, gone: %v", e.seq, e.tenant, ev.Patient, err, e.gone)
			}
		}
		if n := size(t, d, "org/erasure"); n != records {
			rt.Fatalf("%d records, want %d", n, records)
		}
		d.verify(t)
	})
}
