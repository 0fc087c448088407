package risk_test

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/baakit/baakit/deid/risk"
)

// A million records by five quasi-identifiers, nearly all of them unique, live
// in less than 64 MiB, and so does what is gathered on the way.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a million records")
	}
	// The collector runs at every tenth of growth, so that the heap is
	// what is in use.
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	var before, m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	a, err := risk.New(fiveColumns)
	if err != nil {
		t.Fatal(err)
	}
	var peak uint64
	n := 0
	for row, err := range large(1_000_000) {
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Add(row); err != nil {
			t.Fatal(err)
		}
		if n++; n%4096 == 0 {
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	r := a.Result()
	runtime.ReadMemStats(&m)
	peak = max(peak, m.HeapAlloc)
	if r.Records != 1_000_000 || r.UniqueShare < .9 {
		t.Fatalf("%d records, %.2f of them unique: not the worst case", r.Records, r.UniqueShare)
	}
	if used := peak - before.HeapAlloc; used > 64<<20 {
		t.Errorf("%d bytes at the most", used)
	} else {
		t.Logf("%.1f MiB at the most, %d classes", float64(used)/(1<<20), r.Classes)
	}
	runtime.KeepAlive(a)
}
