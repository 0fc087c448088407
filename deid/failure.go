package deid

import (
	"errors"
	"fmt"

	"github.com/baakit/baakit/internal/jsonscan"
)

var (
	// ErrMalformed is the error of a document or record that is not of its
	// format.
	ErrMalformed = errors.New("deid: malformed document")

	// ErrTooLarge is the error of a record above Options.MaxRecord, or one
	// that nests more deeply than Options.MaxDepth.
	ErrTooLarge = errors.New("deid: record above a limit")
)

// The rules that a failed record broke, as the report states them.
const (
	ruleLeft      = "an identifier stands in the output (self-check)"
	ruleMalformed = "is not of its format"
	ruleUTF8      = "is not UTF-8"
	ruleLarge     = "is above the limit of size or depth"
	ruleColumns   = "does not have the columns of the header"
)

// A FailedError says that some records were not written, all others were, and
// where the first of them stood. It unwraps to [ErrIdentifierLeft],
// [ErrMalformed] or [ErrTooLarge], whichever the first broke, and holds
// nothing of the documents.
type FailedError struct {
	Failed int64
	First  Failure
	cause  error
}

// Error names the number of failed records and the first one's position.
func (e *FailedError) Error() string {
	return fmt.Sprintf("deid: %d records were not written; the first, at %s, %s", e.Failed, e.First.Position, e.First.Rule)
}

// Unwrap returns the cause of the first failure.
func (e *FailedError) Unwrap() error { return e.cause }

// failing collects what a walker could not write.
type failing struct {
	count int64
	first *FailedError
}

func (f *failing) add(position, rule string, cause error) {
	f.count++
	if f.first == nil {
		f.first = &FailedError{First: Failure{Position: position, Rule: rule}, cause: cause}
	}
}

func (f *failing) err() error {
	if f.first == nil {
		return nil
	}
	f.first.Failed = f.count
	return f.first
}

// Failures are the records that an adapter could not write. The zero Failures
// are none; they are for one goroutine.
type Failures struct{ list failing }

// Add ends the record c as failed and not written. The cause is
// [ErrIdentifierLeft], [ErrTooLarge] or [ErrMalformed], and the rule says more
// closely what a malformed one broke; it may be empty. Neither the position nor
// the rule may hold anything of the document.
func (f *Failures) Add(c *Record, bytesIn int, position string, cause error, rule string) {
	switch {
	case errors.Is(cause, ErrIdentifierLeft):
		rule = ruleLeft
	case errors.Is(cause, ErrTooLarge):
		rule = ruleLarge
	case rule == "":
		rule = ruleMalformed
	}
	c.Fail(bytesIn, position, rule)
	f.list.add(position, rule, cause)
}

// Err returns a [*FailedError] for all that failed, or nil.
func (f *Failures) Err() error { return f.list.err() }

// A positionError is a malformed document with the byte at which it stops
// being of its format.
type positionError struct {
	offset int64
	rule   string
	cause  error
}

func (e *positionError) Error() string {
	return fmt.Sprintf("%v: %s, at byte %d", e.cause, e.rule, e.offset)
}
func (e *positionError) Unwrap() error { return e.cause }

// splitError gives an error of the splitter its position; the reader's own
// pass as they are.
func splitError(err error, offset int64) error {
	switch {
	case errors.Is(err, jsonscan.ErrMalformed):
		return &positionError{offset, ruleMalformed, ErrMalformed}
	case errors.Is(err, jsonscan.ErrTooLarge):
		return &positionError{offset, ruleLarge, ErrTooLarge}
	}
	return err
}
