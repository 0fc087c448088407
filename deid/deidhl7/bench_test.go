package deidhl7_test

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/baakit/baakit/deid"
)

// stream is so many messages of the kinds that an interface engine sees most:
// admissions, laboratory results, a radiology report and a vaccination. All of
// it is made up.
func stream(messages int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	digits := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('0' + r.IntN(10))
		}
		return string(b)
	}
	day := func() string { return fmt.Sprintf("20%02d%02d%02d", 10+r.IntN(15), 1+r.IntN(12), 1+r.IntN(28)) }
	var b bytes.Buffer
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, format, args...)
		b.WriteByte('\r')
	}
	for n := range messages {
		family, given := pick("Quillfeather", "Wobblethorpe", "Zanderbilt", "Brocklesnaw"), pick("Zebulon", "Philomena", "Barnaby", "Ottoline")
		on := day()
		// One message names the same order and the same people again and again.
		attending, ordering, tech, placer, filler := digits(9), digits(9), digits(9), digits(8), digits(8)
		kind := n % 5
		event := [...]string{"ORU^R01^ORU_R01", "ADT^A01^ADT_A01", "ORU^R01^ORU_R01", "ADT^A08^ADT_A01", "VXU^V04^VXU_V04"}[kind]
		line(`MSH|^~\&|LABSYS|NORTHCAMPUS|WAREHOUSE|RESEARCH|%s103015.123-0500||%s|MSG%s|P|2.5.1|||AL|NE|USA|UNICODE UTF-8`, on, event, digits(9))
		if kind != 0 && kind != 2 {
			line(`EVN|A01|%s103000|||OP%s^Clerkson^Dana`, on, digits(4))
		}
		line(`PID|1||%s^^^NORTH^MR~%s^^^SSA^SS||%s^%s^Q^^^^L||19%02d%02d%02d|%s||2106-3^White^CDCREC|%s Wobble Lane^Apt %d^Wobbleton^MA^0213%d^USA^H||^PRN^PH^^1^617^555%s~^NET^Internet^%s@wobble.example||en^English^ISO639|M|CHR|%s^^^NORTH^AN|%s|||2186-5^Not Hispanic or Latino^CDCREC`,
			digits(8), digits(9), family, given, 40+r.IntN(59), 1+r.IntN(12), 1+r.IntN(28), pick("F", "M"), digits(3), 1+r.IntN(40), r.IntN(10), digits(4), given, digits(10), digits(9))
		line(`PV1|1|%s|4N^412^A^NORTHCAMPUS|E|||1%s^Attendwell^Ada^M^^^MD^^NPI^L^^^NPI|1%s^Orderley^Otto^^^^MD^^NPI^L^^^NPI||MED||||7|||1%s^Attendwell^Ada|I|V%s^^^NORTH^VN|||||||||||||||||||||||||%s083000|%s141500`,
			pick("I", "O", "E"), attending, ordering, attending, digits(8), on, on)
		switch kind {
		case 1, 3:
			line(`NK1|1|%s^%s|SPO^Spouse^HL70063|%s Wobble Lane^^Wobbleton^MA^02139|^PRN^PH^^1^617^555%s`, family, pick("Horatio", "Griselda"), digits(3), digits(4))
			line(`AL1|1|DA^Drug allergy^HL70127|7980^Penicillin G^RXNORM|MO|Hives and swelling`)
			line(`DG1|1||I10^Essential (primary) hypertension^I10C|||A`)
			line(`DG1|2||E11.9^Type 2 diabetes mellitus without complications^I10C|||A`)
			line(`GT1|1||%s^%s||%s Wobble Lane^^Wobbleton^MA^02139|^PRN^PH^^1^617^555%s||||P/F|SEL`, family, given, digits(3), digits(4))
			line(`IN1|1|PPO1^Preferred plan|INS%s|Example Mutual|||^WPN^PH^^1^800^555%s|G%s|||||||PPO|%s^%s|SEL|19550102|%s Wobble Lane^^Wobbleton^MA^02139|||1||||||||||||||W%s`, digits(3), digits(4), digits(6), family, given, digits(3), digits(9))
		case 4:
			line(`ORC|RE||%s^CLINIC|||||||||1%s^Pediatrix^Mary^^^^MD`, digits(7), digits(9))
			line(`RXA|0|1|%s|%s|48^Hib (PRP-T)^CVX|0.5|mL^mL^UCUM||00^New immunization record^NIP001|^Stickwell^Nora||||%s|20281231|PMC^sanofi^MVX|||CP|A`, on, on, digits(6))
			line(`RXR|C28161^Intramuscular^NCIT|RT^Right thigh^HL70163`)
			line(`OBX|1|CE|64994-7^Vaccine funding program eligibility category^LN|1|V01^Not VFC eligible^HL70064||||||F|||%s`, on)
		default:
			if kind == 2 {
				report(line, on, family, placer, filler, ordering)
				continue
			}
			line(`ORC|RE|P%s^ORD|F%s^LAB||CM||||%s|||1%s^Orderley^Otto^^^^MD`, placer, filler, on, ordering)
			line(`OBR|1|P%s^ORD|F%s^LAB|24323-8^Comprehensive metabolic panel^LN|||%s091500|||||||%s093000||1%s^Orderley^Otto^^^^MD||||||%s110000||CH|F`, placer, filler, on, on, ordering, on)
			for i, test := range []struct{ code, unit, rng string }{
				{"2951-2^Sodium^LN", "mmol/L", "135-145"},
				{"2823-3^Potassium^LN", "mmol/L", "3.5-5.1"},
				{"2075-0^Chloride^LN", "mmol/L", "98-107"},
				{"2345-7^Glucose^LN", "mg/dL", "70-99"},
				{"2160-0^Creatinine^LN", "mg/dL", "0.6-1.3"},
				{"3094-0^Urea nitrogen^LN", "mg/dL", "7-20"},
				{"17861-6^Calcium^LN", "mg/dL", "8.6-10.2"},
				{"2885-2^Protein^LN", "g/dL", "6.0-8.3"},
				{"1751-7^Albumin^LN", "g/dL", "3.5-5.0"},
				{"1975-2^Bilirubin total^LN", "mg/dL", "0.1-1.2"},
				{"6768-6^Alkaline phosphatase^LN", "U/L", "44-147"},
				{"1920-8^AST^LN", "U/L", "10-40"},
			} {
				line(`OBX|%d|NM|%s||%d.%d|%s|%s|%s|||F|||%s091500||1%s^Techley^Tess`, i+1, test.code, 1+r.IntN(150), r.IntN(10), test.unit, test.rng, pick("N", "H", "L"), on, tech)
			}
			line(`OBX|13|TX|18748-4^Diagnostic imaging study^LN||Seen today for a follow-up of the chest pain that was first noted in %s; reviewed with %s.\.br\No acute findings.||||||F|||%s`, pick("May", "June"), given, on)
			line(`NTE|1|L|Specimen slightly hemolyzed\.br\Call the laboratory at 617-555-%s with questions`, digits(4))
		}
	}
	return b.Bytes()
}

