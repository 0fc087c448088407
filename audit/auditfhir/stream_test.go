package auditfhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func collect(t TB, seq iter.Seq2[auditfhir.Imported, error]) (list []audit.Event) {
	t.Helper()
	for m, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m.Event)
	}
	return list
}

// A bundle and NDJSON hold the same events in the same order, whatever the
// number of persons of each.
func TestBundles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(events(), 1, 4).Draw(t, "events")
		l, entries := logged(t, list...)
		opt := everything
		opt.Open = l.Open
		x, err := auditfhir.NewExporter(opt)
		if err != nil {
			t.Fatal(err)
		}
		var want []audit.Event
		persons := 0
		for _, e := range entries {
			e, err := l.Open(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, e.Event)
			persons += max(1, len(e.Event.Subjects))
			if e.Event.Patient != "" && len(e.Event.Subjects) > 0 {
				persons++
			}
		}
		for _, kind := range []auditfhir.BundleType{auditfhir.Collection, auditfhir.Batch} {
			var out bytes.Buffer
			n, err := x.WriteBundle(t.Context(), &out, kind, each(entries))
			if err != nil || n != persons {
				t.Fatalf("%d, want %d: %v", n, persons, err)
			}
			var bundle struct {
				ResourceType, Type string
				Entry              []struct {
					FullURL  string
					Resource struct{ ID string }
					Request  struct{ Method, URL string }
				}
			}
			if err := json.Unmarshal(out.Bytes(), &bundle); err != nil {
				t.Fatal(err)
			}
			if bundle.ResourceType != "Bundle" || bundle.Type != string(kind) || len(bundle.Entry) != n {
				t.Fatalf("%s %s with %d entries", bundle.ResourceType, bundle.Type, len(bundle.Entry))
			}
			ids := map[string]bool{}
			for _, e := range bundle.Entry {
				if kind == auditfhir.Batch && (e.FullURL != "" || e.Request.Method != "POST" || e.Request.URL != "AuditEvent") ||
					kind == auditfhir.Collection && !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(e.FullURL) {
					t.Fatalf("%+v", e)
				}
				ids[e.FullURL+e.Resource.ID] = true
			}
			if len(ids) != n {
				t.Fatal("an address or an id occurs twice")
			}
			if diff := cmp.Diff(want, collect(t, auditfhir.ReadEvents(iotest.OneByteReader(&out), nil)), same); diff != "" {
				t.Fatal(diff)
			}
		}
		var out bytes.Buffer
		if _, err := x.WriteNDJSON(t.Context(), &out, each(entries)); err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(out.Bytes(), []byte("\n")); lines != persons {
			t.Fatalf("%d lines", lines)
		}
		if diff := cmp.Diff(want, collect(t, auditfhir.ReadEvents(&out, nil)), same); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestEmptyBundle(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if n, err := exporter(t, everything).WriteBundle(t.Context(), &out, auditfhir.Collection, each(nil)); n != 0 || err != nil || out.String() != `{"resourceType":"Bundle","type":"collection"}`+"\n" {
		t.Errorf("%d, %v, %s", n, err, &out)
	}
	if list := collect(t, auditfhir.ReadEvents(&out, nil)); len(list) != 0 {
		t.Errorf("%d events", len(list))
	}
	if _, err := exporter(t, everything).WriteBundle(t.Context(), &out, "transaction", each(nil)); err == nil {
		t.Error("an unknown type of bundle")
	}
}

// Neither direction holds more than one entry: an entry is written before the
// next is asked for, and read before the stream goes on.
func TestStreams(t *testing.T) {
	t.Parallel()
	l, entries := logged(t, read(3)...)
	opt := everything
	opt.Open = l.Open
	x := exporter(t, opt)
	for _, bundle := range []bool{false, true} {
		r, w := io.Pipe()
		step := make(chan int)
		go func() {
			seq := func(yield func(audit.Entry, error) bool) {
				for i, e := range entries {
					if step <- i; !yield(e, nil) {
						return
					}
				}
			}
			var err error
			if bundle {
				_, err = x.WriteBundle(t.Context(), w, auditfhir.Collection, seq)
			} else {
				_, err = x.WriteNDJSON(t.Context(), w, seq)
			}
			w.CloseWithError(err)
		}()
		n := 0
		<-step
		for a, err := range auditfhir.Read(r) {
			if err != nil {
				t.Fatal(err)
			}
			if want := "u-" + string(rune('a'+n)); a.Agent[0].Who.Identifier.Value != want {
				t.Errorf("%d: %v", n, a.Agent[0].Who)
			}
			if n++; n < len(entries) {
				if i := <-step; i != n {
					t.Errorf("entry %d was asked for with %d AuditEvents read", i, n)
				}
			}
		}
		if n != len(entries) {
			t.Errorf("%d AuditEvents", n)
		}
	}
}

