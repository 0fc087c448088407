package subprocessor_test

import (
	"testing"
	"time"

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

var benchDay = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func large(b testing.TB) *subprocessor.State {
	s, err := subprocessortest.Registry().StateAt(subprocessortest.Large(10_000, 100_000), benchDay, benchDay)
	if err != nil || len(s.Ignored()) > 0 {
		b.Fatal(err, len(s.Ignored()))
	}
	return s
}

func BenchmarkGate(b *testing.B) {
	s, err := subprocessortest.Registry().StateAt(subprocessortest.Large(1000, 10_000), benchDay, benchDay)
	if err != nil {
		b.Fatal(err)
	}
	x := subprocessor.Compile(s)
	b.ReportAllocs()
	for b.Loop() {
		if !x.Gate("engagement77", "customer77", benchDay).Yes() {
			b.Fatal("closed")
		}
	}
}

func BenchmarkStateAt(b *testing.B) {
	events, reg := subprocessortest.Large(10_000, 100_000), subprocessortest.Registry()
	for b.Loop() {
		if _, err := reg.StateAt(events, benchDay, benchDay); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	s := large(b)
	for b.Loop() {
		subprocessor.Compile(s)
	}
}

func BenchmarkFlowDown(b *testing.B) {
	s := large(b)
	for b.Loop() {
		n := 0
		for e := range s.FlowDown() {
			if e.Verdict != subprocessor.Pass {
				b.Fatal(e)
			}
			n++
		}
		if n != 10_000 {
			b.Fatal(n)
		}
	}
}

func TestGateAllocatesNothing(t *testing.T) {
	s, err := subprocessortest.Registry().StateAt(subprocessortest.Large(10, 100), benchDay, benchDay)
	if err != nil {
		t.Fatal(err)
	}
	x := subprocessor.Compile(s)
	if n := testing.AllocsPerRun(100, func() {
		if !x.Gate("engagement7", "customer7", benchDay).Yes() {
			t.Fatal(x.Gate("engagement7", "customer7", benchDay).Reasons())
		}
	}); n != 0 {
		t.Errorf("a yes allocates %v times", n)
	}
}
