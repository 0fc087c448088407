package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/mod/sumdb/tlog"
)

// VerifyOptions say what a verification starts from.
type VerifyOptions struct {
	// Origin is the log's: [Config.Origin]. If it is "" it is that of the
	// first checkpoint, or, where there is none, unknown: what the first line
	// of a chain says of it is then taken as it is.
	Origin string

	// Verifier checks the signatures of Checkpoints; required if there are any.
	Verifier *Verifier

	// Checkpoints are signed notes that were kept elsewhere, of any chain of
	// the log, in any order. Without one a log that was rewritten as a whole,
	// or lost its tail, looks like a good one.
	Checkpoints [][]byte

	// From, if its size is not 0, is a checkpoint up to which the chain was
	// verified before: lines before it are not read. It is for [Verify] of one
	// chain only, and taken as it is.
	From Checkpoint

	// Workers is how many goroutines check lines; 0 means one for each CPU.
	Workers int
}

// A Report is what a verification found to be true.
type Report struct {
	Schema      string    `json:"schema"`
	Chain       string    `json:"chain"`
	Size        uint64    `json:"size"`
	Root        tlog.Hash `json:"root"`        // in base64
	Checked     uint64    `json:"checked"`     // lines read and checked
	Checkpoints int       `json:"checkpoints"` // that the chain was compared with
}

// ReportSchema is the schema of a [Report]'s JSON form.
const ReportSchema = "baakit.audit.report/1"

// Verify checks a chain: every line is in the one form, carries the chain's
// name, its number and the hash of the line before, and no time before the
// last; the tree over the lines is the one that every checkpoint signed, and
// the stored hashes lead to it too.
//
// It reads the chain once, in bounded memory. The first thing that is wrong is
// returned as a [Fault]. Other errors are [ErrUnknownChain], wrong options,
// those of the store and the context's.
func Verify(ctx context.Context, s Store, chain string, opts *VerifyOptions) (Report, error) {
	opt := opts.orDefault()
	anchors, err := opt.anchors()
	if err != nil {
		return Report{}, err
	}
	return verifyChain(ctx, s, chain, opt, anchors[opt.Origin+"/"+chain])
}

// VerifyAll checks every chain of the store, and each against what the system
// chain says of it. The reports are in the order of the chains' names; at a
// [Fault] they are those of the chains before.
//
// A chain that is shorter than the system chain knows it to be was truncated.
// If it is the store as a whole that is older than a checkpoint, every chain
// being what the system chain says, the rule is RolledBack.
func VerifyAll(ctx context.Context, s Store, opts *VerifyOptions) ([]Report, error) {
	opt := opts.orDefault()
	if opt.From.Size != 0 {
		return nil, errors.New("audit: VerifyOptions.From is for one chain")
	}
	anchors, err := opt.anchors()
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool)
	for chain, err := range s.Chains(ctx) {
		if err != nil {
			return nil, err
		}
		set[chain] = true
	}
	if err := systemAnchors(ctx, s, opt.Origin, anchors, set); err != nil {
		return nil, err
	}
	for origin := range anchors {
		if chain, ok := chainOf(opt.Origin, origin); ok {
			set[chain] = true
		}
	}
	known := slices.Sorted(maps.Keys(set))
	var reports []Report
	var outside, inside *Fault // the first chain that is short of a checkpoint, of the system chain
	var system *Fault
	for _, chain := range known {
		list := anchors[opt.Origin+"/"+chain]
		r, err := verifyChain(ctx, s, chain, opt, list)
		if errors.Is(err, ErrUnknownChain) {
			err = &Fault{Chain: chain, Rule: Truncated, Detail: "the chain is known from a checkpoint and is not there"}
		}
		f, ok := errors.AsType[*Fault](err)
		if !ok || f.Rule != Truncated {
			if err != nil {
				return reports, err
			}
			reports = append(reports, r)
			continue
		}
		if chain == System {
			system = f
		}
		if outside == nil {
			outside = f
		}
		if inside == nil && slices.ContainsFunc(list, func(a anchor) bool { return a.inside && a.size > f.Seq }) {
			inside = f
		}
	}
	switch {
	case inside != nil:
		return reports, inside
	case system != nil:
		return reports, &Fault{System, system.Seq, RolledBack, "the store is whole, and older than a checkpoint of it"}
	case outside != nil:
		return reports, outside
	}
	return reports, nil
}

