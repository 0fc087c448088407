package deid_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// counted is a report over documents of each kind and of failures.
func counted(t testing.TB) *deid.Report {
	t.Helper()
	e := safeHarbor(t.(fataler), allKinds()...)
	r := e.NewReport()
	for _, doc := range []string{
		`{"name":"Zebulon Quackenbush","mrn":"MRN-8837261","zip":"03601","age":93,"date":"2024-05-17","state":"MA","term":"I10","Zebulon":1}`,
		`{"age":44,"zip":"02139","kept":"zebulon.q@wobble.example"}`,
		`{"name":"Zebulon","kept":"see Zebulon"}`,
		`{"name":Zebulon}`,
	} {
		e.NDJSON(m0, io.Discard, strings.NewReader(doc), nil, r)
	}
	return r
}

func TestStatementCounts(t *testing.T) {
	t.Parallel()
	s := counted(t).Statement()
	for _, tt := range []struct {
		i                                deid.Identifier
		values, removed, replaced, stays uint64
	}{
		{deid.Names, 1, 1, 0, 0}, {deid.Geography, 3, 0, 1, 2}, {deid.DatesAges, 3, 0, 1, 2}, {deid.MRN, 1, 1, 0, 0}, {deid.SSN, 0, 0, 0, 0},
	} {
		c := s.Identifiers[tt.i-1]
		if c.Identifier != tt.i || c.Values != tt.values || c.Removed != tt.removed || c.Replaced != tt.replaced || c.Stayed != tt.stays {
			t.Errorf("%s: %+v, want %+v", tt.i.ID(), c, tt)
		}
	}
	if s.Documents != 4 || s.Records != 4 || s.RecordsFailed != 2 || s.SelfCheck.Hits != 1 || len(s.Failures) != 2 {
		t.Errorf("%d documents, %d records, %d failed, %d hits, failures %+v", s.Documents, s.Records, s.RecordsFailed, s.SelfCheck.Hits, s.Failures)
	}
	if !reflect.DeepEqual(s.Unknown, []deid.UnknownCount{{Below: "$", Count: 1}}) {
		t.Errorf("unknown: %+v", s.Unknown)
	}
	if s.Statement != "Safe Harbor transforms applied" || s.ActualKnowledge != nil || len(s.PolicySHA256) != 64 || len(s.IdentifierSHA256) != 64 || s.ZIPTable.SHA256 == "" || s.Library.Module == "" || s.DataUseAgreement != nil {
		t.Errorf("%+v", s)
	}
	byPlace := uint64(0)
	for _, p := range s.Places {
		for _, o := range p.Outcomes {
			byPlace += o.Count
		}
	}
	if byPlace != 10 {
		t.Errorf("the places count %d values, want 10: %+v", byPlace, s.Places)
	}
}

// No form of a report holds a value, a key or a code of a document, nor the
// words that it must not use.
func TestReportsAreValueFree(t *testing.T) {
	t.Parallel()
	s := counted(t).Statement()
	canonical, err := s.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(canonical), s.Text(), s.Markdown()} {
		for _, value := range []string{"Zebulon", "Quackenbush", "8837261", "03601", "05-17", "wobble"} {
			if how := encodedIn(text, value); how != "" {
				t.Errorf("%q is in a report %s", value, how)
			}
		}
		if strings.Contains(strings.ToLower(text), "de-identified") || strings.Contains(strings.ToLower(text), "deidentified") {
			t.Error("a report says that data are de-identified")
		}
	}
	if !strings.Contains(s.Markdown(), "| identifier") || !strings.Contains(s.Text(), "(A) names") {
		t.Errorf("the renderings do not show the identifiers:\n%s\n%s", s.Text(), s.Markdown())
	}
}

