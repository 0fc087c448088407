package deid

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/baakit/baakit"
)

// ReportSchema names the JSON form of a [Statement].
const ReportSchema = "baakit.deid.report/1"

// MaxFailures is how many failures a report describes; it counts them all.
const MaxFailures = 100

// A Report counts what an engine did in a job: no value, no key and no code of
// any document. It is safe for concurrent use; make it with
// [Engine.NewReport] and read it with [Report.Statement].
type Report struct {
	e *Engine

	mu        sync.Mutex
	counts    tally // by place and outcome
	scrubbed  map[scrubKey]uint64
	documents int64
	records   int64
	bytesIn   int64
	bytesOut  int64
	failed    int64
	hits      int64
	failures  []Failure
	structs   map[*plan]bool
}

// addUnexported notes which fields of a struct type stay as they are.
func (r *Report) addUnexported(p *plan) {
	if len(p.unexported) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.structs == nil {
		r.structs = make(map[*plan]bool)
	}
	r.structs[p] = true
}

type scrubKey struct {
	identifier Identifier
	rule       string
}

// A Failure is a record that was not written: where it stood, and which rule
// it broke. It holds nothing of the record.
type Failure struct {
	Document int64  `json:"document,omitempty"` // of a batch, from 1
	Position string `json:"position"`
	Rule     string `json:"rule"`
}

// A tally counts by number. It is in pages, so that the report of a small
// document by a large table is small.
type tally []*[tallyPage]uint64

const tallyPage = 256

func (t *tally) page(i int) *[tallyPage]uint64 {
	if i >= len(*t) {
		*t = append(*t, make(tally, i+1-len(*t))...)
	}
	p := (*t)[i]
	if p == nil {
		p = new([tallyPage]uint64)
		(*t)[i] = p
	}
	return p
}

func (t *tally) add(i int) { t.page(i / tallyPage)[i%tallyPage]++ }

func (t tally) get(i int) uint64 {
	if i/tallyPage >= len(t) || t[i/tallyPage] == nil {
		return 0
	}
	return t[i/tallyPage][i%tallyPage]
}

func (t *tally) merge(other tally) {
	for i, from := range other {
		if from == nil {
			continue
		}
		to := t.page(i)
		for k, n := range from {
			to[k] += n
		}
	}
}

// NewReport returns an empty report for a job of this engine.
func (e *Engine) NewReport() *Report { return &Report{e: e, scrubbed: make(map[scrubKey]uint64)} }

func (r *Report) add(c *Record, bytesIn, bytesOut int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records++
	r.bytesIn += int64(bytesIn)
	r.bytesOut += int64(bytesOut)
	for _, i := range c.counts {
		r.counts.add(int(i))
	}
	for _, s := range c.scrubs {
		r.scrubbed[scrubKey{s.Identifier, s.Rule}] += uint64(max(s.Count, 0))
	}
}

func (r *Report) fail(bytesIn int, f Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records++
	r.bytesIn += int64(bytesIn)
	r.failed++
	if f.Rule == ruleLeft {
		r.hits++
	}
	if len(r.failures) < MaxFailures {
		r.failures = append(r.failures, f)
	}
}

// AddDocument counts a document; its records count themselves.
func (r *Report) AddDocument() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.documents++
}

// Merge adds what other counted, the failures as those of the numbered
// document of a batch, and empties nothing. Both must come from one engine.
func (r *Report) Merge(document int64, other *Report) {
	if r == other || r.e != other.e {
		panic("deid: reports that are merged must be two of one engine")
	}
	other.mu.Lock()
	defer other.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.merge(other.counts)
	for key, n := range other.scrubbed {
		r.scrubbed[key] += n
	}
	r.documents += other.documents
	r.records += other.records
	r.bytesIn += other.bytesIn
	r.bytesOut += other.bytesOut
	r.failed += other.failed
	r.hits += other.hits
	for p := range other.structs {
		if r.structs == nil {
			r.structs = make(map[*plan]bool)
		}
		r.structs[p] = true
	}
	for _, f := range other.failures {
		if len(r.failures) < MaxFailures {
			f.Document = document
			r.failures = append(r.failures, f)
		}
	}
}

