package erasure

import (
	"errors"
	"fmt"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/disclosure"
)

// A Reason is why something is destroyed: a code of letters, digits and
// ". _ : / @ + -", in clear in the line. Codes that are not listed here are
// accepted.
type Reason string

// Frequent reasons.
const (
	MisLogged      Reason = "mislogged"       // it should not have been logged
	Requested      Reason = "requested"       // by the individual
	Ordered        Reason = "ordered"         // by a court or an authority
	AgreementEnded Reason = "agreement-ended" // 45 CFR 164.504(e)(2)(ii)(J)
	RetentionOver  Reason = "retention-over"
)

// An Order is who has something destroyed, why and when.
type Order struct {
	By     audit.Actor
	Reason Reason

	// Authority is the rule, decision or request that permits it, as a code:
	// it stands in clear in the line.
	Authority string

	// On is the day: the law's look-back is counted from it.
	On baakit.Date

	// Note is free text, which is sealed.
	Note string

	// Accounting is required where disclosures are still to be accounted for.
	Accounting *Handover
}

// A How is what became of the information for accountings.
type How string

// What can have become of it.
const (
	HandedOver        How = "handed_over"        // to the covered entity
	RetainedElsewhere How = "retained_elsewhere" // by whoever destroys it here
)

// A Handover says that the information that accountings of disclosures need
// outlives its destruction here: 45 CFR 164.528, 164.504(e)(2)(ii)(G).
type Handover struct {
	How How    `json:"how"`
	By  string `json:"by"` // who handed it over, or declares that it is kept
	To  string `json:"to"` // who has it, or where it is kept

	// On is the day of it, on or before the day of the order.
	On baakit.Date `json:"on"`

	// Disclosures is how many are accounted for in it. It must be the number
	// that is owed.
	Disclosures int `json:"disclosures"`

	// SHA256 is the digest of the accounting that was handed over, in
	// hexadecimal; optional.
	SHA256 string `json:"sha256,omitempty"`
}

const maxText = 4096

func (o Order) check(errs *baakit.FieldErrors) {
	if o.By.ID == "" {
		errs.Add("by.id", "is required")
	}
	if o.Reason == "" {
		errs.Add("reason", "is required")
	}
	if o.Authority == "" {
		errs.Add("authority", "is required")
	}
	if o.On.IsZero() {
		errs.Add("on", "is required")
	}
	if len(o.Note) > maxText {
		errs.Add("note", "must have 4096 bytes at most")
	}
	if h := o.Accounting; h != nil {
		h.check(errs, "accounting.")
		if !h.On.IsZero() && h.On.After(o.On) {
			errs.Add("accounting.on", "must not be after the day of the order")
		}
	}
}

func (h Handover) check(errs *baakit.FieldErrors, prefix string) {
	if h.How != HandedOver && h.How != RetainedElsewhere {
		errs.Add(prefix+"how", "must be handed_over or retained_elsewhere")
	}
	for _, f := range [...]struct{ name, text string }{{"by", h.By}, {"to", h.To}} {
		if strings.TrimSpace(f.text) == "" || len(f.text) > maxText {
			errs.Add(prefix+f.name, "is required, with 4096 bytes at most")
		}
	}
	if h.On.IsZero() {
		errs.Add(prefix+"on", "is required")
	}
	if h.Disclosures < 0 {
		errs.Add(prefix+"disclosures", "must not be negative")
	}
	if h.SHA256 != "" && !isDigest(h.SHA256) {
		errs.Add(prefix+"sha256", "must be 64 hexadecimal digits in lower case")
	}
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

var (
	// ErrNothing says that there is nothing to destroy: an entry without a
	// sealed part, or a patient without a key.
	ErrNothing = errors.New("erasure: there is nothing to destroy")

	// ErrAccounting says that disclosures are still to be accounted for. An
	// [AccountingError] says how many.
	ErrAccounting = errors.New("erasure: disclosures are still to be accounted for")

	// ErrUndetermined says that it cannot be determined whether disclosures
	// are still to be accounted for. An [UndeterminedError] says why.
	ErrUndetermined = errors.New("erasure: entries that may tell of a disclosure cannot be read")

	// ErrUnreached says that destroying a patient's key would leave payloads
	// about the patient readable. An [UnreachedError] says which.
	ErrUnreached = errors.New("erasure: entries are not sealed under a key of the patient alone")
)

// An AccountingError says how many disclosures are owed, and how many the
// order says were handed over or are kept elsewhere. It is [ErrAccounting].
type AccountingError struct {
	Owed, Accounted int
	Through         baakit.Date // the last day on which one of them is owed; zero if that is not known
}

func (e *AccountingError) Error() string {
	through := ""
	if !e.Through.IsZero() {
		through = ", the last through " + e.Through.String()
	}
	return fmt.Sprintf("%v: %d%s; the order accounts for %d (45 CFR 164.528)", ErrAccounting, e.Owed, through, e.Accounted)
}

// Is reports whether target is [ErrAccounting].
func (e *AccountingError) Is(target error) bool { return target == ErrAccounting }

// An UndeterminedError names the entries that cannot be read. It is
// [ErrUndetermined].
type UndeterminedError struct{ Entries []disclosure.Ref }

func (e *UndeterminedError) Error() string {
	return fmt.Sprintf("%v: %d", ErrUndetermined, len(e.Entries))
}

// Is reports whether target is [ErrUndetermined].
func (e *UndeterminedError) Is(target error) bool { return target == ErrUndetermined }

// An UnreachedError names the entries whose payloads would stay. It is
// [ErrUnreached].
type UnreachedError struct{ Entries []disclosure.Ref }

func (e *UnreachedError) Error() string { return fmt.Sprintf("%v: %d", ErrUnreached, len(e.Entries)) }

// Is reports whether target is [ErrUnreached].
func (e *UnreachedError) Is(target error) bool { return target == ErrUnreached }