func TestStatementSigned(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, signer := range []crypto.Signer{ed, ec} {
		s := counted(t).Statement()
		signed, err := s.Sign(signer, &deid.Attestation{By: "P. Officer", On: asOf, NoActualKnowledge: true})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(signed)
		if err != nil {
			t.Fatal(err)
		}
		back, err := deid.ParseSigned(data)
		if err != nil || back.Verify(signer.Public()) != nil || !reflect.DeepEqual(back.Statement, signed.Statement) {
			t.Fatalf("not the same after JSON: %v, %v", err, back.Verify(signer.Public()))
		}
		if s.ActualKnowledge != nil || !signed.Statement.ActualKnowledge.NoActualKnowledge {
			t.Error("the attestation is not where it belongs")
		}
		other, _, _ := ed25519.GenerateKey(rand.Reader)
		if err := back.Verify(other); !errors.Is(err, deid.ErrSignature) {
			t.Errorf("another key: %v", err)
		}
		for name, change := range map[string]func(*deid.SignedStatement){
			"a count":         func(s *deid.SignedStatement) { s.Statement.Records++ },
			"the attestation": func(s *deid.SignedStatement) { s.Statement.ActualKnowledge = nil },
			"the hash":        func(s *deid.SignedStatement) { s.SHA256 = strings.Repeat("0", 64) },
			"the signature":   func(s *deid.SignedStatement) { s.Signature[5] ^= 1 },
		} {
			changed, err := deid.ParseSigned(data)
			if err != nil {
				t.Fatal(err)
			}
			change(&changed)
			if err := changed.Verify(signer.Public()); !errors.Is(err, deid.ErrSignature) {
				t.Errorf("%s changed: %v", name, err)
			}
		}
	}
	var fields baakit.FieldErrors
	if _, err := counted(t).Statement().Sign(ed, &deid.Attestation{}); !errors.As(err, &fields) || len(fields) != 2 {
		t.Errorf("an empty attestation: %v", err)
	}
	if _, err := deid.ParseSigned([]byte(`{}`)); err == nil {
		t.Error("nothing is a signed statement")
	}
	if _, err := deid.ParseStatement([]byte(`{"schema":"other"}`)); err == nil {
		t.Error("another schema is a statement")
	}
}

func TestStatementRoundTrip(t *testing.T) {
	t.Parallel()
	for _, e := range []*deid.Engine{
		safeHarbor(t), engine(t, deid.LimitedDataSet("DUA-7"), nil), engine(t, deid.ExpertDetermination(determination), nil),
	} {
		s := e.NewReport().Statement()
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := deid.ParseStatement(data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		a, err1 := s.Canonical()
		b, err2 := back.Canonical()
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("not the same: %v %v\n%s\n%s", err1, err2, a, b)
		}
		if (s.Method == deid.MethodLimitedDataSet) != (s.DataUseAgreement != nil && s.DataUseAgreement.Required) || (s.Method == deid.MethodExpert) != (s.Determination != nil) {
			t.Errorf("%s: %+v %+v", s.Method, s.DataUseAgreement, s.Determination)
		}
	}
}

// Nothing that may hold an identifier prints it.
func TestPrintsNothing(t *testing.T) {
	t.Parallel()
	const secret = "Quackenbush"
	s := deid.Subject{Names: []string{secret}, IDs: []string{secret}}
	e := engine(t, deid.SafeHarbor(), &deid.Options{Key: []byte(strings.Repeat(secret, 3)), Vault: deid.NewMemoryVault(), Scope: secret})
	c := e.NewRecord(m0, &s, e.NewReport())
	defer c.Close()
	for _, v := range []any{s, &s, e, c} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			if strings.Contains(fmt.Sprintf(verb, v), secret) {
				t.Errorf("%T prints with %s", v, verb)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		if data, err := json.Marshal(v); err == nil {
			log.Write(data)
		}
		if strings.Contains(log.String(), secret) {
			t.Errorf("%T logs what it holds: %s", v, log.String())
		}
	}
}

