package deidhl7_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidhl7"
)

const bare = `MSH|^~\&|||||||ADT^A01||P|2.5.1` + "\r"

// became transforms segments behind a header and returns them.
func became(t *testing.T, h hl7, segments string) string {
	t.Helper()
	out, _, err := h.run(bare+segments, nil)
	if err != nil {
		t.Fatalf("%q: %v", segments, err)
	}
	body, ok := strings.CutPrefix(out, bare)
	if !ok {
		t.Fatalf("%q: the header became %q", segments, out)
	}
	return body
}

// What becomes of values by their type.
func TestTypes(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	for _, tt := range []struct{ in, want string }{
		// Dates: the year of any precision, and what shows an age over 89.
		{"PV1||||||||||||||||||||||||||||||||||||||||||||201905171030|2019051710301512.1234-0500", "PV1||||||||||||||||||||||||||||||||||||||||||||2019|"},
		{"PV1||||||||||||||||||||||||||||||||||||||||||||201905|20190517103015.1234-0500", "PV1||||||||||||||||||||||||||||||||||||||||||||2019|2019"},
		{"PV1||||||||||||||||||||||||||||||||||||||||||||201905171030^M|2019^Y", "PV1||||||||||||||||||||||||||||||||||||||||||||2019^M|2019^Y"},
		{"PV1||||||||||||||||||||||||||||||||||||||||||||20190230|190517", "PV1||||||||||||||||||||||||||||||||||||||||||||" + "|"},
		{"PID|||||||19370502", "PID|||||||1937"},
		{"PID|||||||19360502", "PID|||||||"},
		{"PID|||||||19360502||||||||||||||||||||||20250101", "PID|||||||1936||||||||||||||||||||||2025"},
		{"PID|||||||19300502||||||||||||||||||||||20250101", "PID|||||||||||||||||||||||||||||"},
		{"PID|||||||19500502\rOBX|1|NM|30525-0^Age^LN||93|a", "PID|||||||\rOBX|1|NM|30525-0^Age^LN|||a"},
		// Addresses.
		{"PID|||||||||||9 Elm St^Apt 2^Wobbleton^MA^02139-4307^USA^H^x^Middlesex^3521.01", "PID|||||||||||^^^MA^021^USA^H^^^"},
		{"PID|||||||||||9 Elm St&Elm St&9^^Wobbleton^ON^L6G 1C7^CAN~^^^vermont^05001", "PID|||||||||||&&^^^^000^CAN~^^^vermont^050"},
		{"PID|||||||||||^^^MA&x^036", "PID|||||||||||^^^MA&^000"},
		// Names, with the types of name.
		{"PID|||||van Quill&van&Quill^Zebulon^Q^Jr^Dr^MD^L^A~Zeb^^^^^^N", "PID|||||&&^^^^^^L^A~^^^^^^N"},
		{"PID|||||\"\"|x", "PID|||||\"\"|"},
		{"PID|||||^\"\"", "PID|||||^\"\""},
		// Telephones.
		{"PID|||||||||||||^PRN^PH^^1^617^5550182^4~^NET^Internet^z@wobble.example", "PID|||||||||||||^PRN^PH^^^^^~^NET^Internet^"},
		// Codes and displays.
		{"DG1|1||I10^Hypertension^I10C^X9^Own words^99LOC|free", "DG1|1||I10^Hypertension^I10C^X9^^99LOC|"},
		{"DG1|1||I10^Hypertension^NONE", "DG1|1||I10^^"},
		{"DG1|1||^Hypertension^I10C", "DG1|1||^^I10C"},
		{"DG1|1||A long text^Hypertension^I10C", "DG1|1||^^I10C"},
		{"DG1|1||I10^May 17, 2024^I10C", "DG1|1||I10^^I10C"},
		{"DG1|1||I10^see https://wobble.example^I10C", "DG1|1||I10^^I10C"},
		{"OBX|1|CE|2345-7^Glucose^LN||73211009^Diabetes mellitus^SCT~73211008^Wrong digit^SCT", "OBX|1|CE|2345-7^Glucose^LN||73211009^Diabetes mellitus^SCT~^^SCT"},
		{"OBX|1|CE|2345-6^Wrong digit^LN||A&B^x^L", "OBX|1|CE|^^LN||&^^L"},
		{"PID||||||||||2106-3^White^HL70005~2028-9^Asian^CDCREC", "PID||||||||||^^HL70005~2028-9^Asian^CDCREC"},
		{"PID||||||||female||Caucasian", "PID||||||||female||Caucasian"},
		{"PID||||||||123456||Two words", "PID||||||||||"},
		// Numbers and ranges.
		{"PV1||||||||||||||||||||||||||12500.50|-3|1234567", "PV1||||||||||||||||||||||||||12500.50|-3|"},
		{"OBX|1|NM|||4500000|mm[Hg]|< 5.0", "OBX|1|NM|||4500000|mm[Hg]|< 5.0"},
		{"OBX|1|NM|||19800517||135 - 145", "OBX|1|NM|||||135 - 145"},
		{"OBX|1|NM|||10000000||02139-4307", "OBX|1|NM|||10000000||"},
		{"OBX|1|SN|||>^100^-^200||Negative", "OBX|1|SN|||>^100^-^200||Negative"},
		// OBX-5 by OBX-2.
		{"OBX|1|DT|||20190517", "OBX|1|DT|||2019"},
		{"OBX|1|TS|||20190517103015^M", "OBX|1|TS|||2019^M"},
		{"OBX|1|TM|||1030", "OBX|1|TM|||"},
		{"OBX|1|TM|||2019", "OBX|1|TM|||"},
		{"OBX|1|ST|||Seen well", "OBX|1|ST|||"},
		{"OBX|1|FT|||\"\"", "OBX|1|FT|||\"\""},
		{"OBX|1|ED|||^application^pdf^Base64^JVBERi0x", "OBX|1|ED|||^^^^"},
		{"OBX|1|RP|||file://x^y&z", "OBX|1|RP|||^&"},
		{"OBX|1||||94", "OBX|1||||"},
		{"OBX|1|nm|||94", "OBX|1|nm|||"},
		{"OBX|1|ZZ|||94~95", "OBX|1|ZZ|||~"},
		{"OBX|1|XPN|||Quill^Zeb", "OBX|1|XPN|||^"},
		{"OBX|1|CX|||123^^^N^SS", "OBX|1|CX|||^^^^SS"},
		{"OBX|1|IS|||POS", "OBX|1|IS|||POS"},
		{"OBX|1|CWE|||260385009^Negative^SCT^^^^^^what was said", "OBX|1|CWE|||260385009^Negative^SCT^^^^^^"},
		// Ages, in their units.
		{"OBX|1|NM|30525-0^Age^LN||89|a", "OBX|1|NM|30525-0^Age^LN||89|a"},
		{"OBX|1|NM|30525-0^Age^LN||90|a", "OBX|1|NM|30525-0^Age^LN|||a"},
		{"OBX|1|NM|30525-0^Age^LN||92|mo", "OBX|1|NM|30525-0^Age^LN||92|mo"},
		{"OBX|1|NM|X^Patient AGE^L||92", "OBX|1|NM|X^^L||"},
		{"OBX|1|ST|30525-0^Age^LN||92 years", "OBX|1|ST|30525-0^Age^LN||90+"},
		{"OBX|1|NM|X^Percentage^L||92", "OBX|1|NM|X^^L||92"},
		{"OBX|1|DT|21112-8^Birth date^LN||19300517", "OBX|1|DT|21112-8^Birth date^LN||"},
		{"OBX|1|DT|X^Last seen^L||19300517", "OBX|1|DT|X^^L||1930"},
		{"OBX|1|NM|8339-4^Birth weight Measured^LN||3200|g", "OBX|1|NM|8339-4^Birth weight Measured^LN||3200|g"},
		{"OBX|1|NM|X^Zip code^L||90210", "OBX|1|NM|X^^L||902"},
		// Fields, components and repetitions behind the last.
		{"AL1|1|DA|||||x|y^z~w|", "AL1|1|DA||||||^~|"},
		{"EVN|A01||||1^Quill||", "EVN|A01||||^||"},
		{"NTE|1|L|words\\.br\\and words|", "NTE|1|L||"},
		{"PID", "PID"},
		{"PID|", "PID|"},
	} {
		if got := became(t, h, tt.in+"\r"); got != tt.want+"\r" {
			t.Errorf("%s\n became %q\n want   %q", tt.in, got, tt.want+"\r")
		}
	}
}