// An anchor is what is known of a chain from elsewhere.
type anchor struct {
	size   uint64
	root   tlog.Hash
	inside bool // from the system chain of the store itself
}

// orDefault returns a copy, so that the caller's own stays as it is.
func (opt *VerifyOptions) orDefault() VerifyOptions {
	if opt == nil {
		return VerifyOptions{}
	}
	return *opt
}

// anchors reads the checkpoints, by origin.
func (opt *VerifyOptions) anchors() (map[string][]anchor, error) {
	if opt.Origin == "" && len(opt.Checkpoints) > 0 {
		origin, err := PeekOrigin(opt.Checkpoints[0])
		if err != nil {
			return nil, &Fault{Rule: Signature, Detail: "a checkpoint is malformed"}
		}
		opt.Origin = strings.TrimSuffix(origin, "/"+System)
		if opt.Origin == origin {
			return nil, errors.New("audit: VerifyOptions.Origin is required where the first checkpoint is not the system chain's")
		}
	}
	if opt.Origin != "" && !ValidChain(opt.Origin) {
		return nil, errors.New("audit: VerifyOptions.Origin is not an origin")
	}
	list := make(map[string][]anchor)
	for _, signed := range opt.Checkpoints {
		origin, err := PeekOrigin(signed)
		chain, ok := chainOf(opt.Origin, origin)
		if err != nil || !ok {
			return nil, &Fault{Chain: chain, Rule: Signature, Detail: "a checkpoint is malformed or another log's"}
		}
		if opt.Verifier == nil {
			return nil, errors.New("audit: VerifyOptions.Verifier is required to check checkpoints")
		}
		c, err := ParseCheckpoint(opt.Verifier, origin, signed)
		if err != nil {
			return nil, &Fault{Chain: chain, Rule: Signature, Detail: "a checkpoint has no valid signature of the log"}
		}
		list[origin] = append(list[origin], anchor{size: c.Size, root: c.Root})
	}
	return list, nil
}

func chainOf(logOrigin, origin string) (string, bool) {
	n := len(logOrigin) + 1
	if len(origin) <= n || origin[:n] != logOrigin+"/" || !ValidChain(origin[n:]) {
		return "", false
	}
	return origin[n:], true
}

// systemAnchors adds what the system chain says of the other chains.
func systemAnchors(ctx context.Context, s Store, origin string, anchors map[string][]anchor, known map[string]bool) error {
	for e, err := range Entries(ctx, s, System, 0) {
		if errors.Is(err, ErrTampered) {
			return nil // verifyChain names it
		}
		if err != nil {
			return err
		}
		chain, size, root, ok := e.Checkpoint()
		if !ok {
			continue
		}
		known[chain] = true
		anchors[origin+"/"+chain] = append(anchors[origin+"/"+chain], anchor{size, root, true})
	}
	return nil
}

const (
	chunkLines = 64 // few enough to stay in the cache of a core
	chunkBytes = 1 << 20
)

// A chunk is a run of lines on its way through a worker.
type chunk struct {
	first uint64
	data  []byte // each line behind a 0x00
	ends  []int
	err   error // of the store, behind the lines

	lines []checked
	bad   *Fault // of line first+len(lines)
	done  chan struct{}
}

// checked is what one line showed by itself.
type checked struct {
	prev, leaf tlog.Hash
	micros     int64
}

