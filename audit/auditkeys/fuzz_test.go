package auditkeys_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

// Whatever stands in an entry, it reads back as it is written, or is refused.
func FuzzEntry(f *testing.F) {
	long := bytes.Repeat([]byte{1}, 100)
	f.Add([]byte{})
	f.Add(append([]byte{2, 0, 0, 0, 0, 0, 0, 0, 1}, long[:16]...))
	f.Add(append([]byte{3, 0, 0, 0, 0, 0, 0, 0, 1, 2, '4', '2'}, long[:32]...))
	key := append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 1}, long[:16]...)
	key = append(append(append(key, 1, 0), long[:16]...), 2, '4', '2')
	f.Add(append(key, long[:32]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, ok := auditkeys.ParseEntry(data)
		if !ok {
			return
		}
		if again := auditkeys.AppendEntry(e, nil); !bytes.Equal(again, data) {
			t.Fatalf("%x reads as %x", data, again)
		}
	})
}

// Any bytes as the file MASTER are refused, unless they are the file.
func FuzzMaster(f *testing.F) {
	memory := journaltest.NewMemory()
	memory.Mkdir("/srv")
	r := memoryRing(f, memory, master(1))
	good := ringFiles(f, memory)["MASTER"]
	r.Close()
	f.Add(good)
	f.Add(bytes.Replace(good, []byte(`"key"`), []byte(`"passphrase"`), 1))
	f.Add([]byte(`{"schema":"baakit.audit.keys.master/1","master":"passphrase","salt":"AAAAAAAAAAAAAAAAAAAAAA==","iterations":99999999999,"sealed":"AA=="}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := auditkeys.OpenMaster(master(1), data)
		if err == nil && !bytes.Equal(bytes.TrimSpace(data), bytes.TrimSpace(good)) && auditkeys.ParseMaster(data) != nil {
			t.Fatalf("%q opens", data)
		}
		if err != nil && !errors.Is(err, auditkeys.ErrMaster) {
			t.Fatalf("%v is not ErrMaster", err)
		}
	})
}

// Any bytes as the ring's journal are refused with an error of this package, or
// read as a ring that works.
func FuzzRing(f *testing.F) {
	memory := journaltest.NewMemory()
	memory.Mkdir("/srv")
	r := memoryRing(f, memory, master(1))
	for _, s := range []auditkeys.Slot{orgSlot, tenantSlot, patientSlot("42", "p-1")} {
		if _, err := r.Current(f.Context(), s); err != nil {
			f.Fatal(err)
		}
	}
	r.Close()
	const segment = "00000000000000000000.jsonl"
	all := ringFiles(f, memory)
	good := all[segment]
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(bytes.ReplaceAll(good, []byte("A"), []byte("B")))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		memory := journaltest.NewMemory()
		memory.Mkdir("/srv")
		memory.Mkdir(ringDir)
		for name, content := range map[string][]byte{segment: data, "MASTER": all["MASTER"]} {
			w, err := memory.OpenFile(ringDir+"/"+name, createFlags, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(content); err != nil {
				t.Fatal(err)
			}
		}
		r, err := auditkeys.OpenRing(ringDir, master(1), auditkeys.WithFS(auditkeys.RingOptions{}, memory))
		if err != nil {
			if !errors.Is(err, auditkeys.ErrMaster) && !errors.Is(err, auditkeys.ErrRing) && !errors.Is(err, auditkeys.ErrInsideLog) {
				t.Fatalf("%v is no error of a ring", err)
			}
			return
		}
		if _, err := r.Rotate(t.Context(), orgSlot); err != nil {
			t.Fatal(err)
		}
		r.Close()
	})
}

// Any bytes as a payload are refused, or were sealed.
func FuzzOpen(f *testing.F) {
	r := newRing(f)
	s := newSealer(f, r, &auditkeys.Options{Mode: auditkeys.Stored})
	for _, mode := range modes {
		f.Add(seal(f, newSealer(f, r, &auditkeys.Options{Mode: mode}), "t/42", "p-1", []byte("payload")))
	}
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := s.Open(t.Context(), "t/42", leafOne, data)
		if err == nil && string(got) != "payload" || err != nil && !errors.Is(err, audit.ErrSealed) && !errors.Is(err, auditkeys.ErrNoKey) {
			t.Fatalf("opens as %q, %v", got, err)
		}
	})
}