func TestKeepProviders(t *testing.T) {
	t.Parallel()
	h := transformer(t, &deidhl7.Options{KeepProviders: true})
	const in = "PV1|1|I|||||17^Well\\T\\good^Ada^^^Dr^MD^^NPI^L^^^NPI\rNK1|1|Quill^Zeb\rIN2|||Quill^Emp\r"
	if got, want := became(t, h, in), "PV1|1|I|||||17^Well\\T\\good^Ada^^^^^^^L^^^NPI\rNK1|1|^\rIN2|||^\r"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// Not if the name is that of the patient as well.
	if out, _, err := h.run(bare+"PID|||||Well^Zeb\rPV1|1|I|||||17^Well^Ada\r", nil); !errors.Is(err, deid.ErrIdentifierLeft) || out != "" {
		t.Errorf("%q, %v", out, err)
	}
}

var codePattern = regexp.MustCompile(`[A-Z2-7]{26}`)

// Codes are the same for one number of one authority, over messages and
// segments, and no others are; a second job has others.
func TestCodes(t *testing.T) {
	t.Parallel()
	vault := deid.NewMemoryVault()
	job := func(scope string) []string {
		h := transformerOf(t, deid.SafeHarbor(codeRules...), &deid.Options{AsOf: asOf, Vault: vault, Scope: scope}, &deidhl7.Options{Namespaces: map[string]string{"SOUTH": "south-mrn"}})
		out, _, err := h.run(bare+"PID|||123^^^NORTH&2.999&ISO^MR~123^^^EAST^MR~123^^^SOUTH^MR~123~ 123 ^^^NORTH&2.999&ISO\r"+
			bare+"MRG|123^^^NORTH&2.999&ISO^MR\rORC||123^NORTH^2.999^ISO|9|||||123&NORTH&2.999&ISO^9\r", nil)
		if err != nil {
			t.Fatal(err)
		}
		return codePattern.FindAllString(out, -1)
	}
	a := job("a")
	if len(a) != 10 {
		t.Fatalf("%d codes, want 10", len(a))
	}
	north, east, south, none := a[0], a[1], a[2], a[3]
	if a[4] != north || a[5] != north {
		t.Error("one number of one authority has two codes")
	}
	if north == east || north == south || east == south || none == north || none == south {
		t.Error("two authorities share a code")
	}
	if order, filler := a[6], a[7]; order == filler || a[8] != order || a[9] != filler || order == north {
		t.Errorf("the codes of orders: %q", a[6:])
	}
	code, err := vault.Code(t.Context(), "a", "south-mrn", []byte("123"))
	if err != nil || code.String() != south {
		t.Error("the code of an authority with a namespace is not that of the number in it")
	}
	if code, err = vault.Code(t.Context(), "a", "mrn", []byte("123")); err != nil || code.String() != none {
		t.Error("the code of a number without authority is not that of the number")
	}
	for i, code := range job("b") {
		if code == a[i] {
			t.Error("two jobs share a code")
		}
	}
}