// report is a radiologist's, a line of it in each OBX as most systems send it.
func report(line func(string, ...any), on, family, placer, filler, ordering string) {
	line(`ORC|RE|P%s^ORD|F%s^RAD||CM||||%s|||1%s^Orderley^Otto^^^^MD`, placer, filler, on, ordering)
	line(`OBR|1|P%s^ORD|F%s^RAD|36643-5^XR Chest 2 Views^LN|||%s091500|||||||||1%s^Orderley^Otto^^^^MD||||||%s110000||RAD|F|||||||&Raywell&Roberta&&&&MD`, placer, filler, on, ordering, on)
	for i, text := range []string{
		"EXAMINATION: Radiographs of the chest, two views.", "", "INDICATION: Cough and fever for one week, and pain on the left side when breathing in.", "",
		"COMPARISON: Radiographs of the chest of last spring, which were read by the same department.", "",
		"FINDINGS: The lungs are well inflated. There is a patchy opacity in the left lower lobe, behind the heart, that was not",
		"there before. No effusion is seen on either side, and there is no pneumothorax. The heart is of normal size, and the",
		"contours of the mediastinum are those of a person of this age. The bones show mild changes of wear in the thoracic spine",
		"and an old, healed fracture of the seventh rib on the right. A clip from an operation projects over the right upper",
		"quadrant of the abdomen.", "", "IMPRESSION:", "1. Opacity in the left lower lobe that in this setting is most likely pneumonia.",
		"2. A follow-up in six weeks is suggested, to be sure that it has cleared.", "", "Findings were told to Dr. Orderley by telephone at 10:40.",
		"Dictated by: Roberta Raywell, MD. Patient: " + family,
	} {
		line(`OBX|%d|TX|36643-5^XR Chest 2 Views^LN||%s||||||F|||%s`, i+1, text, on)
	}
}

func BenchmarkTransform(b *testing.B) {
	t := transformer(b, nil)
	data := stream(2000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := t.Transform(b.Context(), io.Discard, bytes.NewReader(data), nil, engineOf(t).NewReport()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun is a batch of documents through [deid.Engine.Run].
func BenchmarkRun(b *testing.B) {
	t := transformer(b, nil)
	e := engineOf(t)
	data := stream(400)
	const documents = 24
	var src iter.Seq2[deid.Document, error] = func(yield func(deid.Document, error) bool) {
		for range documents {
			if !yield(deid.Document{Data: data, Transform: t.Transform}, nil) {
				return
			}
		}
	}
	b.SetBytes(int64(documents * len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for result, err := range e.Run(b.Context(), src, e.NewReport(), nil) {
			if err != nil || result.Err != nil {
				b.Fatal(err, result.Err)
			}
		}
	}
}