// Errors of the entries, of the writer and of the reader come through.
func TestStreamErrors(t *testing.T) {
	t.Parallel()
	l, entries := logged(t, read(2)...)
	opt := everything
	opt.Open = l.Open
	x := exporter(t, opt)
	broken := errors.New("broken")
	seq := func(yield func(audit.Entry, error) bool) {
		_ = yield(entries[0], nil) && yield(audit.Entry{}, broken)
	}
	if n, err := x.WriteNDJSON(t.Context(), io.Discard, seq); n != 1 || err != broken {
		t.Errorf("%d, %v", n, err)
	}
	var out bytes.Buffer
	if n, err := x.WriteBundle(t.Context(), &out, auditfhir.Collection, seq); n != 1 || err != broken || json.Valid(out.Bytes()) {
		t.Errorf("%d, %v, %s", n, err, &out)
	}
	for at := range 3 {
		w := &failing{at: at, err: broken}
		if n, err := x.WriteBundle(t.Context(), w, auditfhir.Collection, each(entries)); n != at || err != broken {
			t.Errorf("%d: %d, %v", at, n, err)
		}
	}
	out.Reset()
	if _, err := x.WriteNDJSON(t.Context(), &out, each(entries)); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range auditfhir.Read(io.MultiReader(&out, iotest.ErrReader(broken))) {
		if n++; n == 3 && !errors.Is(err, broken) || n < 3 && err != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
	if n != 3 {
		t.Errorf("%d pairs", n)
	}
}

type failing struct {
	at  int
	err error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.at == 0 {
		return 0, f.err
	}
	f.at--
	return len(b), nil
}

// The place of what is wrong in a stream is named.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := string(foreign(t, "login"))
	bad := strings.Replace(good, `"requestor"`, `"requester"`, 1)
	bundle := func(entries ...string) string {
		return `{"resourceType":"Bundle","type":"searchset","total":2,"entry":[` + strings.Join(entries, ",") + `]}`
	}
	entry := func(r string) string { return `{"resource":` + r + `}` }
	for _, tt := range []struct {
		in   string
		good int
		path string
	}{
		{good, 1, ""},
		{good + good, 2, ""},
		{bundle(entry(good), entry(good)) + good, 3, ""},
		{strings.Replace(bundle(entry(good)), `"resourceType":"Bundle",`, "", 1)[:len(bundle(entry(good)))-len(`"resourceType":"Bundle",`)-1] + `,"resourceType":"Bundle"}`, 1, ""},
		{good + bad, 1, "[1].AuditEvent.agent[0].requestor"},
		{bundle(entry(good), entry(bad)), 1, "Bundle.entry[1].resource.AuditEvent.agent[0].requestor"},
		{bundle(entry(good), entry(`{"resourceType":"OperationOutcome"}`)), 1, "Bundle.entry[1].resource.AuditEvent.resourceType"},
		{bundle(entry(good), `{"fullUrl":"u"}`), 1, "Bundle.entry[1].resource"},
		{bundle(entry(good), `[]`), 1, "Bundle.entry[1]"},
		{`{"resourceType":"Bundle","entry":{}}`, 0, "Bundle.entry"},
		{`{"resourceType":"List","entry":[` + entry(good) + `]}`, 1, "resourceType"},
		{`{"resourceType":"List"}`, 0, "[0].AuditEvent.resourceType"},
		{good + "]", 1, ""},
		{good + "[]", 1, ""},
		{good[:len(good)-3], 0, ""},
		{bundle(entry(good))[:200], 0, ""},
		{"nonsense", 0, ""},
	} {
		n := 0
		var last error
		for _, err := range auditfhir.Read(strings.NewReader(tt.in)) {
			if last != nil {
				t.Fatal("something behind an error")
			}
			if last = err; err == nil {
				n++
			}
		}
		wantErr := tt.path != "" || !json.Valid([]byte(tt.in)) && tt.good < 2
		if n != tt.good || (last != nil) != wantErr {
			t.Errorf("%.300s: %d, %v", tt.in, n, last)
			continue
		}
		if tt.path != "" {
			if got := paths(last); len(got) != 1 || got[0] != tt.path {
				t.Errorf("%.60s: %v", tt.in, last)
			}
		} else if _, ok := errors.AsType[baakit.FieldErrors](last); last != nil && !ok {
			t.Errorf("%T", last)
		}
	}
}

// A resource without an end is refused before it is in memory.
func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	endless := io.MultiReader(strings.NewReader(`{"resourceType":"AuditEvent","outcomeDesc":"`), &repeat{n: 200 << 20})
	var last error
	for _, err := range auditfhir.Read(endless) {
		last = err
	}
	if errs, ok := errors.AsType[baakit.FieldErrors](last); !ok || !strings.Contains(errs.Error(), "16 MiB") {
		t.Errorf("%v", last)
	}
	if _, err := auditfhir.Parse(make([]byte, auditfhir.MaxResource+1)); err == nil {
		t.Error("too long for a resource")
	}
}

type repeat struct{ n int }

func (r *repeat) Read(b []byte) (int, error) {
	if r.n <= 0 {
		return 0, errors.New("all of it was read")
	}
	for i := range b {
		b[i] = 'a'
	}
	r.n -= len(b)
	return len(b), nil
}

func BenchmarkExport(b *testing.B) {
	l, entries := logged(b, read(1)...)
	opened, err := l.Open(b.Context(), entries[0])
	if err != nil {
		b.Fatal(err)
	}
	x := exporter(b, everything)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		list, err := x.AuditEvents(b.Context(), opened)
		if err != nil {
			b.Fatal(err)
		}
		if buf, err = list[0].AppendJSON(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkImport(b *testing.B) {
	l, entries := logged(b, read(1)...)
	opt := everything
	opt.Open = l.Open
	list, err := exporter(b, opt).AuditEvents(b.Context(), entries[0])
	if err != nil {
		b.Fatal(err)
	}
	text, err := list[0].MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		a, err := auditfhir.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := auditfhir.Import([]auditfhir.AuditEvent{a}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