func verifyChain(ctx context.Context, s Store, chain string, opt VerifyOptions, anchors []anchor) (Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v := verification{chain: chain, prev: GenesisHash(opt.Origin + "/" + chain), from: opt.From.Size, anyOrigin: opt.Origin == ""}
	if err := v.begin(ctx, s, opt.From); err != nil {
		return Report{}, err
	}
	for _, a := range anchors {
		if a.size >= v.from {
			v.anchors = append(v.anchors, a)
		}
	}
	slices.SortStableFunc(v.anchors, func(a, b anchor) int {
		if a.size < b.size {
			return -1
		} else if a.size > b.size {
			return 1
		}
		return 0
	})
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	work := make(chan *chunk, workers)
	ordered := make(chan *chunk, 2*workers)
	free := make(chan *chunk, 4*workers)
	for range workers {
		go func() {
			for c := range work {
				c.check(chain)
				close(c.done)
			}
		}()
	}
	go read(ctx, s, chain, v.from, work, ordered, free)
	v.compare()
	var err error
	for c := range ordered {
		<-c.done
		if err == nil {
			err = v.take(c)
		}
		if err != nil {
			cancel() // and let the reader end
			continue
		}
		select {
		case free <- c:
		default:
		}
	}
	if err == nil {
		err = v.end(ctx, s)
	}
	if f, ok := errors.AsType[*Fault](err); ok && f.Rule == Missing {
		err = v.explain(context.WithoutCancel(ctx), s, f)
	}
	if err != nil {
		return Report{}, err
	}
	return Report{ReportSchema, chain, v.tree.Size(), v.tree.Root(), v.tree.Size() - v.from, v.compared}, nil
}

// read cuts a chain into chunks. Every chunk goes to the workers and, in
// order, to the one who joins them.
func read(ctx context.Context, s Store, chain string, from uint64, work, ordered chan<- *chunk, free <-chan *chunk) {
	defer close(ordered)
	defer close(work)
	var c *chunk
	next := from
	begin := func() {
		select {
		case c = <-free:
		default:
			c = &chunk{data: make([]byte, 0, chunkLines*512), ends: make([]int, 0, chunkLines), lines: make([]checked, 0, chunkLines)}
		}
		*c = chunk{first: next, data: c.data[:0], ends: c.ends[:0], lines: c.lines[:0], done: make(chan struct{})}
	}
	send := func() {
		work <- c
		ordered <- c
	}
	begin()
	for r, err := range s.Read(ctx, chain, from) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			c.err = err
			break
		}
		c.data = append(append(c.data, 0), r.Line...)
		c.ends = append(c.ends, len(c.data))
		next++
		if len(c.ends) == chunkLines || len(c.data) >= chunkBytes {
			send()
			begin()
		}
	}
	send()
}

// check looks at each line by itself, up to the first bad one.
func (c *chunk) check(chain string) {
	start := 0
	// The bytes of a chunk stay until the chunk is used again, and no string of
	// a line outlives this function: a second copy of every line is not needed.
	text := unsafe.String(unsafe.SliceData(c.data), len(c.data))
	for i, end := range c.ends {
		seq := c.first + uint64(i)
		prefixed, line := c.data[start:end], text[start+1:end]
		start = end
		var s summary
		if !s.parse(line, chain) {
			c.bad = &Fault{chain, seq, Altered, "the line is not of this format"}
			return
		}
		if s.chain != chain {
			c.bad = &Fault{chain, seq, Altered, "the line is of another chain"}
			return
		}
		if s.seq != seq {
			c.bad = &Fault{chain, seq, Missing, "another line is in its place"}
			return
		}
		c.lines = append(c.lines, checked{s.prev, leafOf(prefixed), s.micros})
	}
}

// A verification joins the chunks.
type verification struct {
	chain    string
	from     uint64
	tree     Frontier
	hashes   []tlog.Hash
	prev     tlog.Hash
	micros   int64
	anchors  []anchor // that are still to come, by size
	matched  uint64   // the greatest size at which an anchor matched
	compared int

	forked    *Fault // an anchor did not match
	anyOrigin bool   // the first line's prev is taken as it is
}