// Failed returns how many records were not written.
func (r *Report) Failed() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// A Statement is a report as it is handed over: what was done by which rules,
// and to how many values, never the values. It says that transforms were
// applied and not that the result is de-identified: that also needs the
// absence of actual knowledge, which only a person can state.
type Statement struct {
	Schema           string          `json:"schema"`
	Statement        string          `json:"statement"`
	Method           Method          `json:"method"`
	Citation         baakit.Citation `json:"citation"`
	Library          Library         `json:"library"`
	PolicySHA256     string          `json:"policy_sha256"`
	IdentifierSHA256 string          `json:"identifier_table_sha256"`
	ZIPTable         ZIPInfo         `json:"zip_table"`
	AsOf             baakit.Date     `json:"as_of,omitzero"`

	// DataUseAgreement is set for a limited data set, Determination for an
	// expert determination.
	DataUseAgreement *Agreement     `json:"data_use_agreement,omitempty"`
	Determination    *Determination `json:"determination,omitempty"`

	Documents     int64 `json:"documents"`
	Records       int64 `json:"records"`
	RecordsFailed int64 `json:"records_failed"`
	BytesIn       int64 `json:"bytes_in"`
	BytesOut      int64 `json:"bytes_out"`

	SelfCheck   SelfCheck         `json:"self_check"`
	Identifiers []IdentifierCount `json:"identifiers"`
	Places      []PlaceCount      `json:"places"`
	TextRules   []TextCount       `json:"text"`
	Unknown     []UnknownCount    `json:"unknown"`
	Failures    []Failure         `json:"failures"`

	// Unexported are the fields of structs that nobody can reach: they
	// stay as they are.
	Unexported []string `json:"unexported"`

	// ActualKnowledge is left to the signer: see [Statement.Sign].
	ActualKnowledge *Attestation `json:"actual_knowledge"`
}

// Library is the module that made the statement.
type Library struct {
	Module  string `json:"module"`
	Version string `json:"version"`
}

// Agreement is what a limited data set needs: 45 CFR 164.514(e)(4).
type Agreement struct {
	Required  bool   `json:"required"`
	Reference string `json:"reference"`
}

// SelfCheck says that the output was looked through for the identifiers of
// the subject and the removed ones, and how often one was found. A record
// with one was not written.
type SelfCheck struct {
	Applied bool  `json:"applied"`
	Hits    int64 `json:"hits"`
}

// An IdentifierCount says what happened to the values of one identifier. All
// eighteen are listed.
type IdentifierCount struct {
	Identifier Identifier `json:"identifier"`
	ID         string     `json:"id"`
	Values     uint64     `json:"values"`
	Removed    uint64     `json:"removed"`
	Replaced   uint64     `json:"replaced"`
	Stayed     uint64     `json:"stayed"`
}

// A PlaceCount says what happened at one place of the rules, by outcome. The
// paths are the policy's own words, not the documents'.
type PlaceCount struct {
	Place      string         `json:"place"`
	Kind       Kind           `json:"kind,omitzero"`
	Identifier Identifier     `json:"identifier,omitzero"`
	Action     Action         `json:"action"`
	Reason     string         `json:"reason,omitempty"`
	Outcomes   []OutcomeCount `json:"outcomes"`
}

// An OutcomeCount is one outcome's number.
type OutcomeCount struct {
	Outcome string `json:"outcome"`
	Count   uint64 `json:"count"`
}

// A TextCount says what a text scrubber removed by one of its rules.
type TextCount struct {
	Identifier Identifier `json:"identifier,omitzero"`
	Rule       string     `json:"rule"`
	Count      uint64     `json:"count"`
}

// An UnknownCount says how many values without a rule were dropped below a
// place. Their own names are not told: a key can be an identifier.
type UnknownCount struct {
	Below string `json:"below"`
	Count uint64 `json:"count"`
}

var methodStatements = map[Method]string{
	MethodSafeHarbor:     "Safe Harbor transforms applied",
	MethodLimitedDataSet: "Limited data set transforms applied; the result is protected health information",
	MethodExpert:         "Transforms of an expert determination applied",
}

const modulePath = "github.com/baakit/baakit"

// libraryVersion is the version of the module in the running binary.
func libraryVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Path == modulePath {
		return info.Main.Version
	}
	for _, dep := range info.Deps {
		if dep.Path == modulePath {
			return dep.Version
		}
	}
	return "unknown"
}

