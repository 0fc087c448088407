package main_test

import (
	"bytes"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessoroutbox"
)

// The story's notices went through the outbox to the folder, one file each,
// and the story told again hands over nothing a second time.
func TestNoticesAreHandedOver(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	tell := func() (names []string, stamps []os.FileInfo, journal []byte) {
		if _, stderr, code := program(t, "-dir", dir); code != 0 {
			t.Fatal(stderr)
		}
		files, err := os.ReadDir(filepath.Join(dir, "sent"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			info, err := f.Info()
			if err != nil {
				t.Fatal(err)
			}
			names, stamps = append(names, f.Name()), append(stamps, info)
		}
		segments, _ := filepath.Glob(filepath.Join(dir, "outbox", "*"))
		for _, s := range segments {
			data, _ := os.ReadFile(s)
			journal = append(journal, data...)
		}
		return names, stamps, journal
	}
	names, before, journal := tell()
	want := []string{
		"swap.1.cedar.1.eml", "swap.1.cedar.2.eml", "swap.1.customer.1.eml", "swap.1.quay.1.eml",
		"urgent.1.cedar.1.eml", "urgent.1.customer.1.eml", "urgent.1.quay.1.eml",
	}
	if !slices.Equal(names, want) {
		t.Fatalf("%v, want %v", names, want)
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, "sent", name))
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil || m.Header.Get("Message-ID") == "" {
			t.Errorf("%s is no mail: %v", name, err)
		}
	}
	again, after, journalAfter := tell()
	if !slices.Equal(again, want) || !bytes.Equal(journal, journalAfter) {
		t.Errorf("told again: %v, the outbox's journal the same: %v", again, bytes.Equal(journal, journalAfter))
	}
	for i := range before {
		if !os.SameFile(before[i], after[i]) {
			t.Errorf("%s was written again", names[i])
		}
	}
	o, err := subprocessoroutbox.Open(filepath.Join(dir, "outbox"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	levels := map[subprocessor.Delivery]int{}
	for x := range o.All() {
		levels[x.Level]++
	}
	if levels[subprocessor.Sent] != 4 || levels[subprocessor.Acknowledged] != 2 || levels[subprocessor.Bounced] != 1 {
		t.Errorf("levels %v", levels)
	}
}