// Values that stay are the bytes that they were, whatever the separators.
func TestUntouched(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	const message = "MSH|^~\\&|||||2024||ADT^A01^ADT_A01||P|2.5.1|||AL|NE||UNICODE UTF-8\r" +
		"PV1|1|I|^^^^^N|||||||MED||||7||||A||||||||||||||||||||||||||2024|2024|\r" +
		"DG1|1||E11.9^Type 2 diabetes \\T\\ more \\H\\very\\N\\ é^I10C|||A||\r" +
		"OBX|1|CE|2951-2^Sodium^LN||260385009^Negative\\.br\\again^SCT~\"\"||N||||F|||\r" +
		"OBX|2|NM|2951-2^Sodium^LN||140|mmol/L|135-145|N~L|||F|||2024||\r\r"
	for _, seps := range []string{`|^~\&`, `*:;!%`, `$,;@#`, "|^~\\&#", "#^~\\&"} {
		in := swap(message, seps)
		if out, _, err := h.run(in, nil); err != nil || out != in {
			t.Errorf("%q became %q: %v", in, out, err)
		}
	}
	for _, end := range []string{"\n", "\r\n"} {
		in := strings.ReplaceAll(message, "\r", end)
		if out, _, err := h.run(in, nil); err != nil || out != in {
			t.Errorf("%q became %q: %v", in, out, err)
		}
	}
}

// swap writes a message with other separators, of which a fifth is that of
// truncation.
func swap(message, seps string) string {
	if len(seps) == 6 {
		message = strings.Replace(message, `|^~\&|`, `|^~\&#|`, 1)
		seps = seps[:5]
	}
	return strings.Map(func(r rune) rune {
		if i := strings.IndexRune(`|^~\&`, r); i >= 0 {
			return rune(seps[i])
		}
		return r
	}, message)
}