// Statement returns what has been counted so far.
func (r *Report) Statement() Statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.e.policy
	sum := sha256.Sum256(identifiersJSON)
	s := Statement{
		Schema: ReportSchema, Statement: methodStatements[p.def.Method], Method: p.def.Method, Citation: p.def.Method.Citation(),
		Library: Library{modulePath, libraryVersion()}, PolicySHA256: p.hash, IdentifierSHA256: hex.EncodeToString(sum[:]),
		ZIPTable: p.zip.info, AsOf: r.e.opts.AsOf,
		Documents: r.documents, Records: r.records, RecordsFailed: r.failed, BytesIn: r.bytesIn, BytesOut: r.bytesOut,
		SelfCheck: SelfCheck{Applied: true, Hits: r.hits},
		Places:    []PlaceCount{}, TextRules: []TextCount{}, Unknown: []UnknownCount{}, Failures: append([]Failure{}, r.failures...),
	}
	s.ZIPTable.CensusYears = slices.Clone(s.ZIPTable.CensusYears)
	if p.def.Method == MethodLimitedDataSet {
		s.DataUseAgreement = &Agreement{Required: true, Reference: p.def.Agreement}
	}
	s.Determination = p.Definition().Determination
	for i := range Identifiers() {
		s.Identifiers = append(s.Identifiers, IdentifierCount{Identifier: i, ID: i.ID()})
	}
	r.e.mu.Lock()
	places := slices.Clone(r.e.places)
	r.e.mu.Unlock()
	unknown := make(map[string]uint64)
	merged := make(map[placeKey]*[lastOutcome + 1]uint64)
	for _, place := range places {
		for o := Outcome(1); o <= lastOutcome; o++ {
			n := r.counts.get(place.id*int(lastOutcome) + int(o) - 1)
			if n == 0 {
				continue
			}
			if place.unknown {
				unknown[place.path] += n
				continue
			}
			key := placeKey{place.path, place.kind, place.action, place.reason}
			if merged[key] == nil {
				merged[key] = new([lastOutcome + 1]uint64)
			}
			merged[key][o] += n
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(merged), placeKey.compare) {
		s.place(key, merged[key])
	}
	for _, path := range sortedKeys(unknown) {
		s.Unknown = append(s.Unknown, UnknownCount{path, unknown[path]})
	}
	for key, n := range r.scrubbed {
		s.TextRules = append(s.TextRules, TextCount{key.identifier, key.rule, n})
		if key.identifier.valid() {
			count := &s.Identifiers[key.identifier-1]
			count.Values += n
			count.Removed += n
		}
	}
	slices.SortFunc(s.TextRules, TextCount.compare)
	s.Unexported = []string{}
	for p := range r.structs {
		s.Unexported = append(s.Unexported, p.unexported...)
	}
	slices.Sort(s.Unexported)
	s.Unexported = slices.Compact(s.Unexported)
	return s
}

func (s *Statement) place(key placeKey, counts *[lastOutcome + 1]uint64) {
	row := PlaceCount{Place: key.path, Kind: key.kind, Identifier: key.kind.Identifier(), Action: key.action, Reason: key.reason}
	var total IdentifierCount
	for o := Outcome(1); o <= lastOutcome; o++ {
		n := counts[o]
		if n == 0 {
			continue
		}
		row.Outcomes = append(row.Outcomes, OutcomeCount{o.String(), n})
		switch {
		case o == Empty:
			continue
		case o.Gone():
			total.Removed += n
		case o.Verbatim() || o == KeptYear || o == KeptZIP3:
			total.Stayed += n
		default:
			total.Replaced += n
		}
		total.Values += n
	}
	s.Places = append(s.Places, row)
	if row.Identifier.valid() {
		count := &s.Identifiers[row.Identifier-1]
		count.Values += total.Values
		count.Removed += total.Removed
		count.Replaced += total.Replaced
		count.Stayed += total.Stayed
	}
}

type placeKey struct {
	path   string
	kind   Kind
	action Action
	reason string
}

func (k placeKey) compare(l placeKey) int {
	return cmp.Or(strings.Compare(k.path, l.path), int(k.kind)-int(l.kind), strings.Compare(string(k.action), string(l.action)), strings.Compare(k.reason, l.reason))
}

func (t TextCount) compare(u TextCount) int {
	return cmp.Or(int(t.Identifier)-int(u.Identifier), strings.Compare(t.Rule, u.Rule))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func positionAt(offset int64) string { return "byte " + strconv.FormatInt(offset, 10) }
