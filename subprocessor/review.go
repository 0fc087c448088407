package subprocessor

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/jcs"
)

// A ReviewOutcome is what came of a review. The zero outcome is invalid.
type ReviewOutcome string

// The outcomes. A conditional one says what has to be done.
const (
	ReviewPassed      ReviewOutcome = "passed"
	ReviewConditional ReviewOutcome = "conditional"
	ReviewFailed      ReviewOutcome = "failed"
)

// A Review records that somebody looked at a vendor's answers: who, when, what
// came of it and when the next one is due. It changes no gate by itself. The
// zero Review is invalid.
type Review struct {
	ID       string `json:"id"`
	Entity   string `json:"entity"`
	Standard string `json:"standard"` // of the questionnaire
	Version  string `json:"version"`
	// AnswersHash is that of [HashAnswers].
	AnswersHash string `json:"answers_hash"`
	// ScoreRule names how the score was found; [EvaluationSchema] is that of
	// [Questionnaire.Evaluate].
	ScoreRule  string        `json:"score_rule"`
	Score      int           `json:"score"`
	OutOf      int           `json:"out_of"`
	Reviewer   string        `json:"reviewer"`
	On         baakit.Date   `json:"date"`
	Outcome    ReviewOutcome `json:"outcome"`
	Conditions []string      `json:"conditions,omitempty"`
	NextDue    baakit.Date   `json:"next_due"` // its last day
	Extra      Extra         `json:"-"`
}

// Validate reports what is wrong with the review.
func (r Review) Validate() error {
	var errs baakit.FieldErrors
	need(&errs, "id", events.IsName(r.ID), "is required, at most 200 printing ASCII characters without spaces")
	need(&errs, "entity", events.IsName(r.Entity), "is required")
	need(&errs, "standard", isLine(r.Standard), "is required, one line of text")
	need(&errs, "version", isLine(r.Version), "is required, one line of text")
	raw, err := hex.DecodeString(r.AnswersHash)
	need(&errs, "answers_hash", err == nil && len(raw) == sha256.Size, "is required, a SHA-256 in hexadecimal")
	need(&errs, "score_rule", events.IsName(r.ScoreRule), "is required")
	need(&errs, "score", r.Score >= 0 && r.Score <= r.OutOf, "must be from 0 to out_of")
	need(&errs, "reviewer", isLine(r.Reviewer), "is required, one line of text")
	need(&errs, "date", !r.On.IsZero(), "is required")
	need(&errs, "outcome", slices.Contains([]ReviewOutcome{ReviewPassed, ReviewConditional, ReviewFailed}, r.Outcome), "must be passed, conditional or failed")
	need(&errs, "conditions", (len(r.Conditions) > 0) == (r.Outcome == ReviewConditional), "must be given for a conditional outcome, and for no other")
	for i, c := range r.Conditions {
		need(&errs, "conditions"+at(i), isLine(c), "must be one line of text")
	}
	need(&errs, "next_due", r.NextDue.After(r.On), "is required and must be after date: a review never holds for ever")
	return errs.Err()
}

type plainReview Review

// MarshalJSON implements json.Marshaler, extra fields included.
func (r Review) MarshalJSON() ([]byte, error) { return encodeKeeping(plainReview(r), r.Extra) }

// UnmarshalJSON implements json.Unmarshaler; unknown fields go to Extra.
func (r *Review) UnmarshalJSON(data []byte) error {
	var p plainReview
	extra, err := decodeKeeping(data, &p)
	if err != nil {
		return err
	}
	p.Extra = extra
	*r = Review(p)
	return nil
}

// HashAnswers returns the SHA-256, in hexadecimal, of the canonical JSON of
// the answers in order of their questions. The order given does not matter.
func HashAnswers(answers []Answer) (string, error) {
	list := append([]Answer{}, answers...)
	slices.SortStableFunc(list, func(a, b Answer) int { return cmp.Compare(a.Question, b.Question) })
	data, err := jcs.Marshal(list)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Review returns the record that a reviewer looked at the answers that v was
// made of. Conditions make it conditional. The error is a
// [baakit.FieldErrors].
func (v Evaluation) Review(id, entity, reviewer string, answers []Answer, outcome ReviewOutcome, nextDue baakit.Date, conditions ...string) (Review, error) {
	hash, err := HashAnswers(answers)
	if err != nil {
		return Review{}, err
	}
	r := Review{
		ID: id, Entity: entity, Standard: v.Standard, Version: v.Version, AnswersHash: hash, ScoreRule: v.Schema,
		Score: v.Score, OutOf: v.OutOf, Reviewer: reviewer, On: v.On, Outcome: outcome, Conditions: conditions, NextDue: nextDue,
	}
	if err := r.Validate(); err != nil {
		return Review{}, err
	}
	return r, nil
}

// review folds a review. What was found once is not found otherwise later: the
// next review has another id.
func (f *fold) review(r *Review, day baakit.Date) error {
	switch {
	case f.entities[r.Entity] == nil:
		return ErrUnknown
	case f.reviews[r.ID] != nil || r.On.After(day):
		return ErrNotPossible
	}
	copied := *r
	f.reviews[r.ID] = &copied
	return nil
}