func TestSeparators(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	for _, ok := range []string{`MSH|^~\&|`, `MSH|^~\&#|`, `MSH|^~\\&|`, `MSH|^~\|`, `MSH|^~|`, `MSH|^|`, `MSH|^~\&`, `MSH*:;!%*`} {
		if out, _, err := h.run(ok+"\rPV1"+ok[3:4]+"1\r", nil); err != nil || out != ok+"\rPV1"+ok[3:4]+"1\r" {
			t.Errorf("%s: %q, %v", ok, out, err)
		}
	}
	for _, bad := range []string{`MSH`, `MSH|`, `MSH||`, `MSH|^^\&|`, `MSH|^~\&#%|`, `MSH|^~\&^|`, `MSH|A~\&|`, `MSH|^~\1|`, `MSH|^~\"|`, "MSH|^~\\\t|", `MSH ^~\&`, `MSH|^~é|`, `MSH|^|~\&|`} {
		out, r, err := h.run(bad+"\rPV1|1\r"+bare, nil)
		if bad == `MSH|^|~\&|` { // one separator, and a value that is not listed
			if err != nil || out != "MSH|^||\rPV1|1\r"+bare {
				t.Errorf("%s: %q, %v", bad, out, err)
			}
			continue
		}
		if !errors.Is(err, deid.ErrMalformed) || out != bare || r.Failed() != 1 {
			t.Errorf("%s: %q, %v", bad, out, err)
		}
	}
	// Without an escape character nothing that needs one can take the place
	// of a value.
	tags := transformerOf(t, deid.SafeHarbor(deid.Rule{Kind: deid.KindName, Action: deid.Tag}), nil, nil)
	if out, _, err := tags.run("MSH|^~\rPID|||||Quill^Zeb\r", nil); err != nil || out != "MSH|^~\rPID|||||[NAME]^[NAME]\r" {
		t.Errorf("%q, %v", out, err)
	}
	if out, _, err := tags.run("MSH|[~\rPID|||||Quill[Zeb\r", nil); err != nil || out != "MSH|[~\rPID|||||[\r" {
		t.Errorf("%q, %v", out, err)
	}
	if out, _, err := tags.run("MSH|[~\\\rPID|||||Quill[Zeb\r", nil); err != nil || out != "MSH|[~\\\rPID|||||\\S\\NAME][\\S\\NAME]\r" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestFraming(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	const a, b, bad = "MSH|^~\\&\rPV1|1|I\r", "MSH|^~\\&\nPV1|2|O", "MSH|^^\rPV1|3\r"
	for _, tt := range []struct{ name, in, want, rule string }{
		{"one", a, a, ""},
		{"two", a + b + "\n", a + b + "\n", ""},
		{"blank lines between", "\r\n" + a + "\r\r" + b, "\r\n" + a + "\r\r" + b, ""},
		{"framed", "\x0b" + a + "\x1c\r", "\x0b" + a + "\x1c\r", ""},
		{"framed, two", "\x0b" + a + "\x1c\r\x0b" + b + "\x1c\r\n", "\x0b" + a + "\x1c\r\x0b" + b + "\x1c\r\n", ""},
		{"framed together", "\x0b" + a + a + "\x1c\r", "\x0b" + a + a + "\x1c\r", ""},
		{"no return behind the frame", "\x0b" + a + "\x1c", "\x0b" + a + "\x1c", ""},
		{"an empty frame", "\x0b\x1c\r" + a, "\x0b\x1c\r" + a, ""},
		{"a byte order mark", "\ufeff" + a, "\ufeff" + a, ""},
		{"nothing", "", "", ""},
		{"only line ends", "\r\n\r\n", "\r\n\r\n", ""},
		{"a bad one between", a + bad + b, a + b, "separators"},
		{"a bad one framed", "\x0b" + bad + "\x1c\r\x0b" + a + "\x1c\r", "\x0b" + a + "\x1c\r", "separators"},
		{"a bad one first in the frame", "\x0b" + bad + a + "\x1c\r", "\x0b" + a + "\x1c\r", "separators"},
		{"no end of the frame", "\x0b" + a, "", "no end"},
		{"no end of the first frame", "\x0b" + a + "\x0b" + b + "\x1c\r", "\x0b" + b + "\x1c\r", "no end"},
		{"no end of the frame of two", "\x0b" + a + a, "\x0b" + a + "\x1c\r", "no end"},
		{"no beginning of the frame", a + "\x1c\r" + a, a, "no beginning"},
		{"segments outside", "PID|1||123\r" + a, a, "outside"},
		{"text outside", a + "\x0b\x1c\rZebulon\r" + a, a + "\x0b\x1c\r" + a, "outside"},
		{"a batch", "FHS|^~\\&|||||20240517\rBHS|^~\\&\r" + a + b + "\nBTS|2|x\rFTS|1\r", "FHS|^~\\&|||||2024\rBHS|^~\\&\r" + a + b + "\nBTS|2|\rFTS|1\r", ""},
		{"a batch with other separators", "BHS*:~\\&\r" + a + "BTS*1*x\r", "BHS*:~\\&\r" + a + "BTS*1*\r", ""},
		{"the end of a batch without one", a + "BTS|1\r", a, "separators"},
		{"a header among the segments", "BHS|^~\\&\rPID|1||||Q\r" + a, "BHS|^~\\&\rPID|1||||\r" + a, ""},
	} {
		for _, chunk := range []string{"whole", "a byte at a time"} {
			var src io.Reader = strings.NewReader(tt.in)
			if chunk != "whole" {
				src = iotest.OneByteReader(src)
			}
			var out bytes.Buffer
			err := h.Transform(t.Context(), &out, src, nil, h.e.NewReport())
			if tt.rule == "" && err != nil || tt.rule != "" && (!errors.Is(err, deid.ErrMalformed) || !strings.Contains(err.Error(), tt.rule)) || out.String() != tt.want {
				t.Errorf("%s, %s: %q\n became %q\n want   %q: %v", tt.name, chunk, tt.in, out.String(), tt.want, err)
			}
		}
	}
}

func TestCharsets(t *testing.T) {
	t.Parallel()
	scrub := transformerOf(t, deid.SafeHarbor(), &deid.Options{AsOf: asOf, Text: names{"Müller"}}, nil)
	msh := func(set string) string { return "MSH|^~\\&||||||||||||||||" + set + "\r" }
	const latin, utf = "M\xfcller", "Müller"
	for _, tt := range []struct {
		name, in, want string
		err            error
	}{
		{"UTF-8", msh("") + "NTE|1||" + utf + " é\r", msh("") + "NTE|1||X é\r", nil},
		{"declared", msh("UNICODE UTF-8") + "NTE|1||" + utf + "\r", msh("UNICODE UTF-8") + "NTE|1||X\r", nil},
		{"Latin-1", msh("8859/1") + "NTE|1||" + latin + " \xe9\r", msh("8859/1") + "NTE|1||X \xe9\r", nil},
		{"Latin-1 that is UTF-8", msh("8859/1") + "NTE|1||" + utf + "\r", msh("8859/1") + "NTE|1||X\r", nil},
		{"Latin-1, not declared", msh("") + "NTE|1||" + latin + "\r", "", deid.ErrMalformed},
		{"Latin-1, declared ASCII", msh("ASCII") + "PID|||||" + latin + "\r", "", deid.ErrMalformed},
		{"Shift JIS", msh("ISO IR87") + "NTE|1||x\r", "", deid.ErrMalformed},
		{"GB 18030", msh("GB 18030-2000") + "NTE|1||x\r", "", deid.ErrMalformed},
		{"with another by escapes", msh("ASCII~ISO IR87") + "NTE|1||x\r", "", deid.ErrMalformed},
		{"with UTF-8 too", msh("ASCII~UNICODE UTF-8") + "NTE|1||x\r", msh("ASCII~UNICODE UTF-8") + "NTE|1||x\r", nil},
		{"escapes of a set", msh("") + "NTE|1||x\\C2842\\y~\\M2442\\~\\Zab\\~a\\b~\\~\x1b$B~\x00~\\X4\\~\\XFF\\~\\Q\\~\\.xx\\~ok\r", msh("") + "NTE|1||~~~~~~~~~~~ok\r", nil},
	} {
		out, _, err := scrub.run(tt.in, nil)
		if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || out != tt.want {
			t.Errorf("%s: %q, want %q: %v", tt.name, out, tt.want, err)
		}
	}
}

// names is a text scrubber that knows some names.
type names []string

func (n names) ScrubText(_ context.Context, dst, text []byte, s *deid.Subject) ([]byte, []deid.Removed, error) {
	count := 0
	for _, name := range n {
		count += bytes.Count(text, []byte(name))
		text = bytes.ReplaceAll(text, []byte(name), []byte("X"))
	}
	if count == 0 {
		return append(dst, text...), nil, nil
	}
	return append(dst, text...), []deid.Removed{{Identifier: deid.Names, Rule: "names", Count: count}}, nil
}

// Text is scrubbed without its escapes, and written with them; what the scrubber
// leaves as it was keeps its bytes.
func TestScrub(t *testing.T) {
	t.Parallel()
	h := transformerOf(t, deid.SafeHarbor(), &deid.Options{AsOf: asOf, Text: names{"Quackenbush"}}, nil)
	for _, tt := range []struct{ in, want string }{
		{"NTE|1||Seen well \\T\\ happy \\H\\today\\N\\\\.br\\Good", "NTE|1||Seen well \\T\\ happy \\H\\today\\N\\\\.br\\Good"},
		{"NTE|1||A & B ^ C", "NTE|1||A & B ^ C"},
		{"NTE|1||Quackenbush & Co ^ C", "NTE|1||X \\T\\ Co \\S\\ C"},
		{"NTE|1||Quack\\H\\enbush\\N\\ is well", "NTE|1||X is well"},
		{"NTE|1||\\X517561636B656E62757368\\ \\E\\ \\F\\ \\R\\\\.br\\x", "NTE|1||X \\E\\ \\F\\ \\R\\\\.br\\x"},
		{"NTE|1||Quackenbush~Quackenbush \\X0D\\y", "NTE|1||X~X \\X0D\\y"},
		{"OBX|1|TX|X^Quackenbush^L||Quackenbush~ok", "OBX|1|TX|X^X^L||X~ok"},
		{"OBX|1|CWE|||X^^^^^^^^said Quackenbush", "OBX|1|CWE|||X^^^^^^^^said X"},
	} {
		if got := became(t, h, tt.in+"\r"); got != tt.want+"\r" {
			t.Errorf("%q became %q, want %q", tt.in, got, tt.want)
		}
	}
	// A name that the scrubber does not know, and the record does.
	if out, _, err := h.run(bare+"PID|||||Wobble^Zeb\rNTE|1||said wob\\H\\ble\\N\\\r", nil); !errors.Is(err, deid.ErrIdentifierLeft) || out != "" {
		t.Errorf("%q, %v", out, err)
	}
}

// Limits, broken sources, sinks, vaults and contexts.
func TestFaults(t *testing.T) {
	t.Parallel()
	small := transformerOf(t, deid.SafeHarbor(), &deid.Options{MaxRecord: 100}, nil)
	long := bare + "NTE|1||" + strings.Repeat("x", 200) + "\r"
	for _, in := range []string{bare + long + bare, bare + strings.ReplaceAll(long, "xxxxxxxxxx", "xxxxxxxx\r") + bare, bare + "\x0b" + long + "\x1c\r" + bare} {
		out, r, err := small.run(in, nil)
		var failed *deid.FailedError
		if !errors.Is(err, deid.ErrTooLarge) || !errors.As(err, &failed) || failed.Failed != 1 || out != bare+bare || r.Statement().BytesIn < 200 {
			t.Errorf("%q: %q, %v", in, out, err)
		}
	}
	exact := bare + "NTE|1||" + strings.Repeat("x", 100-len(bare)-len("NTE|1||\r")) + "\r"
	if _, _, err := small.run(exact, nil); err != nil || len(exact) != 100 {
		t.Errorf("%d bytes: %v", len(exact), err)
	}
	if _, _, err := small.run(exact+"\r", nil); err != nil && !errors.Is(err, deid.ErrTooLarge) {
		t.Error(err)
	}
	h := transformer(t, nil)
	broken := errors.New("broken")
	data := stream(50)
	for n := range []int{0, 1, 2, 3} {
		var out bytes.Buffer
		src := io.MultiReader(bytes.NewReader(data[:n*10_000]), iotest.ErrReader(broken))
		if err := h.Transform(t.Context(), &out, src, nil, h.e.NewReport()); !errors.Is(err, broken) {
			t.Errorf("a broken source: %v", err)
		}
		if !wholeMessages(out.Bytes()) {
			t.Errorf("a broken source: half a message was written")
		}
	}
	for limit := range 5 {
		w := &limited{n: limit * 40_000, err: broken}
		err := h.Transform(t.Context(), w, bytes.NewReader(stream(200)), nil, h.e.NewReport())
		if !errors.Is(err, broken) {
			t.Errorf("a broken sink: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Transform(ctx, io.Discard, bytes.NewReader(data), nil, h.e.NewReport()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	sick := transformerOf(t, deid.SafeHarbor(codeRules...), &deid.Options{Vault: sickVault{broken}, Scope: "x"}, nil)
	for _, in := range []string{"PID|||123^^^N^MR\r", "PID|||123\r", "ORC||1^N\r"} {
		if out, _, err := sick.run(bare+in, nil); !errors.Is(err, broken) || strings.Contains(err.Error(), "123") || out != "" {
			t.Errorf("a broken vault: %q, %v", out, err)
		}
	}
}

func wholeMessages(out []byte) bool { return len(out) == 0 || out[len(out)-1] == '\r' }

type limited struct {
	n   int
	err error
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.n {
		return 0, l.err
	}
	l.n -= len(p)
	return len(p), nil
}

type sickVault struct{ err error }

func (v sickVault) Code(context.Context, string, string, []byte) (deid.Code, error) {
	return deid.Code{}, v.err
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	_, err := deidhl7.New(h.e, &deidhl7.Options{Systems: []string{"L", "two words", strings.Repeat("x", 13)}, Namespaces: map[string]string{"": "x", "N": "Not one"}})
	list, _ := errors.AsType[baakit.FieldErrors](err)
	if len(list) != 4 || list[0].Path != "systems[1]" || list[1].Path != "systems[2]" || list[2].Path != "namespaces" || list[3].Path != "namespaces" {
		t.Errorf("%v", err)
	}
	if _, err := deidhl7.New(nil, nil); err == nil {
		t.Error("no engine was accepted")
	}
	p, err := deid.SafeHarbor().Compile()
	if err != nil {
		t.Fatal(err)
	}
	e, err := deid.New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deidhl7.New(e, &deidhl7.Options{Namespaces: map[string]string{"N": "n"}}); err == nil {
		t.Error("a namespace without a vault was accepted")
	}
}

// A limited data set keeps dates, cities and ZIP codes.
func TestLimitedDataSet(t *testing.T) {
	t.Parallel()
	h := transformerOf(t, deid.LimitedDataSet("DUA-1"), nil, nil)
	const in = "PID|||123^^^N^MR||Quill^Zeb||19300502103000|F|||9 Elm^^Wobbleton^MA^02139\r"
	if got, want := became(t, h, in), "PID|||^^^^MR||^||19300502103000|F|||^^Wobbleton^MA^02139\r"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A second pass changes nothing, segments and separators stay in their places.
func TestLaws(t *testing.T) {
	t.Parallel()
	h := transformerOf(t, deid.SafeHarbor(deid.Rule{Kind: deid.KindName, Action: deid.Tag}), &deid.Options{AsOf: asOf, Text: names{"Quackenbush", "Zebulon"}}, nil)
	rapid.Check(t, func(t *rapid.T) {
		in := messages().Draw(t, "messages")
		out, _, err := h.run(in, nil)
		if err != nil && !errors.Is(err, deid.ErrIdentifierLeft) {
			t.Fatalf("%q: %v", in, err)
		}
		again, _, err2 := h.run(out, nil)
		if err2 != nil || again != out {
			t.Fatalf("%q became %q and then %q: %v", in, out, again, err2)
		}
		if err == nil && skeleton(in) != skeleton(out) {
			t.Fatalf("%q became %q, of other segments or separators", in, out)
		}
	})
}

// skeleton is what of a message must stay: the names of listed segments, their
// separators outside texts, and the ends of lines.
func skeleton(s string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(s, "\r") {
		if len(line) < 3 || line[:3] == "ZPI" {
			continue
		}
		b.WriteString(line[:3])
		for _, c := range line[3:] {
			if c == '|' || c == '~' || c == '\r' {
				b.WriteRune(c)
			}
		}
	}
	return b.String()
}

// messages are some of hostile and of usual values.
func messages() *rapid.Generator[string] {
	value := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", `""`, "Quackenbush", "Zebulon Quackenbush", "20190517", "1935", "19350502", "201905171030", "94", "94.5", "I10", "2951-2", "LN", "I10C", "SCT", "MR", "NORTH",
			"CE", "NM", "TX", "TS", "DT", "30525-0", "21112-8", "Age", "Hypertension", "MA", "02139", "USA", "617-555-0182", "F", `\T\`, `\X41\`, `\.br\`, `a\H\b`, `\`, "é", "90+", "2024", "Sodium",
		}),
		rapid.StringMatching(`[A-Za-z0-9 .,'-]{0,12}`),
	)
	component := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(value, 1, 2).Draw(t, "subcomponents"), "&")
	})
	field := rapid.Custom(func(t *rapid.T) string {
		n := rapid.SampledFrom([]int{0, 1, 1, 3, 5, 7}).Draw(t, "components")
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(value, value, component), n, n).Draw(t, "components"), "^")
		if rapid.IntRange(0, 7).Draw(t, "repeats") == 0 {
			text += "~" + value.Draw(t, "repetition")
		}
		return text
	})
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(1, 2).Draw(t, "messages") {
			b.WriteString(bare)
			for range rapid.IntRange(0, 4).Draw(t, "segments") {
				b.WriteString(rapid.SampledFrom([]string{"PID", "OBX", "OBX", "NK1", "PV1", "DG1", "NTE", "IN1", "ZPI", "ORC"}).Draw(t, "segment"))
				for _, f := range rapid.SliceOfN(field, 0, 14).Draw(t, "fields") {
					b.WriteString("|" + f)
				}
				b.WriteString("\r")
			}
		}
		return b.String()
	})
}

