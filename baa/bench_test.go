package baa_test

import (
	"testing"

	"github.com/baakit/baakit/baa"
)

func BenchmarkSeal(b *testing.B) {
	d := complete()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := baa.Seal(d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	v, rules, house := sealed(b, complete()), baa.CurrentRules(), baa.DefaultHousePolicy()
	b.ReportAllocs()
	for b.Loop() {
		if !baa.Check(v, rules, &baa.CheckOptions{House: &house}).Passes() {
			b.Fatal("does not pass")
		}
	}
}

func BenchmarkDiff(b *testing.B) {
	v, w := sealed(b, complete()), sealed(b, complete().Without("audit_rights").With(baa.Reporting{Breach: true}))
	b.ReportAllocs()
	for b.Loop() {
		if baa.Diff(v, w).IsEmpty() {
			b.Fatal("nothing changed")
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	v, w := sealed(b, complete()), sealed(b, complete().Without("audit_rights").With(baa.Reporting{Breach: true}))
	b.ReportAllocs()
	for b.Loop() {
		if !baa.Classify(baa.Diff(v, w), nil).Reacceptance {
			b.Fatal("no acceptance asked for")
		}
	}
}

func BenchmarkRender(b *testing.B) {
	v := sealed(b, complete())
	for name, render := range map[string]func() string{"md": v.Markdown, "html": v.HTML, "txt": v.Text} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if render() == "" {
					b.Fatal("empty")
				}
			}
		})
	}
}
