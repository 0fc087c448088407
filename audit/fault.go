package audit

import "fmt"

// A Rule names what a chain breaks.
type Rule string

// The rules.
const (
	// Altered: a line is not what it was, or was put in; or it is none.
	Altered Rule = "altered"

	// Missing: one or more lines are not there, later ones are.
	Missing Rule = "missing"

	// Reordered: the lines are there in another order, or one of them twice.
	Reordered Rule = "reordered"

	// Truncated: the chain ends before something that is known of it.
	Truncated Rule = "truncated"

	// Forked: the chain is whole and is not the one that was signed.
	Forked Rule = "forked"

	// Signature: a checkpoint has no valid signature of the log.
	Signature Rule = "signature"

	// RolledBack: the whole store is whole and older than a checkpoint: a
	// backup was put in its place.
	RolledBack Rule = "rolled back"
)

// A Fault says where a chain stops being what was written, and by which rule.
// It is [ErrTampered]. Where only the link between two lines does not hold, Seq
// is the first of the two; the lines before are linked up to the last of them.
type Fault struct {
	Chain  string `json:"chain"`
	Seq    uint64 `json:"seq"`
	Rule   Rule   `json:"rule"`
	Detail string `json:"detail"` // a sentence, without contents
}

func (f *Fault) Error() string {
	return fmt.Sprintf("audit: chain %s, entry %d: %s: %s", f.Chain, f.Seq, f.Rule, f.Detail)
}

// Is reports whether target is [ErrTampered].
func (f *Fault) Is(target error) bool { return target == ErrTampered }
