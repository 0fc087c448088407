package main_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/audit/disclosure"
	"github.com/baakit/baakit/audit/review"
)

// Values of the clinic's patients, each in another sealed field.
var (
	ofJane = []string{"jane-4711", "obs-jane-1", "GET /Observation?patient=jane-4711", "Jane asked by telephone", "Registry of Tumours", "Main Street 4", "lesion of Jane", "note-of-jane"}
	ofMax  = []string{"max-0815", "obs-max-1", "mislogged diagnosis of Max"}
)

// clinic writes a log whose payloads are sealed under keys: reads, an
// emergency, failed logins, and disclosures of one patient.
func clinic(t *testing.T, dir string) {
	t.Helper()
	ctx := context.Background()
	master := bytes.Repeat([]byte{5}, auditkeys.KeySize)
	signer, err := audit.NewSigner(key())
	if err != nil {
		t.Fatal(err)
	}
	ring, err := auditkeys.OpenRing(filepath.Join(dir, "keys"), auditkeys.MasterKey(master), nil)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := auditkeys.New(ring, auditkeys.ByPrefix("t/", "org"), &auditkeys.Options{Mode: auditkeys.Stored})
	if err != nil {
		t.Fatal(err)
	}
	s, err := auditfile.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	l, err := audit.New(ctx, s, audit.Config{
		Origin: "audit.example.com", Signer: signer, Sealer: sealer, Now: func() time.Time { now = now.Add(time.Second); return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	nurse := audit.Actor{ID: "u-9", Role: "nurse"}
	list := []audit.Event{
		{Subtype: []audit.Subtype{audit.Read}, Action: "R", Outcome: "0", Actor: nurse, Patient: ofJane[0], Object: audit.Object{Type: "Observation"}, ObjectID: ofJane[1]},
		{Subtype: []audit.Subtype{audit.Search}, Action: "E", Outcome: "0", Actor: nurse, Patient: ofJane[0], Query: ofJane[2], Reason: ofJane[3], Extra: map[string]string{"note": ofJane[7]}},
		{Subtype: []audit.Subtype{audit.Read}, Action: "R", Outcome: "0", Actor: nurse, Patient: ofMax[0], Object: audit.Object{Type: "Observation"}, ObjectID: ofMax[1], Reason: ofMax[2]},
		{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-3", Role: "physician"}, Patient: ofMax[0], Emergency: true, Purpose: []audit.Purpose{audit.BreakGlass}},
	}
	for _, day := range []string{"2026-05-04", "2026-06-04"} {
		d := disclosure.Disclosure{
			Date: baakit.MustParseDate(day), Recipient: disclosure.Recipient{Name: ofJane[4], Address: ofJane[5]},
			Description: ofJane[6], Purpose: "reporting of tumours", Basis: disclosure.PublicHealth,
		}
		e, err := d.Event(nurse, ofJane[0])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	for range 6 {
		list = append(list, audit.Event{
			Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}, Action: "E", Outcome: audit.MinorFailure, Actor: audit.Actor{ID: "u-5"},
		})
	}
	if _, err := l.AppendAll(ctx, "t/7", list...); err != nil {
		t.Fatal(err)
	}
	chain, err := l.Checkpoint(ctx, "t/7")
	if err != nil {
		t.Fatal(err)
	}
	system, err := l.Publish(ctx)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key().Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		l.Close(ctx), s.Close(), ring.Close(),
		os.WriteFile(filepath.Join(dir, "checkpoint"), system.Note, 0o644),
		os.WriteFile(filepath.Join(dir, "checkpoint.t7"), chain.Note, 0o644),
		os.WriteFile(filepath.Join(dir, "master"), []byte(hex.EncodeToString(master)+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o644),
	); err != nil {
		t.Fatal(err)
	}
}

// The committed clinic opens with this library; -update writes a new one, for
// keys are random.
func TestClinic(t *testing.T) {
	if *update {
		dir := filepath.Join("testdata", "clinic")
		os.RemoveAll(dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		clinic(t, dir)
	}
	stdout, stderr, code := program(t, "account", "testdata/clinic/log", ofJane[0], "-keys", "testdata/clinic/keys", "-master", "testdata/clinic/master", "-on", "2026-11-25")
	if code != 0 || !strings.Contains(stdout, ofJane[4]) {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func newClinic(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	clinic(t, dir)
	return dir
}

// with returns the flags of the keys of a clinic behind other arguments.
func with(dir string, args ...string) []string {
	return append(args, "-keys", filepath.Join(dir, "keys"), "-master", filepath.Join(dir, "master"))
}

func under(dir, checkpoint string, args ...string) []string {
	return append(args, "-checkpoint", filepath.Join(dir, checkpoint), "-key", filepath.Join(dir, "key.pem"))
}

func good(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := program(t, args...)
	if code != 0 || stderr != "" {
		t.Fatalf("%q: exit code %d, standard error %q", args, code, stderr)
	}
	return stdout
}

// files returns what is in all files below a folder.
func files(t *testing.T, dirs ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, dir := range dirs {
		if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			all[path] = string(text)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestAccount(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	log := filepath.Join(dir, "log")
	text := good(t, with(dir, "account", log, ofJane[0], "-on", "2026-11-25", "-for", "Clinic", "-by", "Vendor")...)
	for _, want := range []string{ofJane[4], ofJane[5], ofJane[6], "2026-05-04", "2026-06-04", "Clinic", "Vendor"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, ofMax[0]) {
		t.Error("another patient is in the accounting")
	}
	out := good(t, under(dir, "checkpoint.t7", with(dir, "account", log, ofJane[0], "-on", "2026-11-25", "-json")...)...)
	a, err := disclosure.ParseAccounting([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	v, err := audit.NewVerifier(key().Public())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := a.Verify(v, "audit.example.com"); err != nil || len(a.Lines) != 1 || a.Lines[0].Times != 2 || c["t/7"].Size != 12 {
		t.Errorf("%v, %v", c, err)
	}
	if text := good(t, with(dir, "account", log, "nobody", "-on", "2026-11-25")...); strings.Contains(text, ofJane[4]) {
		t.Error("disclosures of another patient")
	}
	good(t, with(dir, "account", log, ofJane[0], "-worksheet")...)
}

func TestReview(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	log := filepath.Join(dir, "log")
	before := files(t, log)
	text := good(t, "review", log)
	for _, want := range []string{"12 entries", "u-3", "u-5"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for name, was := range before {
		if files(t, log)[name] != was {
			t.Errorf("%s was changed by looking", name)
		}
	}
	var got struct {
		Entries  int
		Findings json.RawMessage
		Recorded *struct {
			Chain string
			Seq   uint64
		}
	}
	out := good(t, with(dir, "review", log, "-json", "-by", "u-1", "-origin", "audit.example.com", "-note", "nothing to do", "-to", "2026-11-21")...)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Entries != 12 || got.Recorded == nil || got.Recorded.Chain != "org/reviews" || !bytes.Contains(got.Findings, []byte("failed_logins")) || !bytes.Contains(got.Findings, []byte("break_glass")) {
		t.Errorf("%s", out)
	}
	// Who looked is in the log, which verifies as before.
	good(t, under(dir, "checkpoint", "verify", log)...)
	if text := good(t, "show", log, "-kind", review.EventKind); !strings.Contains(text, "u-1") {
		t.Errorf("%s", text)
	}
	if text := good(t, "review", log, "-from", "2026-11-21"); !strings.Contains(text, "0 entries") {
		t.Errorf("%s", text)
	}
	if text := good(t, "review", log, "-from", "2026-11-20", "-usual-from", "2026-11-01"); !strings.Contains(text, "baseline") {
		t.Errorf("%s", text)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	log := filepath.Join(dir, "log")
	// Without the keys nothing that is sealed comes out.
	out := good(t, "export", log, "-format", "fhir")
	for _, secret := range slices.Concat(ofJane, ofMax) {
		if strings.Contains(out, secret) {
			t.Errorf("%q is in clear", secret)
		}
	}
	read := func(out string) (list []auditfhir.Imported) {
		for m, err := range auditfhir.ReadEvents(strings.NewReader(out), nil) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, m)
		}
		return list
	}
	if n := len(read(out)); n != strings.Count(out, "\n") || n < 14 {
		t.Errorf("%d events", n)
	}
	out = good(t, under(dir, "checkpoint.t7", with(dir, "export", log, "-format", "fhir", "-chain", "t/7", "-json", "-site", "ward 3", "-server", "https://ehr.example.com", "-observer", "Organization/7")...)...)
	for _, value := range slices.Concat(ofJane[:2], ofJane[3:], ofMax, []string{"ward 3", "https://ehr.example.com", "Organization/7"}) {
		if !strings.Contains(out, value) {
			t.Errorf("no %q", value)
		}
	}
	v, err := audit.NewVerifier(key().Public())
	if err != nil {
		t.Fatal(err)
	}
	list := read(out)
	for i, m := range list {
		if _, err := m.Record.Verify(v, "audit.example.com/t/7"); err != nil || m.Record.Seq != uint64(i) || m.Record.Sealed == "sealed" {
			t.Errorf("%d: %v", i, err)
		}
	}
	if len(list) != 12 || list[1].Event.Query != ofJane[2] {
		t.Errorf("%d events", len(list))
	}
}

// An export that cannot be finished prints nothing of what comes before.
func TestExportAllOrNothing(t *testing.T) {
	t.Parallel()
	dir, other := newClinic(t), newClinic(t)
	stdout, stderr, code := program(t, with(other, "export", filepath.Join(dir, "log"), "-format", "fhir")...)
	if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("the keys of another log: exit code %d, %d bytes, %s", code, len(stdout), stderr)
	}
}

// why are the flags of an order.
func why(dir string, args ...string) []string {
	return with(dir, append(args, "-origin", "audit.example.com", "-by", "u-1", "-reason", "mislogged", "-authority", "privacy-officer:2026-31", "-on", "2026-11-25")...)
}

// What should not have been logged is gone from every file, and the checkpoint
// from before still holds.
func TestRedact(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	log := filepath.Join(dir, "log")
	sealed := func() []byte {
		s, err := auditfile.Open(log, &auditfile.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for e, err := range audit.Entries(t.Context(), s, "t/7", 2) {
			if err != nil {
				t.Fatal(err)
			}
			return e.Sealed
		}
		return nil
	}
	payload := sealed()
	if len(payload) == 0 {
		t.Fatal("nothing to redact")
	}
	var got struct {
		Chain  string
		Record struct{ Scope, Authority string }
	}
	out := good(t, under(dir, "checkpoint", why(dir, "redact", log, "t/7", "2", "-json", "-compact")...)...)
	if err := json.Unmarshal([]byte(out), &got); err != nil || got.Chain != "t/7" || got.Record.Scope != "payload" || got.Record.Authority != "privacy-officer:2026-31" {
		t.Errorf("%v\n%s", err, out)
	}
	if len(sealed()) != 0 {
		t.Error("the payload is still there")
	}
	encoded, _ := json.Marshal(payload)
	for name, text := range files(t, dir) {
		for _, gone := range []string{string(payload), strings.Trim(string(encoded), `"`), ofMax[2]} {
			if strings.Contains(text, gone) {
				t.Errorf("%s still holds it", name)
			}
		}
	}
	good(t, under(dir, "checkpoint", "verify", log)...)
	good(t, "fsck", log)
	if text := good(t, "show", log, "-chain", "t/7", "-action", "R"); !strings.Contains(text, "[erased]") {
		t.Errorf("%s", text)
	}
	if out := good(t, with(dir, "export", log, "-format", "fhir", "-chain", "t/7")...); strings.Contains(out, ofMax[1]) || !strings.Contains(out, ofJane[1]) || !strings.Contains(out, `"erased"`) {
		t.Error("the export has what was redacted, or not what was not")
	}
	if text := good(t, why(dir, "redact", log, "t/7", "2")...); !strings.Contains(text, "already") {
		t.Errorf("%s", text)
	}
	// The record of it is behind the checkpoint: it has no proof under it.
	out = good(t, under(dir, "checkpoint.t7", "export", log, "-format", "fhir", "-chain", "t/7")...)
	if n, lines := strings.Count(out, auditfhir.ExtProof), strings.Count(out, "\n"); n != 12 || lines != 13 {
		t.Errorf("%d proofs of %d entries", n, lines)
	}
}

// A patient's payloads can be shredded once the disclosures are accounted for;
// nobody else's are touched, and the checkpoint from before still holds.
func TestShredPatient(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	log := filepath.Join(dir, "log")
	before := files(t, log)
	for _, args := range [][]string{
		why(dir, "shred", log, "7", ofJane[0]),
		append(why(dir, "shred", log, "7", ofJane[0]), "-accounted", "handed_over", "-accounted-by", "Vendor", "-accounted-to", "Clinic", "-accounted-count", "1"),
	} {
		_, stderr, code := program(t, args...)
		if code != 2 || !strings.Contains(stderr, "accounted for") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit code %d, %s", args, code, stderr)
		}
	}
	after := files(t, log)
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s was changed by a refused order", name)
		}
	}
	text := good(t, append(why(dir, "shred", log, "7", ofJane[0]), "-accounted", "handed_over", "-accounted-by", "Vendor", "-accounted-to", "Clinic", "-accounted-count", "2")...)
	if !strings.Contains(text, "one patient of tenant 7") || !strings.Contains(text, "org/erasure") {
		t.Errorf("%s", text)
	}
	good(t, under(dir, "checkpoint", "verify", log)...)
	good(t, under(dir, "checkpoint.t7", "verify", log, "-origin", "audit.example.com")...)
	out := good(t, with(dir, "export", log, "-format", "fhir", "-chain", "t/7")...)
	for name, text := range files(t, dir) {
		for _, gone := range ofJane {
			if strings.Contains(text, gone) {
				t.Errorf("%s holds %q", name, gone)
			}
		}
	}
	for _, gone := range ofJane {
		if strings.Contains(out, gone) {
			t.Errorf("the keys still open %q", gone)
		}
	}
	for _, kept := range ofMax {
		if !strings.Contains(out, kept) {
			t.Errorf("%q of another patient is gone", kept)
		}
	}
}

func TestShredTenant(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	log := filepath.Join(dir, "log")
	good(t, with(dir, "review", log, "-by", "u-1", "-origin", "audit.example.com", "-note", "kept by the organisation")...)
	text := good(t, append(why(dir, "shred", log, "7", "-json"), "-accounted", "retained_elsewhere", "-accounted-by", "Vendor", "-accounted-to", "vault 2", "-accounted-count", "2")...)
	if !strings.Contains(text, `"scope": "tenant"`) {
		t.Errorf("%s", text)
	}
	good(t, under(dir, "checkpoint", "verify", log)...)
	out := good(t, with(dir, "export", log, "-format", "fhir")...)
	for _, gone := range slices.Concat(ofJane, ofMax) {
		if strings.Contains(out, gone) {
			t.Errorf("the keys still open %q", gone)
		}
	}
	if !strings.Contains(out, "kept by the organisation") {
		t.Error("a chain of governance was shredded too")
	}
	if text := good(t, append(why(dir, "shred", log, "7"), "-accounted", "retained_elsewhere", "-accounted-by", "Vendor", "-accounted-to", "vault 2", "-accounted-count", "2")...); !strings.Contains(text, "already") {
		t.Errorf("%s", text)
	}
}

// Wrong input gives one line and exit code 2, prints nothing and leaves every
// file of the log as it was.
func TestBadOrders(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	log := filepath.Join(dir, "log")
	short := filepath.Join(dir, "short")
	other := filepath.Join(dir, "other")
	if err := errors.Join(os.WriteFile(short, []byte("abc"), 0o600), os.WriteFile(other, bytes.Repeat([]byte{6}, 32), 0o600)); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "keys")
	before := files(t, log)
	for i, args := range [][]string{
		{"account", log},
		{"account", log, "p"},
		{"account", log, "p", "-keys", keys},
		{"account", log, "p", "-keys", keys, "-master", short},
		{"account", log, "p", "-keys", keys, "-master", other},
		{"account", log, "p", "-keys", filepath.Join(dir, "nowhere"), "-master", filepath.Join(dir, "master")},
		with(dir, "account", filepath.Join(dir, "nowhere"), "p"),
		with(dir, "account", log, "p", "-on", "yesterday"),
		with(dir, "account", log, "p", "-tenant", "8"),
		with(dir, "account", log, "p", "-from", "2026-02-01", "-through", "2026-01-01"),
		under(dir, "checkpoint", with(dir, "account", log, "p")...),
		{"review", log, "-from", "now"},
		{"review", log, "-chain", "nobody"},
		{"review", log, "-logins", "0"},
		{"review", log, "-usual-from", "2026-01-01"},
		{"review", log, "-by", "u-1"},
		with(dir, "review", log, "-by", "u-1", "-origin", "audit.example.com", "-record", "elsewhere/reviews"),
		with(dir, "review", log, "-by", "u 1", "-origin", "audit.example.com"),
		{"review", filepath.Join(dir, "nowhere"), "-by", "u-1"},
		{"export", log},
		{"export", log, "-format", "dicom"},
		{"export", log, "-format", "fhir", "-chain", "nobody"},
		{"export", log, "-format", "fhir", "-bundle", "history"},
		{"export", log, "-format", "fhir", "-observer", ""},
		{"export", log, "-format", "fhir", "-keys", keys},
		under(dir, "checkpoint.t7", "export", log, "-format", "fhir", "-chain", "system"),
		{"redact", log, "t/7"},
		with(dir, "redact", log, "t/7", "2"),
		why(dir, "redact", log, "t/7", "x"),
		why(dir, "redact", log, "t/7", "99"),
		why(dir, "redact", log, "nobody", "0"),
		why(dir, "redact", log, "t/7", "6"),
		append(why(dir, "redact", log, "t/7", "2"), "-authority", "the privacy officer"),
		append(why(dir, "redact", log, "t/7", "2"), "-by", ""),
		why(dir, "redact", log, "t/7", "4"),
		why(dir, "shred", filepath.Join(dir, "nowhere"), "7"),
		why(dir, "shred", log),
		why(dir, "shred", log, "7", "nobody"),
		append(why(dir, "shred", log, "7"), "-accounted", "lost", "-accounted-by", "Vendor", "-accounted-to", "x", "-accounted-count", "2"),
	} {
		stdout, stderr, code := program(t, args...)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%d %q: exit code %d, standard output %q, standard error %q", i, args, code, stdout, stderr)
		}
		for _, secret := range slices.Concat(ofJane[1:], ofMax) {
			if strings.Contains(stderr, secret) {
				t.Errorf("%d: %q in an error", i, secret)
			}
		}
	}
	// Another origin than the log's does not verify.
	_, stderr, code := program(t, append(why(dir, "redact", log, "t/7", "2"), "-origin", "audit.example.org")...)
	if code != 1 || strings.Count(stderr, "\n") != 1 {
		t.Errorf("another origin: exit code %d, %s", code, stderr)
	}
	after := files(t, log)
	if len(after) != len(before) {
		t.Errorf("%d files, %d before", len(after), len(before))
	}
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s was changed", name)
		}
	}
}

// In a log of several tenants a patient's name says nothing without the tenant.
func TestTenants(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	_, stderr, code := program(t, with(dir, "account", "testdata/sample/log", "p-1")...)
	if code != 2 || !strings.Contains(stderr, "several tenants") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// A log under a writer is not written to by others, and can be looked into.
func TestHeld(t *testing.T) {
	t.Parallel()
	dir := newClinic(t)
	log := filepath.Join(dir, "log")
	s, err := auditfile.Open(log, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, stderr, code := program(t, why(dir, "redact", log, "t/7", "2")...); code != 2 || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	good(t, "review", log)
	ring, err := auditkeys.OpenRing(filepath.Join(dir, "keys"), auditkeys.MasterKey(bytes.Repeat([]byte{5}, auditkeys.KeySize)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ring.Close()
	if _, stderr, code := program(t, with(dir, "account", log, ofJane[0])...); code != 2 || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if n := strings.Count(good(t, "export", log, "-format", "fhir", "-chain", "t/7"), "\n"); n != 12 {
		t.Errorf("%s lines", strconv.Itoa(n))
	}
}
