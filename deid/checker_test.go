package deid_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/deid"
)

// The self-check reads the output only when the letters and digits of a
// removed value are all in it. That must never change its answer.
func TestCheckerShortCuts(t *testing.T) {
	t.Parallel()
	all := make([]deid.Kind, 0, 40)
	for k := range deid.Kinds() {
		all = append(all, k)
	}
	word := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z]{1,9}`),
		rapid.StringMatching(`[0-9]{1,10}`),
		rapid.StringMatching(`[0-9]{3}-[0-9]{3}-[0-9]{4}`),
		rapid.StringMatching(`20[0-2][0-9](0[1-9]|1[0-2])(0[1-9]|1[0-9])[0-9]{0,6}`),
		rapid.StringMatching(`(0[1-9]|1[0-2])/(0[1-9]|1[0-9])/20[0-2][0-9]`),
		rapid.SampledFrom([]string{"O'Brien", "Мария", "Øystein", "K", "İstanbul", "12 Elm Street", "02139", "a@b.example", "Jan 5, 2024"}),
	)
	value := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(word, 1, 3).Draw(t, "words"), rapid.SampledFrom([]string{" ", ", ", "-", ""}).Draw(t, "between"))
	})
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		var fast, slow deid.Checker
		removed := rapid.SliceOfN(value, 1, 4).Draw(t, "removed")
		for _, v := range removed {
			k := rapid.SampledFrom(all).Draw(t, "kind")
			fast.Removed(k, v)
			slow.Removed(k, v)
		}
		for range rapid.IntRange(0, 4).Draw(t, "shown") {
			v := value.Draw(t, "value")
			if rapid.Bool().Draw(t, "one of them") {
				v = rapid.SampledFrom(removed).Draw(t, "left")
				if n := len([]rune(v)); rapid.Bool().Draw(t, "in part") {
					r := []rune(v)
					v = string(r[rapid.IntRange(0, n-1).Draw(t, "from"):])
				}
			}
			switch rapid.IntRange(0, 5).Draw(t, "written") {
			case 0:
				v = base64.StdEncoding.EncodeToString([]byte(v))
			case 1:
				v = hex.EncodeToString([]byte(v))
			case 2:
				v = url.QueryEscape(v)
			case 3:
				v = strings.ToUpper(v)
			}
			k := rapid.SampledFrom([]deid.Kind{0, deid.KindTerm, deid.KindText, deid.KindState}).Draw(t, "shown kind")
			fast.Look(k, v)
			slow.Look(k, v)
		}
		got, want := fast.Found(), slow.FoundSlowly()
		if want {
			hits++
		}
		if got != want {
			t.Fatalf("found %v, and %v when everything is read", got, want)
		}
	})
	if hits == 0 {
		t.Error("no draw had an identifier left: the test shows nothing")
	}
}

// What the short cuts could lose is found in a whole record.
func TestLeftWithoutItsLetters(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t, allKinds()...)
	for _, in := range []string{
		`{"name":"Мария Иванова","kept":"Мария"}`,
		`{"date":"20240517233445","kept":"x05172024"}`,
		`{"date":"20240517233445","kept":"id 20240517"}`,
		`{"street":"4711 Wobblethorpe Lane","kept":"of wobblethorpe lane"}`,
		`{"name":"Kelvin","kept":"\u212Aelvin"}`,
		`{"name":"Quackenbush","kept":"UXVhY2tlbmJ1c2g="}`,
		`{"name":"Quackenbush","kept":"%51uackenbush"}`,
		`{"name":"Quackenbush","kept":"517561636b656e62757368"}`,
		`{"mrn":"88-372-61-99","kept":"88372","kept2":"6199"}`,
	} {
		if out, _, err := transformed(e, e.JSON, in, nil); err == nil || out != "" {
			t.Errorf("%s became %s", in, out)
		}
	}
}
