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

// The story's mail went through the outbox to the folder, one file each, with
// its key as its Message-ID, and the outbox knows what became of it.
func TestMail(t *testing.T) {
	t.Parallel()
	dir, _ := told(t)
	files, err := os.ReadDir(filepath.Join(dir, "sent"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	want := []string{
		"agreement.1.0.0.copy.eml",
		"swap.1.cedar.1.eml", "swap.1.cedar.2.eml", "swap.1.customer.1.eml", "swap.1.quay.1.eml",
		"urgent.1.cedar.1.eml", "urgent.1.customer.1.eml", "urgent.1.quay.1.eml",
	}
	if !slices.Equal(names, want) {
		t.Fatalf("%v, want %v", names, want)
	}
	ids := make(map[string]bool)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, "sent", name))
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		id := m.Header.Get("Message-ID")
		if id == "" || ids[id] {
			t.Errorf("%s: Message-ID %q", name, id)
		}
		ids[id] = true
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
	if levels[subprocessor.Sent] != 5 || levels[subprocessor.Acknowledged] != 2 || levels[subprocessor.Bounced] != 1 {
		t.Errorf("levels %v", levels)
	}
}