// Nobody's own demographic fields are in the output of real samples, which are
// not part of the module: DEID_STRUCTURED names their folder.
func TestStructured(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("DEID_STRUCTURED")
	if folder == "" {
		t.Skip("DEID_STRUCTURED names no folder")
	}
	files, err := filepath.Glob(filepath.Join(folder, "hl7v2", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s/hl7v2: %v", folder, err)
	}
	for _, opts := range []*deid.Options{
		{AsOf: asOf, Vault: deid.NewMemoryVault(), Scope: "test"},
		{AsOf: asOf, Vault: deid.NewMemoryVault(), Scope: "test", Text: names{}}, // which scrubs nothing
	} {
		h := transformerOf(t, deid.SafeHarbor(codeRules...), opts, nil)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			looked := 0
			for i, message := range split(string(data)) {
				out, _, err := h.run(message, nil)
				if err != nil && (opts.Text == nil || !errors.Is(err, deid.ErrIdentifierLeft)) {
					t.Errorf("%s, message %d: %v", filepath.Base(file), i+1, err)
				}
				hay := haystackOf(out)
				for _, id := range demographics(message) {
					looked++
					if found := hay.left(id); found != "" {
						t.Errorf("%s, message %d: a demographic value of %d letters is left %s", filepath.Base(file), i+1, len(id), found)
					}
				}
			}
			if looked == 0 {
				t.Errorf("%s: no demographic value", filepath.Base(file))
			}
		}
	}
}

