package audit_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// appended returns the entry that a log makes of an event, as it is read back.
func appended(t interface{ Fatal(...any) }, e audit.Event) (stored, opened audit.Entry) {
	ctx := context.Background()
	l, err := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: origin, Sealer: audit.Unencrypted{TokenKey: []byte("k")}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Append(ctx, "t/1", e)
	if err != nil {
		t.Fatal(err)
	}
	for stored, err = range l.Entries(ctx, "t/1", 0) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if stored.Leaf != r.Leaf || stored.Leaf != audit.LeafHash(stored.Line) {
		t.Fatal("the receipt has another leaf")
	}
	if opened, err = l.Open(ctx, stored); err != nil {
		t.Fatal(err)
	}
	return stored, opened
}

// I5: what was appended is read back; the line is RFC 8785 canonical, and
// writing what was read gives the same bytes.
func TestLineRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, checkRoundTrip)
}

func checkRoundTrip(t *rapid.T) {
	e := events().Draw(t, "event")
	stored, opened := appended(t, e)
	if diff := cmp.Diff(e, opened.Event, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(audit.Event{})); diff != "" {
		t.Fatal(diff)
	}
	canonical, err := jcs.Canonicalize(stored.Line)
	if err != nil || !bytes.Equal(canonical, stored.Line) {
		t.Fatalf("not canonical: %v\n%s\n%s", err, stored.Line, canonical)
	}
	if again := audit.Encode(stored); !bytes.Equal(again, stored.Line) {
		t.Fatalf("encoding again gives\n%s\nwant\n%s", again, stored.Line)
	}
	// I7: no text that is sealed stands in the line, unless a clear field is
	// equal to it.
	clear := e
	clear.Patient, clear.ObjectID, clear.Query, clear.Reason = "", "", "", ""
	allowed := audit.Encode(audit.Entry{Chain: "t/1", Event: clear})
	for _, text := range []string{e.Patient, e.ObjectID, e.Query, e.Reason} {
		if len(text) > 8 && bytes.Contains(stored.Line, []byte(text)) && !bytes.Contains(allowed, []byte(text)) {
			t.Fatalf("%q is in the line", text)
		}
	}
}

