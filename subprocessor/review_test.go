package subprocessor_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
)

func review(id, on, due string) *subprocessor.Review {
	hash, _ := subprocessor.HashAnswers(nil)
	return &subprocessor.Review{
		ID: id, Entity: "v", Standard: "baakit-vendor", Version: "1", AnswersHash: hash, ScoreRule: subprocessor.EvaluationSchema, Score: 40, OutOf: 68,
		Reviewer: "Privacy office", On: day(on), Outcome: subprocessor.ReviewPassed, NextDue: day(due),
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.entity("v", subprocessor.BusinessAssociate)
	record := func(r *subprocessor.Review) subprocessor.Event {
		return subprocessor.Event{Kind: subprocessor.VendorReviewed, Review: r}
	}
	s.do("2026-03-01", record(review("r1", "2026-03-01", "2027-03-01")))
	s.refused("2026-03-02", record(review("r1", "2026-03-02", "2027-03-02")), subprocessor.ErrNotPossible)
	s.refused("2026-03-02", record(review("r2", "2026-03-03", "2027-03-02")), subprocessor.ErrNotPossible)
	other := review("r2", "2026-03-02", "2027-03-02")
	other.Entity = "nobody"
	s.refused("2026-03-02", record(other), subprocessor.ErrUnknown)

	due := func(on, through string) []subprocessor.DueItem { return s.at(on).Due(day(through)) }
	want := []subprocessor.DueItem{{ID: "review-r1", What: "Review of V, Inc. is due again", On: day("2027-03-01")}}
	if got := due("2027-03-01", "2027-03-01"); difference(want, got) != "" {
		t.Error(difference(want, got))
	}
	if got := due("2027-02-01", "2027-02-28"); len(got) != 0 {
		t.Errorf("due before its day: %+v", got)
	}
	if got := due("2027-03-02", "2027-03-02"); len(got) != 1 || !got[0].Overdue {
		t.Errorf("not overdue after its day: %+v", got)
	}
	// The next review takes the place of the last one in the list, not on record.
	failed := review("r3", "2027-02-01", "2027-05-01")
	failed.Outcome = subprocessor.ReviewFailed
	failed.Extra = subprocessor.Extra{"x_ticket": []byte(`"T-1"`)}
	s.do("2027-02-02", record(failed))
	if got := due("2027-03-02", "2027-05-01"); len(got) != 1 || got[0].ID != "review-r3" || got[0].Overdue {
		t.Errorf("%+v", got)
	}
	state := s.at("2027-03-02")
	if last, ok := state.LastReview("v"); !ok || difference(*failed, last) != "" || len(state.Reviews()) != 2 {
		t.Errorf("last review %+v, %v of %d", last, ok, len(state.Reviews()))
	}
	if last, _ := s.at("2027-02-01").LastReview("v"); last.ID != "r1" {
		t.Errorf("the day before it was %s", last.ID)
	}
	data, err := json.Marshal(s.events)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := subprocessor.ParseEvents(data); err != nil || difference(s.events, back) != "" {
		t.Errorf("%v %s", err, difference(s.events, back))
	}
}

// A vendor that is gone is not reviewed again.
func TestReviewOfTheGone(t *testing.T) {
	t.Parallel()
	s := customers(t)
	r := review("r1", "2026-11-05", "2026-12-05")
	r.Entity = "old"
	s.do("2026-11-05", subprocessor.Event{Kind: subprocessor.VendorReviewed, Review: r})
	s.do("2026-11-06", subprocessor.Event{Kind: subprocessor.EngagementOffboarding, Subject: "old-backup"})
	has := func(on string) bool {
		return slices.ContainsFunc(s.at(on).Due(day("2027-01-01")), func(i subprocessor.DueItem) bool { return i.ID == "review-r1" })
	}
	if !has("2026-11-07") {
		t.Error("a vendor that still holds PHI is not due")
	}
	s.do("2026-11-08", subprocessor.Event{Kind: subprocessor.RetentionClosed, Subject: "old-backup", Ref: "c1"})
	s.do("2026-11-08", subprocessor.Event{Kind: subprocessor.EngagementRemoved, Subject: "old-backup"})
	if has("2026-11-09") {
		t.Error("a vendor that is gone is due")
	}
}

func TestReviewFields(t *testing.T) {
	t.Parallel()
	var fields baakit.FieldErrors
	if err := (subprocessor.Review{Score: 1}).Validate(); !errors.As(err, &fields) || len(fields) != 11 {
		t.Fatalf("%v", err)
	}
	for name, spoil := range map[string]func(*subprocessor.Review){
		"next_due":     func(r *subprocessor.Review) { r.NextDue = r.On },
		"conditions":   func(r *subprocessor.Review) { r.Outcome = subprocessor.ReviewConditional },
		"outcome":      func(r *subprocessor.Review) { r.Outcome = "fine" },
		"answers_hash": func(r *subprocessor.Review) { r.AnswersHash = r.AnswersHash[1:] },
		"score":        func(r *subprocessor.Review) { r.Score = r.OutOf + 1 },
	} {
		r := review("r1", "2026-03-01", "2027-03-01")
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		spoil(r)
		if err := r.Validate(); !errors.As(err, &fields) || len(fields) != 1 || fields[0].Path != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Evaluation, hash and review go together: the order of answers does not
// matter, any other difference does.
func TestEvaluationReview(t *testing.T) {
	t.Parallel()
	q := subprocessor.VendorQuestionnaire()
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.SampledFrom(q.Questions), 1, 10, func(x subprocessor.Question) string { return x.ID }).Draw(t, "questions")
		var answers []subprocessor.Answer
		for _, x := range ids {
			answers = append(answers, subprocessor.Answer{Question: x.ID, Reply: rapid.SampledFrom([]subprocessor.Reply{subprocessor.Yes, subprocessor.No, subprocessor.Unknown}).Draw(t, "reply"), Evidence: []subprocessor.Evidence{{What: "w", Dated: day("2026-01-01")}}})
		}
		v, err := q.Evaluate(answers, nil, day("2026-11-22"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := v.Review("r", "v", "me", answers, subprocessor.ReviewConditional, day("2027-11-22"), "ask again")
		if err != nil || r.Score != v.Score || r.On != v.On || r.Standard != q.Standard {
			t.Fatalf("%+v, %v", r, err)
		}
		shuffled := rapid.Permutation(answers).Draw(t, "order")
		if hash, _ := subprocessor.HashAnswers(shuffled); hash != r.AnswersHash {
			t.Fatal("the order of answers changes the hash")
		}
		shuffled[0].Says = "changed"
		if hash, _ := subprocessor.HashAnswers(shuffled); hash == r.AnswersHash {
			t.Fatal("another answer has the same hash")
		}
	})
}

// The stronger the cipher or the newer the version, the better; what cannot be
// compared counts as nothing.
func TestTypedAnswers(t *testing.T) {
	t.Parallel()
	q := subprocessor.VendorQuestionnaire()
	on := day("2026-11-22")
	why := func(a subprocessor.Answer) string {
		a.Reply, a.Evidence = subprocessor.Yes, []subprocessor.Evidence{{What: "configuration", Dated: on}}
		v, err := q.Evaluate([]subprocessor.Answer{a}, nil, on)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range v.Gaps {
			if g.Question == a.Question {
				return g.Why
			}
		}
		return ""
	}
	for c, want := range map[subprocessor.Cipher]string{"": "no_cipher", subprocessor.AES128: "too_weak", subprocessor.AES192: "too_weak", subprocessor.AES256: "", subprocessor.OtherCipher: "depends"} {
		if got := why(subprocessor.Answer{Question: "VQ09", Cipher: c}); got != want {
			t.Errorf("cipher %q: %q, want %q", c, got, want)
		}
	}
	for v, want := range map[subprocessor.TLSVersion]string{"": "no_version", subprocessor.TLS10: "too_weak", subprocessor.TLS11: "too_weak", subprocessor.TLS12: "too_weak", subprocessor.TLS13: ""} {
		if got := why(subprocessor.Answer{Question: "VQ10", TLS: v}); got != want {
			t.Errorf("TLS %q: %q, want %q", v, got, want)
		}
	}
	_, err := q.Evaluate([]subprocessor.Answer{{Question: "VQ09", Cipher: "DES", TLS: subprocessor.TLS13}, {Question: "VQ03", Cipher: subprocessor.AES256}, {Question: "VQ10", TLS: "1.4"}}, nil, on)
	var fields baakit.FieldErrors
	if !errors.As(err, &fields) {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range fields {
		paths = append(paths, f.Path)
	}
	if want := []string{"answers[0].cipher", "answers[0].tls", "answers[1].cipher", "answers[2].tls"}; !slices.Equal(paths, want) {
		t.Errorf("%v, want %v", paths, want)
	}
}

func TestProvisions(t *testing.T) {
	t.Parallel()
	q := subprocessor.VendorQuestionnaire()
	on := day("2026-11-22")
	seen := make(map[string]bool)
	for _, p := range subprocessor.Provisions() {
		for _, id := range append([]string{p.ID}, p.Elements...) {
			if seen[id] = true; id == "" {
				t.Errorf("%s has an empty id", p.ID)
			}
			v, err := q.Evaluate(nil, []string{id}, on)
			if err != nil || len(v.Promises) != 1 || v.Promises[0].Provision != id {
				t.Errorf("%s: %+v, %v", id, v.Promises, err)
			}
		}
	}
	if len(subprocessor.Provisions()) != 36 {
		t.Errorf("%d provisions, want 36", len(subprocessor.Provisions()))
	}
	for _, x := range q.Questions {
		if x.Provision != "" && x.Provision != "determination" && !seen[x.Provision] {
			t.Errorf("%s asks about %s, which is no provision", x.ID, x.Provision)
		}
	}
	// An element is evidenced by the questions on its provision.
	v, err := q.Evaluate(nil, []string{"subcontractors.security", "report.breach"}, on)
	want := []subprocessor.PromiseGap{{Provision: "report.breach", Questions: []string{"VQ19", "VQ20", "VQ22"}}, {Provision: "subcontractors.security", Questions: []string{"VQ06", "VQ29", "VQ33"}}}
	if err != nil || difference(want, v.Promises) != "" {
		t.Errorf("%v %s", err, difference(want, v.Promises))
	}
	_, err = q.Evaluate(nil, []string{"subcontractors", "subcontractor", "determination", ""}, on)
	var fields baakit.FieldErrors
	if !errors.As(err, &fields) || len(fields) != 3 || fields[0].Path != "promised[1]" {
		t.Errorf("%v", err)
	}
	if _, err := subprocessor.ParseQuestionnaire([]byte(`{"schema":"baakit.subprocessor.questionnaire/1","standard":"s","version":"1","questions":[{"id":"a","category":"c","question":"q","evidence":"e","provision":"no_such","weight":1}]}`)); err == nil {
		t.Error("a question on no provision is taken")
	}
}

func FuzzQuestionnaire(f *testing.F) {
	built, err := json.Marshal(subprocessor.VendorQuestionnaire())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(built)
	f.Add([]byte(`{"schema":"baakit.subprocessor.questionnaire/1","standard":"s","version":"1","questions":[{"id":"a","category":"c","question":"q","evidence":"e","weight":1,"at_most":"2 days"}]}`))
	f.Add([]byte(`{"schema":"baakit.subprocessor.questionnaire/1","questions":[{"id":"a","gate":true,"cipher_at_least":"AES-512"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := subprocessor.ParseQuestionnaire(data)
		if err != nil {
			if len(q.Questions) != 0 {
				t.Fatal("a refused questionnaire has questions")
			}
			return
		}
		again, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		back, err := subprocessor.ParseQuestionnaire(again)
		if err != nil || difference(q, back) != "" {
			t.Fatalf("round trip: %v %s", err, difference(q, back))
		}
		var answers []subprocessor.Answer
		weight := 0
		for _, x := range q.Questions {
			answers = append(answers, subprocessor.Answer{
				Question: x.ID, Reply: subprocessor.Yes, Period: x.AtMost, Cipher: x.CipherAtLeast, TLS: x.TLSAtLeast,
				Evidence: []subprocessor.Evidence{{What: "w", Dated: day("2026-01-01")}},
			})
			weight += x.Weight
		}
		none, err := q.Evaluate(nil, nil, day("2026-11-22"))
		if err != nil || none.Score != 0 || none.OutOf != weight {
			t.Fatalf("no answers score %d of %d, %v", none.Score, none.OutOf, err)
		}
		all, err := q.Evaluate(answers, nil, day("2026-11-22"))
		if err != nil || all.Score != weight || len(all.Gaps) != 0 || !all.GatesSettled {
			t.Fatalf("what is asked for scores %d of %d: %+v, %v", all.Score, weight, all.Gaps, err)
		}
	})
}