// split cuts a file at its headers.
func split(data string) []string {
	data = strings.ReplaceAll(data, "\n", "\r")
	var list []string
	for i, m := range strings.Split("\r"+data, "\rMSH") {
		if i > 0 {
			list = append(list, "MSH"+m+"\r")
		}
	}
	return list
}

// demographics are the identifiers of PID, NK1, GT1, IN1, IN2 and MRG, by a
// splitter of the test's own, that are long enough to mean somebody.
func demographics(message string) []string {
	fields := map[string][]int{
		"PID": {2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 18, 19, 20, 21, 23}, "NK1": {2, 4, 5, 6, 12, 26, 30, 31, 32, 33, 37},
		"GT1": {2, 3, 4, 5, 6, 7, 8, 12, 16, 17, 18, 19}, "IN1": {16, 18, 19, 36, 49}, "IN2": {1, 2, 6, 8, 61}, "MRG": {1, 2, 3, 4, 7},
	}
	var list []string
	for line := range strings.SplitSeq(message, "\r") {
		if len(line) < 4 {
			continue
		}
		cells := strings.Split(line, "|")
		for _, n := range fields[cells[0]] {
			if n >= len(cells) {
				continue
			}
			for rep := range strings.SplitSeq(cells[n], "~") {
				for c, v := range strings.FieldsFunc(rep+"^", func(r rune) bool { return r == '&' }) {
					_ = c
					for at, part := range strings.Split(v, "^") {
						if keepsPart(cells[0], n, at, part) {
							continue
						}
						if part = strings.TrimSpace(part); len(part) >= 5 || len(part) >= 4 && n == 5 {
							list = append(list, part)
						}
					}
				}
			}
		}
	}
	return list
}

