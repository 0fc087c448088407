package deid

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// PolicySchema names the JSON form of a [Definition].
const PolicySchema = "baakit.deid.policy/1"

// A Method is the paragraph of 45 CFR 164.514 that a policy follows.
type Method string

const (
	// MethodSafeHarbor removes the eighteen identifiers: 164.514(b)(2).
	MethodSafeHarbor Method = "safe_harbor"
	// MethodLimitedDataSet removes the sixteen direct identifiers:
	// 164.514(e). The result is still protected health information.
	MethodLimitedDataSet Method = "limited_data_set"
	// MethodExpert does what an expert has determined: 164.514(b)(1).
	MethodExpert Method = "expert_determination"
)

var methodCitations = map[Method]string{
	MethodSafeHarbor:     "45 CFR 164.514(b)(2)",
	MethodLimitedDataSet: "45 CFR 164.514(e)",
	MethodExpert:         "45 CFR 164.514(b)(1)",
}

// Citation returns the paragraph; the zero Citation for an unknown method.
func (m Method) Citation() baakit.Citation {
	s, ok := methodCitations[m]
	if !ok {
		return baakit.Citation{}
	}
	return baakit.MustParseCitation(s).WithConfidence(baakit.Primary).WithAsOf(identifierTable().AsOf)
}

// A Rule says what a value is and what becomes of it. Without a Path it
// changes the policy's own action for every value of the Kind; with one it is
// about the values at that place of a JSON record or in that CSV column
// ([Column]). A rule is about strings, numbers and booleans: an object or an
// array where a rule expects a value is unknown, and goes.
type Rule struct {
	Path   string `json:"path,omitempty"`
	Kind   Kind   `json:"kind,omitzero"`
	Action Action `json:"action,omitempty"`
	// Reason is why a value may stay. [Keep] needs one.
	Reason string `json:"reason,omitempty"`
}

// A Determination is the expert's of 45 CFR 164.514(b)(1): who made it, when,
// and the document that holds its methods and results.
type Determination struct {
	Expert     string      `json:"expert"`
	Determined baakit.Date `json:"determined"`
	Document   string      `json:"document"`
	// ValidThrough is the last day that the expert lets it be used; zero if
	// the determination has no end. The regulation sets none.
	ValidThrough baakit.Date `json:"valid_through,omitzero"`
}

// A Definition is a policy as it is written down, and as JSON is read with
// [ParseDefinition]. Start from [SafeHarbor], [LimitedDataSet] or
// [ExpertDetermination], add rules, and Compile it. The zero Definition is
// invalid.
type Definition struct {
	Schema string `json:"schema"`
	Method Method `json:"method"`
	// ZIPTable says which prefixes may stay; empty is [ZIPUnion].
	ZIPTable ZIPTable `json:"zip_table,omitempty"`
	// Agreement refers to the data use agreement that a limited data set
	// needs: 45 CFR 164.514(e)(4).
	Agreement     string         `json:"data_use_agreement,omitempty"`
	Determination *Determination `json:"determination,omitempty"`
	Rules         []Rule         `json:"rules"`
}

// SafeHarbor returns the definition of a policy of 45 CFR 164.514(b)(2) with
// the given rules.
func SafeHarbor(rules ...Rule) Definition {
	return Definition{Schema: PolicySchema, Method: MethodSafeHarbor, Rules: append([]Rule{}, rules...)}
}

// LimitedDataSet returns the definition of a policy of 45 CFR 164.514(e) under
// the data use agreement with the given reference, without which it does not
// compile.
func LimitedDataSet(agreement string, rules ...Rule) Definition {
	return Definition{Schema: PolicySchema, Method: MethodLimitedDataSet, Agreement: agreement, Rules: append([]Rule{}, rules...)}
}

// ExpertDetermination returns the definition of a policy of 45 CFR
// 164.514(b)(1). Without rules it does what [SafeHarbor] does; its rules may
// do anything, since the expert answers for them.
func ExpertDetermination(d Determination, rules ...Rule) Definition {
	return Definition{Schema: PolicySchema, Method: MethodExpert, Determination: &d, Rules: append([]Rule{}, rules...)}
}

// ParseDefinition reads the JSON form of a definition. Its errors are
// [baakit.FieldErrors]; whether the rules are lawful is for Compile to say.
func ParseDefinition(data []byte) (Definition, error) {
	var d Definition
	if err := strictjson.Decode(data, &d); err != nil {
		return Definition{}, err
	}
	return d, nil
}

// A Policy is a compiled [Definition]. It is immutable and safe for concurrent
// use. The zero Policy is not valid; a Policy comes from [Definition.Compile].
type Policy struct {
	def    Definition
	byKind [lastKind + 1]resolved
	zip    *zipSet
	root   *node
	hash   string
}

// resolved is an action with its reason.
type resolved struct {
	action Action
	reason string
}

// A node is a place in a JSON record that rules lead to.
type node struct {
	members map[string]*node
	every   *node
	path    string
	rule    *Rule // with the action resolved; nil on the way
}