// Whatever is accepted is the one way to write it: a line with a byte changed,
// left out or put in is refused or means exactly its new bytes.
func TestLineHasOneForm(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	const bytesOf = "\x00 \"\\,:{}[]0189aAzZ_-\n\x80"
	accepted := 0
	for _, g := range golden {
		for i := range g.line {
			for range 20 {
				k := rnd.IntN(len(bytesOf))
				c := bytesOf[k : k+1] // a byte, not the UTF-8 of a character
				for _, line := range []string{g.line[:i] + c + g.line[i+1:], g.line[:i] + g.line[i+1:], g.line[:i] + c + g.line[i:]} {
					accepted += checkOneForm(t, []byte(line))
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("nothing was accepted: the test checks nothing")
	}
}

func checkOneForm(t *testing.T, line []byte) int {
	e, err := audit.ParseLine(line)
	if err != nil {
		if _, ok := errors.AsType[*audit.LineError](err); !ok || !errors.Is(err, audit.ErrLine) {
			t.Fatalf("error %v is no LineError", err)
		}
		return 0
	}
	if again := audit.Encode(e); !bytes.Equal(again, line) {
		t.Fatalf("accepted\n%q\nmeans\n%q", line, again)
	}
	if canonical, err := jcs.Canonicalize(line); err != nil || !bytes.Equal(canonical, line) {
		t.Fatalf("accepted and not canonical: %q", line)
	}
	return 1
}

func TestParseLineRefuses(t *testing.T) {
	t.Parallel()
	good := golden[0].line
	for name, line := range map[string]string{
		"empty": "", "null": "null", "list": "[]", "object": "{}", "space before": " " + good, "space behind": good + " ",
		"unknown member":  strings.Replace(good, `"chain"`, `"alias":"x","chain"`, 1),
		"member twice":    strings.Replace(good, `"chain":"t/42",`, `"chain":"t/42","chain":"t/42",`, 1),
		"order":           strings.Replace(good, `"seq":0,"subject":"02f4b6bfd6e14db18dc2afff70fd4d82"`, `"subject":"02f4b6bfd6e14db18dc2afff70fd4d82","seq":0`, 1),
		"empty member":    strings.Replace(good, `"TREAT"`, `""`, 1),
		"empty object":    strings.Replace(good, `{"type":"Observation"}`, `{}`, 1),
		"two spaces":      strings.Replace(good, "TREAT", "TREAT  BTG", 1),
		"escape":          strings.Replace(good, "TREAT", `TRE\u0041T`, 1),
		"leading zero":    strings.Replace(good, `"seq":0`, `"seq":00`, 1),
		"float":           strings.Replace(good, `"seq":0`, `"seq":0.0`, 1),
		"2^53":            strings.Replace(good, `"seq":0`, `"seq":9007199254740992`, 1),
		"negative":        strings.Replace(good, `"seq":0`, `"seq":-1`, 1),
		"offset":          strings.Replace(good, "14.000000Z", "14.000000+00:00", 1),
		"milliseconds":    strings.Replace(good, "14.000000Z", "14.000Z", 1),
		"31 November":     strings.Replace(good, "11-22", "11-31", 1),
		"leap second":     strings.Replace(good, "03:40:14", "23:59:60", 1),
		"upper-case hash": strings.Replace(good, "79fa", "79FA", 1),
		"short hash":      strings.Replace(good, "79fa", "79f", 1),
		"action":          strings.Replace(good, `"action":"R"`, `"action":"X"`, 1),
		"outcome":         strings.Replace(good, `"outcome":"0"`, `"outcome":"1"`, 1),
		"type rest":       strings.Replace(good, `,"v":1`, `,"type":"rest","v":1`, 1),
		"version":         strings.Replace(good, `"v":1`, `"v":2`, 1),
		"no prev":         strings.Replace(good, `"prev":"79fa66744e1305746a3a1cb9926dba9d0ee7e54fd9ec66158c70f65932bc636b",`, "", 1),
		"no chain":        strings.Replace(good, `"chain":"t/42",`, "", 1),
		"chain":           strings.Replace(good, `"t/42"`, `"t//42"`, 1),
		"long identifier": strings.Replace(good, "physician", strings.Repeat("x", 129), 1),
		"too long":        strings.Replace(good, "TREAT", "TREAT"+strings.Repeat(" TREAT", 11000), 1),
		"empty at":        `{"chain":"a"`,
	} {
		if name != "empty" && line == good {
			t.Fatalf("%s: the line was not changed", name)
		}
		if _, err := audit.ParseLine([]byte(line)); !errors.Is(err, audit.ErrLine) {
			t.Errorf("%s: error %v, want ErrLine", name, err)
		}
	}
	for name, line := range map[string]string{
		"128":      strings.Replace(good, "physician", strings.Repeat("x", 128), 1),
		"2^53-1":   strings.Replace(good, `"seq":0`, `"seq":9007199254740991`, 1),
		"leap day": strings.Replace(good, "2026-11-22", "2028-02-29", 1),
		"codes":    strings.Replace(good, "TREAT", "TREAT BTG", 1),
	} {
		if _, err := audit.ParseLine([]byte(line)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The hand-written reader of times agrees with package time.
func TestLineTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-62135596800e6, 253402300799e6).Draw(t, "at")).UTC()
		text := at.Format("2006-01-02T15:04:05.000000Z")
		line := strings.Replace(golden[0].line, "2026-11-22T03:40:14.000000Z", text, 1)
		e, err := audit.ParseLine([]byte(line))
		if at.IsZero() {
			return // the zero time is absent
		}
		if err != nil || !e.Time.Equal(at) {
			t.Fatalf("%s reads as %v, %v", text, e.Time, err)
		}
		i := rapid.IntRange(0, len(text)-1).Draw(t, "i")
		wrong := text[:i] + string(rapid.SampledFrom([]byte("0123456789-:TZ.+ ")).Draw(t, "c")) + text[i+1:]
		want, wantErr := time.Parse("2006-01-02T15:04:05.000000Z", wrong)
		e, err = audit.ParseLine([]byte(strings.Replace(line, text, wrong, 1)))
		if ok := wantErr == nil && want.Format("2006-01-02T15:04:05.000000Z") == wrong && want.Year() > 0 && !want.IsZero(); ok != (err == nil) || ok && !e.Time.Equal(want) {
			t.Fatalf("%s reads as %v, %v; package time reads %v, %v", wrong, e.Time, err, want, wantErr)
		}
	})
}

// Digits are told from other bytes, and decoded, as package hex does: every
// byte at every place of the eight that are looked at together.
func TestLineHex(t *testing.T) {
	t.Parallel()
	good := golden[0].leaf
	for i := range good {
		for c := range 256 {
			s := good[:i] + string([]byte{byte(c)}) + good[i+1:]
			want, err := hex.DecodeString(s)
			ok := err == nil && s == strings.ToLower(s)
			got, gotOK := audit.DecodeHex(s)
			if gotOK != ok || ok && !bytes.Equal(got, want) {
				t.Fatalf("%q is read as %x, %v", s, got, gotOK)
			}
		}
	}
}

func FuzzParseLine(f *testing.F) {
	for _, g := range golden {
		f.Add([]byte(g.line))
	}
	f.Add([]byte(`{"chain":"system","checkpoint":{"chain":"t/1","root":"` + golden[0].leaf + `","size":3},"prev":"` + golden[0].leaf + `","seq":0,"time":"2026-11-22T03:40:14.000000Z","v":1}`))
	f.Fuzz(func(t *testing.T, line []byte) { checkOneForm(t, line) })
}
