package baakit_test

import (
	"testing"

	"github.com/baakit/baakit"
)

func BenchmarkDateAddDays(b *testing.B) {
	d := baakit.MustParseDate("2026-12-31")
	b.ReportAllocs()
	for b.Loop() {
		d.AddDays(60)
	}
}

func BenchmarkDateAddMonths(b *testing.B) {
	d := baakit.MustParseDate("2026-12-31")
	b.ReportAllocs()
	for b.Loop() {
		d.AddMonths(2, baakit.RollBack)
	}
}

func BenchmarkPeriodAddTo(b *testing.B) {
	for _, text := range []string{"60 days", "5 business days", "3 months", "6 years"} {
		b.Run(text, func(b *testing.B) {
			d, p, cal := baakit.MustParseDate("2026-12-31"), baakit.MustParsePeriod(text), baakit.Federal()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.AddTo(d, cal, baakit.RollBack); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAddBusinessDays(b *testing.B) {
	d, cal := baakit.MustParseDate("2026-12-31"), baakit.Federal()
	b.ReportAllocs()
	for b.Loop() {
		baakit.AddBusinessDays(cal, d, 30)
	}
}

func BenchmarkPeriodCompare(b *testing.B) {
	p, q := baakit.MustParsePeriod("5 business days"), baakit.MustParsePeriod("7 days")
	for b.Loop() {
		p.Compare(q, nil)
	}
}

// What the documentation promises to allocate nothing.
func TestAllocations(t *testing.T) {
	d, cal := baakit.MustParseDate("2026-12-31"), baakit.Federal()
	baakit.AddBusinessDays(cal, d, 300) // the holidays of the years are computed once
	for name, f := range map[string]func(){
		"Date.AddDays":    func() { d.AddDays(60) },
		"Date.AddMonths":  func() { d.AddMonths(60, baakit.RollBack) },
		"AddBusinessDays": func() { baakit.AddBusinessDays(cal, d, 30) },
		"days":            addTo(d, cal, "60 days"),
		"business days":   addTo(d, cal, "5 business days"),
		"months":          addTo(d, cal, "3 months"),
		"years":           addTo(d, cal, "6 years"),
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %g allocations, want 0", name, n)
		}
	}
}

func addTo(d baakit.Date, cal baakit.Calendar, text string) func() {
	p := baakit.MustParsePeriod(text)
	return func() {
		if _, err := p.AddTo(d, cal, baakit.RollBack); err != nil {
			panic(err)
		}
	}
}