// begin takes the trusted checkpoint for the chain's beginning, once the
// stored hashes lead to its root.
func (v *verification) begin(ctx context.Context, s Store, from Checkpoint) error {
	h, err := s.Head(ctx, v.chain)
	switch {
	case err != nil:
		return err
	case h.Size == 0:
		return ErrUnknownChain
	case from.Size == 0:
		return nil
	case h.Size < from.Size:
		return &Fault{v.chain, h.Size, Truncated, "the chain ends before the trusted checkpoint"}
	}
	r := HashReader(ctx, s, v.chain)
	if v.tree, err = FrontierAt(from.Size, r); err != nil {
		return err
	}
	last, err := r.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(from.Size)-1)})
	if err != nil {
		return err
	}
	if v.tree.Root() != from.Root {
		return &Fault{v.chain, 0, Forked, "the stored hashes do not lead to the trusted checkpoint"}
	}
	// The last leaf is under the root only by its place: check that too.
	proof, err := tlog.ProveRecord(int64(from.Size), int64(from.Size)-1, r)
	if err != nil {
		return err
	}
	if tlog.CheckRecord(proof, int64(from.Size), from.Root, int64(from.Size)-1, last[0]) != nil {
		return &Fault{v.chain, from.Size - 1, Forked, "the stored hashes do not lead to the trusted checkpoint"}
	}
	v.prev, v.matched = last[0], from.Size
	return nil
}

func (v *verification) take(c *chunk) error {
	for _, l := range c.lines {
		seq := v.tree.Size()
		if l.prev != v.prev && (seq > 0 || !v.anyOrigin) {
			at := max(seq, 1) - 1
			v.forked = nil // the link says more
			return &Fault{v.chain, max(at, v.from), Altered, "the hash that the next line has of it is another"}
		}
		if v.forked != nil {
			return v.forked
		}
		if l.micros < v.micros {
			return &Fault{v.chain, seq, Altered, "the line's time is before the one of the line before"}
		}
		v.prev, v.micros = l.leaf, l.micros
		v.hashes = v.tree.Append(v.hashes[:0], l.leaf)
		v.compare()
	}
	if (c.bad != nil || c.err != nil) && v.forked != nil {
		return v.forked
	}
	if c.bad != nil {
		return c.bad
	}
	return c.err
}

// compare holds the tree against the anchors of its size. Where it differs it
// waits for the link of the next line, which tells an altered line from a
// chain that was written anew.
func (v *verification) compare() {
	for len(v.anchors) > 0 && v.anchors[0].size == v.tree.Size() {
		if v.anchors[0].root != v.tree.Root() && v.forked == nil {
			v.forked = &Fault{v.chain, min(v.matched, v.tree.Size()), Forked, fmt.Sprintf("the first %d entries are not the ones that a checkpoint covers", v.tree.Size())}
		}
		v.matched = v.tree.Size()
		v.compared++
		v.anchors = v.anchors[1:]
	}
}

// end looks at what must follow the last line, and at the stored hashes.
func (v *verification) end(ctx context.Context, s Store) error {
	if v.forked != nil {
		return v.forked
	}
	if len(v.anchors) > 0 {
		last := v.anchors[len(v.anchors)-1].size
		return &Fault{v.chain, v.tree.Size(), Truncated, fmt.Sprintf("a checkpoint covers %d entries", last)}
	}
	f, err := FrontierAt(v.tree.Size(), HashReader(ctx, s, v.chain))
	if err != nil {
		return err
	}
	if f.Root() != v.tree.Root() {
		return &Fault{v.chain, v.from, Altered, "the stored tree hashes are not those of the lines"}
	}
	return nil
}

// explain tells lines that are elsewhere in the chain from missing ones.
func (v *verification) explain(ctx context.Context, s Store, f *Fault) error {
	first := true
	for r, err := range s.Read(ctx, v.chain, f.Seq) {
		if err != nil {
			return f
		}
		var l summary
		if !l.parse(string(r.Line), v.chain) {
			continue
		}
		if first && l.seq < f.Seq || !first && l.seq == f.Seq {
			f.Rule, f.Detail = Reordered, "the lines are in another order, or one is there twice"
			return f
		}
		first = false
	}
	f.Detail = "the line is not there, later ones are"
	return f
}