// keepsPart are the components that are no identifiers: types, authorities,
// uses and countries.
func keepsPart(segment string, field, at int, part string) bool {
	switch {
	case segment == "PID" && (field <= 4 || field == 18 || field == 21), segment == "MRG" && field < 7:
		return at != 0
	case segment == "PID" && field == 7, segment == "GT1" && field == 8, segment == "IN1" && field == 18:
		return len(part) < 6 // a year
	case field == 13 || field == 14 || segment == "NK1" && field >= 5 && field <= 6:
		return at == 1 || at == 2
	}
	return at > 5
}

func FuzzTransform(f *testing.F) {
	f.Add([]byte(bare + "PID|1||123^^^N^MR||Quill^Zeb\rOBX|1|NM|30525-0^Age^LN||95|a\r"))
	f.Add([]byte("\x0bMSH|^~\\&|||||||||||||||8859/1\rNTE|1||\xfc\\X41\\\x1c\r"))
	f.Add([]byte("FHS|^~\\&\rBHS*:;!%\rMSH|^~\\\\&\r\nPV1|1\nBTS*1\rFTS|1\r"))
	f.Add(stream(5))
	h := transformerOf(f, deid.SafeHarbor(codeRules...), &deid.Options{AsOf: asOf, Vault: deid.NewMemoryVault(), Scope: "x", Text: names{"Zebulon"}, MaxRecord: 1 << 16}, nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		out, r, err := h.run(string(data), nil)
		var failed *deid.FailedError
		if err != nil && (!errors.As(err, &failed) || failed.Failed != r.Failed()) {
			t.Fatalf("%v", err)
		}
		s := r.Statement()
		if s.Records < s.RecordsFailed || s.BytesIn > int64(len(data)) {
			t.Fatalf("%d of %d records failed, %d of %d bytes", s.RecordsFailed, s.Records, s.BytesIn, len(data))
		}
		// A byte at a time is the same.
		var slow bytes.Buffer
		again := h.Transform(context.Background(), &slow, iotest.OneByteReader(bytes.NewReader(data)), nil, h.e.NewReport())
		if slow.String() != out || fmt.Sprint(again) != fmt.Sprint(err) {
			t.Fatalf("in one piece %q (%v), in bytes %q (%v)", out, err, slow.String(), again)
		}
		// What comes out can be read again.
		if _, _, err := h.run(out, nil); err != nil && !errors.Is(err, deid.ErrIdentifierLeft) {
			t.Fatalf("%q became %q, which fails: %v", data, out, err)
		}
	})
}

