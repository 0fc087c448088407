package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
)

const origin = "audit.example.com"

// The golden log: three accesses to the records of two patients, every byte of
// which is fixed by the format.
var golden = []struct{ line, leaf, root string }{
	{
		`{"action":"R","actor":{"id":"u-9","role":"physician"},"chain":"t/42","object":{"type":"Observation"},"outcome":"0","prev":"79fa66744e1305746a3a1cb9926dba9d0ee7e54fd9ec66158c70f65932bc636b","purpose":"TREAT","seal":"c2cd9bf7902e475c7cdc9a6c32be4f9bb7ccd8d18ca00895aabf07707a68f2d1","seq":0,"subject":"02f4b6bfd6e14db18dc2afff70fd4d82","time":"2026-11-22T03:40:14.000000Z","v":1}`,
		"98915be1c6fbbb4df03445d861e75a49f6220d9725f2e4c55be4a9e760d1d874", "mJFb4cb7u03wNEXYYedaSfYiDZcl8uTFW+Sp52DR2HQ=",
	},
	{
		`{"action":"U","actor":{"id":"u-9","role":"physician"},"chain":"t/42","object":{"type":"MedicationRequest"},"outcome":"0","prev":"98915be1c6fbbb4df03445d861e75a49f6220d9725f2e4c55be4a9e760d1d874","purpose":"TREAT","seal":"3687d38d2764cdafbf9ce14772039dfda1242383bd02d4c6774cd2c26fc3dd48","seq":1,"subject":"02f4b6bfd6e14db18dc2afff70fd4d82","time":"2026-11-22T03:40:14.000001Z","v":1}`,
		"ef1eb6914a1a21eee33e4a114edae5b3e4fb6746b1efebecb33303a1571ebe98", "otZLWLOVvSHdQyiD4QJw/weslu3nGJph3KX0ja48LVU=",
	},
	{
		`{"action":"E","actor":{"id":"u-9","role":"physician"},"chain":"t/42","object":{"type":"Patient"},"outcome":"0","prev":"ef1eb6914a1a21eee33e4a114edae5b3e4fb6746b1efebecb33303a1571ebe98","purpose":"TREAT","seal":"14e3c539d15e287fa98cd7aa44e2cd348d858ceb47cb7b2f8fc27997d001bcd4","seq":2,"subject":"68d6e999f368d0a3aaf44b93848c3a33","time":"2026-11-22T03:40:14.000002Z","v":1}`,
		"3fdc2f3c9aea5921b81fa03d306e4f510c2f4cb35692585976a51c354a2c7f2e", "WRP57IgpZI0uTK8iTwxqhi0A6DIpG+yK3SHJSBwuA4E=",
	},
}

const goldenCheckpoint = `audit.example.com/t/42
3
WRP57IgpZI0uTK8iTwxqhi0A6DIpG+yK3SHJSBwuA4E=

— audit.example.com/t/42 7Pz2glqqdhRcvnztRfwX+mU8w7yE1X6WZFe0ZQjgSkE+LLflFw+LYxc5WNtCRAJIUzOO4bKL7Qn5vGXoOPIVKfF0Rgw=
`

const (
	goldenVerifier    = "audit.example.com/t/42+ecfcf682+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY"
	goldenInclusion   = "mJFb4cb7u03wNEXYYedaSfYiDZcl8uTFW+Sp52DR2HQ=\nP9wvPJrqWSG4H6A9MG5PUQwvTLNWklhZdqUcNUosfy4=\n"
	goldenConsistency = "P9wvPJrqWSG4H6A9MG5PUQwvTLNWklhZdqUcNUosfy4="
)