// Compile checks the whole definition and returns the policy. The errors are
// [baakit.FieldErrors], in the order of the fields.
//
// A safe harbor policy does not compile if a rule derives its output from the
// value (hash, HMAC, format-preserving), shifts a date, or keeps a value of a
// kind that is an identifier. A limited data set does not compile without its
// agreement, or if it keeps one of the sixteen direct identifiers. An expert
// determination does not compile without the expert, the day and the document.
func (d Definition) Compile() (*Policy, error) {
	var errs baakit.FieldErrors
	if d.Schema != PolicySchema {
		errs.Add("schema", "must be "+PolicySchema)
	}
	if _, ok := methodCitations[d.Method]; !ok {
		errs.Add("method", "must be safe_harbor, limited_data_set or expert_determination")
		return nil, errs
	}
	zip := d.ZIPTable.set()
	if zip == nil {
		errs.Add("zip_table", "must be union or 2020")
	}
	if d.Method == MethodLimitedDataSet && d.Agreement == "" {
		errs.Add("data_use_agreement", "is required for a limited data set (45 CFR 164.514(e)(4))")
	}
	if d.Method != MethodLimitedDataSet && d.Agreement != "" {
		errs.Add("data_use_agreement", "belongs to a limited data set only")
	}
	errs.Merge("determination", d.checkDetermination())

	d.Rules = append([]Rule{}, d.Rules...) // never null in JSON
	if d.Determination != nil {
		own := *d.Determination
		d.Determination = &own
	}
	p := &Policy{def: d, zip: zip, root: &node{path: "$"}}
	p.def.Schema = PolicySchema
	p.byKind = d.Method.defaults()
	p.kindRules(&errs)
	p.pathRules(&errs)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	canonical, err := json.Marshal(p.def)
	if err != nil {
		return nil, fmt.Errorf("deid: %w", err)
	}
	sum := sha256.Sum256(canonical)
	p.hash = hex.EncodeToString(sum[:])
	return p, nil
}

func (d Definition) checkDetermination() error {
	if d.Method != MethodExpert {
		if d.Determination != nil {
			return baakit.FieldError{Rule: "belongs to an expert determination only"}
		}
		return nil
	}
	var errs baakit.FieldErrors
	det := d.Determination
	if det == nil {
		errs.Add("", "is required (45 CFR 164.514(b)(1))")
		return errs
	}
	if det.Expert == "" {
		errs.Add("expert", "is required")
	}
	if det.Determined.IsZero() {
		errs.Add("determined", "is required")
	}
	if det.Document == "" {
		errs.Add("document", "is required (45 CFR 164.514(b)(1)(ii))")
	}
	if !det.ValidThrough.IsZero() && det.ValidThrough.Before(det.Determined) {
		errs.Add("valid_through", "must not be before determined")
	}
	return errs.Err()
}

// kindRules takes the rules without a path.
func (p *Policy) kindRules(errs *baakit.FieldErrors) {
	var seen [lastKind + 1]bool
	for i, r := range p.def.Rules {
		if r.Path != "" {
			continue
		}
		at := fmt.Sprintf("rules[%d]", i)
		switch {
		case !r.Kind.valid():
			errs.Add(at+".kind", "is required in a rule without a path")
			continue
		case seen[r.Kind]:
			errs.Add(at+".kind", "must have one rule without a path at most")
			continue
		case r.Action == "":
			errs.Add(at+".action", "is required in a rule without a path")
			continue
		}
		seen[r.Kind] = true
		if rule := p.refuses(r.Kind, r.Action, r.Reason); rule != "" {
			errs.Add(at+".action", rule)
			continue
		}
		p.byKind[r.Kind] = resolved{r.Action, r.Reason}
	}
}

// pathRules builds the tree of places.
func (p *Policy) pathRules(errs *baakit.FieldErrors) {
	for i, r := range p.def.Rules {
		if r.Path == "" {
			continue
		}
		at := fmt.Sprintf("rules[%d]", i)
		steps, err := parsePath(r.Path)
		if err != nil || len(steps) == 0 {
			errs.Add(at+".path", "must be a path such as $.patient.name[*].family")
			continue
		}
		resolved, rule := p.resolve(r)
		if rule != "" {
			errs.Add(at+".action", rule)
			continue
		}
		n := p.root
		for j, st := range steps {
			n = n.step(st, pathString(steps[:j+1]))
		}
		if n.rule != nil {
			errs.Add(at+".path", "must have one rule at most")
			continue
		}
		n.rule = &resolved
	}
}

// resolve fills in the policy's own action and says what is wrong, or "".
func (p *Policy) resolve(r Rule) (Rule, string) {
	if r.Action == "" {
		if !r.Kind.valid() {
			return r, "needs a kind or an action"
		}
		own := p.byKind[r.Kind]
		r.Action = own.action
		if r.Reason == "" {
			r.Reason = own.reason
		}
	}
	return r, p.refuses(r.Kind, r.Action, r.Reason)
}

func (n *node) step(st step, path string) *node {
	if st.every {
		if n.every == nil {
			n.every = &node{path: path}
		}
		return n.every
	}
	next := n.members[st.name]
	if next == nil {
		if n.members == nil {
			n.members = make(map[string]*node)
		}
		next = &node{path: path}
		n.members[st.name] = next
	}
	return next
}

// Method returns the paragraph that the policy follows.
func (p *Policy) Method() Method { return p.def.Method }

// SHA256 returns the hash of the definition in hexadecimal. Two policies with
// the same hash do the same.
func (p *Policy) SHA256() string { return p.hash }

// ActionFor returns what the policy does with a value of the kind where no
// rule for the place says otherwise; [Drop] for an invalid kind.
func (p *Policy) ActionFor(k Kind) Action {
	if !k.valid() {
		return Drop
	}
	return p.byKind[k].action
}

// Definition returns a copy of what the policy was compiled from.
func (p *Policy) Definition() Definition {
	d := p.def
	d.Rules = append([]Rule{}, d.Rules...)
	if d.Determination != nil {
		own := *d.Determination
		d.Determination = &own
	}
	return d
}
