package deid_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// m0 is a context for where no test's is at hand.
var m0 = context.Background()

var asOf = baakit.MustParseDate("2026-11-24")

type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// engine compiles the definition and makes an engine.
func engine(t fataler, d deid.Definition, opts *deid.Options) *deid.Engine {
	t.Helper()
	p, err := d.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if opts == nil {
		opts = &deid.Options{AsOf: asOf, Vault: deid.NewMemoryVault(), Scope: "test"}
	}
	e, err := deid.New(p, opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// safeHarbor is an engine of a safe harbor policy with the rules.
func safeHarbor(t fataler, rules ...deid.Rule) *deid.Engine {
	t.Helper()
	return engine(t, deid.SafeHarbor(rules...), nil)
}

// transformed runs a stream and returns what came out.
func transformed(e *deid.Engine, f transform, in string, s *deid.Subject) (out string, r *deid.Report, err error) {
	var b bytes.Buffer
	r = e.NewReport()
	err = f(m0, &b, strings.NewReader(in), s, r)
	return b.String(), r, err
}

// encodedIn is a search of its own, slow and plain, for a value in a text: as
// it is, in any case, without separators, in base64 at each of its three
// offsets, in hexadecimal and with percent signs. It returns how it was found,
// or "".
func encodedIn(text, value string) string {
	lower := strings.ToLower(text)
	switch {
	case strings.Contains(text, value):
		return "as it is"
	case strings.Contains(lower, strings.ToLower(value)):
		return "in another case"
	case len(squeeze(value)) >= 6 && strings.Contains(squeeze(text), squeeze(value)):
		return "with other separators"
	case strings.Contains(lower, strings.ToLower(url.QueryEscape(value))), strings.Contains(lower, strings.ToLower(url.PathEscape(value))):
		return "with percent signs"
	case strings.Contains(lower, hex.EncodeToString([]byte(value))):
		return "in hexadecimal"
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for offset := range 3 {
			coded := enc.EncodeToString([]byte(strings.Repeat("\x00", offset) + value))
			// The first and last characters also hold bits of the neighbours.
			from := (offset*8 + 5) / 6
			to := len(coded) - 1
			if to-from >= 6 && strings.Contains(text, coded[from:to]) {
				return "in base64"
			}
		}
	}
	return ""
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// The search finds what it is to find.
func TestEncodedIn(t *testing.T) {
	t.Parallel()
	const value = "Zebulon Quack-918273"
	for _, text := range []string{
		value, strings.ToUpper(value), "zebulonquack 918 273", url.QueryEscape(value), hex.EncodeToString([]byte(value)),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte("x" + value)),
		base64.URLEncoding.EncodeToString([]byte("xy" + value + "z")),
	} {
		if encodedIn("before "+text+" behind", value) == "" {
			t.Errorf("not found in %q", text)
		}
	}
	if how := encodedIn("nothing of the kind", value); how != "" {
		t.Errorf("found %s where it is not", how)
	}
}