func testSigner(t testing.TB) *audit.Signer {
	t.Helper()
	s, err := audit.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// salts are 32 bytes of 1, of 2, of 3.
func salts(n int) io.Reader {
	var b []byte
	for i := range n {
		b = append(b, bytes.Repeat([]byte{byte(i + 1)}, 32)...)
	}
	return bytes.NewReader(b)
}

func goldenLog(t testing.TB) (*audit.Log, *audit.Memory) {
	t.Helper()
	m := audit.NewMemory()
	at := time.Date(2026, 11, 22, 3, 40, 14, 0, time.UTC)
	now := at
	l, err := audit.New(t.Context(), m, audit.Config{
		Origin: origin, Signer: testSigner(t), Rand: salts(3), Now: func() time.Time { return now },
		Sealer: audit.Unencrypted{TokenKey: bytes.Repeat([]byte{7}, 32)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range []audit.Event{
		{Action: "R", Object: audit.Object{Type: "Observation"}, Patient: "p-1"},
		{Action: "U", Object: audit.Object{Type: "MedicationRequest"}, Patient: "p-1"},
		{Action: "E", Object: audit.Object{Type: "Patient"}, Patient: "p-2"},
	} {
		now = at.Add(time.Duration(i) * time.Microsecond)
		e.Actor = audit.Actor{ID: "u-9", Role: "physician"}
		e.Outcome, e.Purpose = audit.Success, []audit.Purpose{audit.Treatment}
		if _, err := l.Append(t.Context(), "t/42", e); err != nil {
			t.Fatal(err)
		}
	}
	return l, m
}

func TestGolden(t *testing.T) {
	t.Parallel()
	l, m := goldenLog(t)
	i := 0
	var tree audit.Frontier
	for e, err := range l.Entries(t.Context(), "t/42", 0) {
		if err != nil {
			t.Fatal(err)
		}
		want := golden[i]
		if string(e.Line) != want.line {
			t.Errorf("line %d\n got %s\nwant %s", i, e.Line, want.line)
		}
		if got := hex.EncodeToString(e.Leaf[:]); got != want.leaf {
			t.Errorf("leaf %d = %s, want %s", i, got, want.leaf)
		}
		tree.Append(nil, e.Leaf)
		if got := tree.Root().String(); got != want.root {
			t.Errorf("root(%d) = %s, want %s", i+1, got, want.root)
		}
		opened, err := l.Open(t.Context(), e)
		if err != nil || opened.Event.Patient != []string{"p-1", "p-1", "p-2"}[i] {
			t.Errorf("entry %d opens as %q, %v", i, opened.Event.Patient, err)
		}
		i++
	}
	if i != 3 {
		t.Fatalf("%d entries", i)
	}
	c, err := l.Checkpoint(t.Context(), "t/42")
	if err != nil || string(c.Note) != goldenCheckpoint {
		t.Errorf("checkpoint %v\n%s", err, c.Note)
	}
	if keys := testSigner(t).Verifier().Keys(origin + "/t/42"); !slices.Equal(keys, []string{goldenVerifier}) {
		t.Errorf("verifier keys %q", keys)
	}
	p, err := l.Prove(t.Context(), "t/42", 1)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := p.MarshalText()
	if want := "c2sp.org/tlog-proof@v1\nindex 1\n" + goldenInclusion + "\n" + goldenCheckpoint; string(text) != want {
		t.Errorf("proof\n%s\nwant\n%s", text, want)
	}
	con, err := audit.Consistency(t.Context(), m, "t/42", 2, 3)
	if err != nil || len(con) != 1 || con[0].String() != goldenConsistency {
		t.Errorf("consistency %v %v", con, err)
	}
	reports, err := audit.VerifyAll(context.Background(), m, &audit.VerifyOptions{
		Origin: origin, Verifier: testSigner(t).Verifier(), Checkpoints: [][]byte{[]byte(goldenCheckpoint)},
	})
	if err != nil || len(reports) != 2 || reports[1].Checkpoints != 1 {
		t.Errorf("verify: %+v, %v", reports, err)
	}
}

func goldenKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)) }

func goldenVerifierOf(t interface{ Fatal(...any) }) *audit.Verifier {
	v, err := audit.NewVerifier(goldenKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	return v
}