// FuzzEscapes: what is written as a value reads as it was, and what is read and
// written again reads the same.
func FuzzEscapes(f *testing.F) {
	f.Add(head, `a\T\b\X41\\.br\c`)
	f.Add(`MSH*:;!%*`, "a%b!")
	f.Add("MSH|^~|", "a^b\n")
	f.Add(`MSH*:;!%`, `0\T\0!X00!`)
	f.Fuzz(func(t *testing.T, head, text string) {
		if written, ok := deidhl7.Encode(head, text); ok && utf8.ValidString(text) {
			if read, ok := deidhl7.Decode(head, written); !ok || read != text {
				t.Fatalf("%q was written as %q and read as %q", text, written, read)
			}
		}
		if read, ok := deidhl7.Decode(head, text); ok {
			if written, ok := deidhl7.Encode(head, read); ok {
				if again, ok := deidhl7.Decode(head, written); !ok || again != read {
					t.Fatalf("%q reads as %q and after writing as %q", text, read, again)
				}
			}
		}
	})
}

// The type in CX-5 says what a number is, whatever its field; without one that
// is known its field does.
func TestIdentifierTypes(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil) // codes for record numbers only
	for _, tt := range []struct {
		cell  string
		coded [3]bool // in PID-3, a record number; PID-18, an account; OBX-5, any
	}{
		{"123^^^N^MR", [3]bool{true, true, true}},
		{"123^^^N^PI", [3]bool{true, true, true}},
		{"123^^^N^SS", [3]bool{}},
		{"123^^^N^DL", [3]bool{}},
		{"123^^^N^AN", [3]bool{}},
		{"123^^^N^MA", [3]bool{}},
		{"123^^^N^XX", [3]bool{true, false, false}},
		{"123^^^N", [3]bool{true, false, false}},
		{"123", [3]bool{true, false, false}},
	} {
		for i, in := range []string{"PID|||" + tt.cell, "PID||||||||||||||||||" + tt.cell, "OBX|1|CX|||" + tt.cell} {
			got := became(t, h, in+"\r")
			if strings.Contains(got, "123") || codePattern.MatchString(got) != tt.coded[i] {
				t.Errorf("%s became %q", in, got)
			}
		}
	}
}