// What an expert may order and a limited data set may keep.
func TestOtherMethods(t *testing.T) {
	t.Parallel()
	lds := engine(t, deid.LimitedDataSet("DUA-7", allKinds()[:4]...), nil)
	type kept struct {
		City string `deid:"city"`
		ZIP  string `deid:"zip"`
		On   string `deid:"date"`
		Age  int    `deid:"age"`
		ID   string `deid:"id"`
		Name string `deid:"name"`
		SSN  string `deid:"ssn"`
	}
	v := kept{"Lynn", "01901-1234", "2024-05-17", 93, "T-1", "Ada Quill", "078-05-1120"}
	if err := deid.Struct(t.Context(), lds, &v, nil, lds.NewReport()); err != nil || v != (kept{"Lynn", "01901-1234", "2024-05-17", 93, "T-1", "", ""}) {
		t.Errorf("a limited data set: %+v, %v", v, err)
	}
	expert := engine(t, deid.ExpertDetermination(determination,
		deid.Rule{Path: "$.on", Kind: deid.KindDate, Action: deid.ShiftDate}, deid.Rule{Path: "$.off", Kind: deid.KindDate, Action: deid.ShiftDate},
		deid.Rule{Path: "$.mrn", Kind: deid.KindMRN, Action: deid.HMAC}, deid.Rule{Path: "$.ref", Kind: deid.KindID, Action: deid.FormatPreserving},
		deid.Rule{Path: "$.h", Kind: deid.KindID, Action: deid.Hash},
	), &deid.Options{Key: []byte(strings.Repeat("k", 32))})
	in := `{"on":"2024-02-28T10:00:00Z","off":"2024-03-01","mrn":"MR-1","ref":"AB-12-é","h":"x"}`
	if _, _, err := transformed(expert, expert.NDJSON, in, nil); !errors.Is(err, deid.ErrNoSubjectKey) {
		t.Errorf("shift_date without a subject: %v", err)
	}
	read := func(key string) (m struct{ On, Off, MRN, Ref, H string }) {
		out, _, err := transformed(expert, expert.NDJSON, in, &deid.Subject{Key: key})
		if err != nil || json.Unmarshal([]byte(out), &m) != nil {
			t.Fatalf("%s, %v", out, err)
		}
		return m
	}
	a, b := read("1"), read("2")
	on, err1 := baakit.ParseDate(a.On[:10])
	off, err2 := baakit.ParseDate(a.Off)
	if err1 != nil || err2 != nil || off.Sub(on) != 2 || a.On[10:] != "T10:00:00Z" || a.On[:10] == "2024-02-28" {
		t.Errorf("dates of one subject: %s and %s", a.On, a.Off)
	}
	if a.MRN != b.MRN || len(a.MRN) != 64 || len(a.Ref) != 8 || a.Ref[2] != '-' || a.Ref[5] != '-' || a.H != "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" {
		t.Errorf("derived: %+v", a)
	}
}

// Memory does not grow with the file: a hundred times the records take no
// more than the same at any time.
func TestMemoryIndependentOfFileSize(t *testing.T) {
	e := benchEngine(t)
	for name, tt := range map[string]struct {
		f    transform
		head string
		row  string
		tail string
	}{
		"JSON":   {e.JSON, "[", `{"name":"Ada Quill","visits":[{"on":"2019-02-17","age":44,"code":"I10"}]},`, `{}]`},
		"NDJSON": {e.NDJSON, "", `{"name":"Ada Quill","visits":[{"on":"2019-02-17","age":44,"code":"I10"}]}` + "\n", ""},
		"CSV":    {e.CSV, "name,on,code\n", "Ada Quill,2019-02-17,\"I10\"\n", ""},
	} {
		allocated := func(rows int) uint64 {
			var before, after runtime.MemStats
			src := &repeated{head: tt.head, row: tt.row, rows: rows, tail: tt.tail}
			runtime.ReadMemStats(&before)
			if err := tt.f(context.Background(), io.Discard, src, nil, e.NewReport()); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		allocated(1000)
		small, large := allocated(2000), allocated(200_000)
		// All that is allocated, not only what is held at a time.
		if large > small+4<<20 {
			t.Errorf("%s: %d bytes for 2,000 records, %d for 200,000", name, small, large)
		}
	}
}

// A repeated is a file that nobody holds in memory.
type repeated struct {
	head, row, tail string
	rows            int
	rest, many      string
	state           int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		switch {
		case r.state == 0:
			r.rest, r.state = r.head, 1
		case r.rows > 0:
			n := min(r.rows, 100)
			if r.many == "" {
				r.many = strings.Repeat(r.row, 100)
			}
			r.rest = r.many[:n*len(r.row)]
			r.rows -= n
		case r.state == 1:
			r.rest, r.state = r.tail, 2
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
