package main

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/baakit/baakit"
)

func TestRecall(t *testing.T) {
	t.Parallel()
	s, err := newStage(&caseFile{}, t.TempDir(), io.Discard, false)
	if err != nil {
		t.Fatal(err)
	}
	s.raise(1, &opening{})
	s.fact("effective", baakit.MustDate(2026, time.October, 1))
	if got, err := recall[baakit.Date](s, "opening.effective"); err != nil || got != baakit.MustDate(2026, time.October, 1) {
		t.Errorf("recall = %s, %v", got, err)
	}
	if _, err := recall[baakit.Period](s, "opening.effective"); err == nil {
		t.Error("recall as another type = nil error")
	}
	if _, err := recall[baakit.Date](s, "opening.unknown"); err == nil {
		t.Error("recall of what nobody told = nil error")
	}
}

func TestSection(t *testing.T) {
	t.Parallel()
	c := &caseFile{Acts: map[string]json.RawMessage{"storm": json.RawMessage(`{"wind": 7}`), "calm": json.RawMessage(`{"wind": "none"}`)}}
	var v struct {
		Wind int `json:"wind"`
	}
	var errs baakit.FieldErrors
	if !c.section("storm", &v, &errs) || v.Wind != 7 || len(errs) != 0 {
		t.Errorf("section storm = %+v, %v", v, errs)
	}
	if c.section("silence", &v, &errs) {
		t.Error("section silence = true, but there is none")
	}
	if c.section("calm", &v, &errs); len(errs) != 1 || errs[0].Path != "acts.calm.wind" {
		t.Errorf("section calm: %v, want one error at acts.calm.wind", errs)
	}
}
