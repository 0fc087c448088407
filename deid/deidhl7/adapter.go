package deidhl7

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// Options are what a [Adapter] may be told. The zero Options, or nil, keep
// no provider and trust no coding system but the published ones.
type Options struct {
	// KeepProviders lets the names and numbers of providers stay, the XCN,
	// CN, PPN and NDL of attending, ordering, performing and other staff.
	// They are not among those whose identifiers 45 CFR 164.514(b)(2)(i)
	// names, but may lead to them; an expert or a board may want them gone.
	KeepProviders bool

	// Namespaces has the vault's namespaces for assigning authorities, as
	// CX-4 names them ("HOSP", or "HOSP&2.999.1&ISO"), so that the codes
	// are those of other data: with HOSP: "mrn", the record number 123 of
	// HOSP has the code of 123 in a CSV column with the action code:mrn.
	// Numbers of other authorities have codes of their own for each.
	Namespaces map[string]string

	// Systems are names of coding systems of the site, such as "L" or
	// "99LAB", whose displays come from a catalogue and not from people.
	// Those of table 0396 that the package knows need no mention.
	Systems []string
}

// An Adapter applies the policy of an engine to HL7 v2 messages. It is
// immutable and safe for concurrent use. Make it with [New], once.
type Adapter struct {
	e          *deid.Engine
	table      *table
	systems    map[string]codeForm
	namespaces map[string]string
}

// New returns an adapter for the engine; nil Options are the zero Options.
// The errors are [baakit.FieldErrors].
func New(e *deid.Engine, opts *Options) (*Adapter, error) {
	var errs baakit.FieldErrors
	if e == nil {
		errs.Add("engine", "is required")
		return nil, errs
	}
	if opts == nil {
		opts = &Options{}
	}
	t := &Adapter{e: e, systems: maps.Clone(systems), namespaces: maps.Clone(opts.Namespaces)}
	for i, name := range opts.Systems {
		if !isCode([]byte(name), maxLocal, maxLocal) {
			errs.Add(fmt.Sprintf("systems[%d]", i), "must be the name of a coding system, of at most 12 characters")
			continue
		}
		if _, known := systems[name]; !known {
			t.systems[name] = codeSite
		}
	}
	for _, authority := range sortedKeys(opts.Namespaces) {
		if authority == "" {
			errs.Add("namespaces", "must not have an authority without a name")
		}
		if _, err := e.Place("namespaces", deid.Rule{Kind: deid.KindID, Action: deid.CodeAs(opts.Namespaces[authority])}); err != nil {
			errs.Merge("", err)
		}
	}
	var err error
	if t.table, err = newTable(e, opts); err != nil {
		errs.Merge("", err)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

// The rules that a failed message broke, as the report states them.
const (
	ruleOutside    = "is outside a message"
	ruleSeparators = "does not begin with usable separators"
	ruleCharset    = "is in a character set that cannot be read"
	ruleOpenFrame  = "has no end of its frame"
	ruleFrameEnd   = "has no beginning of its frame"
)

// Transform reads messages from src and writes them to dst with the rules of
// the policy applied; the subject may be nil, the report not. It has the
// signature of the Transform of a [deid.Document].
//
// Each message is the record of one individual. One that is malformed, that is
// above the engine's limit, or that fails its self-check, is left out and the
// rest goes on; the error at the end is a [*deid.FailedError], which unwraps to
// [deid.ErrMalformed], [deid.ErrTooLarge] or [deid.ErrIdentifierLeft]. Errors of
// src, dst, the vault and the text scrubber stop it, and so does the end of ctx;
// what is written until then are whole messages. Memory is in proportion to the
// longest message.
func (t *Adapter) Transform(ctx context.Context, dst io.Writer, src io.Reader, s *deid.Subject, r *deid.Report) error {
	c := t.e.NewRecord(ctx, s, r)
	defer c.Close()
	r.AddDocument()
	w := walk{t: t, c: c}
	in := reader{src: src, max: t.e.MaxRecord()}
	out := output{w: dst}
	var failed deid.Failures
	for n := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch p {
		case partGap:
			out.write(in.data)
			continue
		case partStart:
			out.start()
			continue
		case partEnd:
			out.end(in.data)
			continue
		}
		n++
		cause, rule, err := w.record(&in, out.open)
		if err != nil {
			return err
		}
		if cause != nil {
			out.failed = true
			failed.Add(c, in.size, fmt.Sprintf("message %d (byte %d)", n, in.at), cause, rule)
			continue
		}
		out.message(w.out)
		c.Done(in.size, len(w.out))
		if out.err != nil {
			return out.err
		}
	}
	out.close()
	if err := out.flush(); err != nil {
		return err
	}
	return failed.Err()
}

// Document returns a document for [deid.Engine.Run]: any number of messages.
func (t *Adapter) Document(data []byte, s *deid.Subject) deid.Document {
	return deid.Document{Data: data, Subject: s, Transform: t.Transform}
}

// record transforms the message that was read last and checks the result. It
// returns why it is not to be written, and an error that stops everything.
func (w *walk) record(in *reader, framed bool) (cause error, rule string, err error) {
	batch := w.batch
	defer func() {
		if cause != nil {
			w.batch = batch // a header that is not written says nothing of a trailer
		}
	}()
	switch {
	case in.large:
		return deid.ErrTooLarge, "", nil
	case framed && (in.ending == endsWithStart || in.ending == endsWithStream):
		return deid.ErrMalformed, ruleOpenFrame, nil
	case !framed && in.ending == endsWithFrame:
		return deid.ErrMalformed, ruleFrameEnd, nil
	case !isHeader(in.data):
		return deid.ErrMalformed, ruleOutside, nil
	}
	if rule := w.begin(in); rule != "" {
		return deid.ErrMalformed, rule, nil
	}
	w.lean = false
	if err := w.message(in.data, in.lines); err != nil {
		return nil, "", err
	}
	if !w.c.Settled() {
		w.c.Again()
		if err := w.message(in.data, in.lines); err != nil {
			return nil, "", err
		}
	}
	checked := w.c.Check()
	if checked != nil && w.displays > 0 {
		w.lean = true
		w.c.Again()
		if err := w.message(in.data, in.lines); err != nil {
			return nil, "", err
		}
		checked = w.c.Check()
	}
	if checked == nil && len(w.out) > w.t.e.MaxRecord() {
		checked = deid.ErrTooLarge
	}
	return checked, "", nil
}

// begin takes the separators and the character set of a message, and returns
// what is wrong with it.
func (w *walk) begin(in *reader) (rule string) {
	head := in.data[in.lines[0].start:in.lines[0].end]
	seps, at := w.batch, len(head)
	if head[1] != 'T' { // MSH, FHS, BHS
		var ok bool
		if seps, at, ok = parseSeparators(head); !ok {
			return ruleSeparators
		}
		if head[0] != 'M' {
			w.batch = seps
		}
	} else if seps.field == 0 || len(head) > 3 && head[3] != seps.field {
		return ruleSeparators
	}
	if seps != w.seps {
		w.seps, w.class, w.declared = seps, seps.classes(), nil
	}
	var declared []byte
	if head[0] == 'M' {
		declared = w.nth(head[at:], charsetField-2)
	}
	// Most messages are ASCII or UTF-8, and declare what the one before did.
	if w.declared != nil && bytes.Equal(declared, w.declared) && w.set.table == nil && utf8.Valid(in.data) {
		return ""
	}
	w.declared = nil
	var ok bool
	if w.set, ok = charsetOf(in.data, declared, seps.repetition); !ok {
		return ruleCharset
	}
	w.declared = append([]byte{}, declared...)
	return ""
}

// charsetField is the field of MSH that names the character set.
const charsetField = 18

// nth returns the n-th field of what begins with a separator.
func (w *walk) nth(rest []byte, n int) []byte {
	for i, c := range rest {
		if c != w.seps.field {
			continue
		}
		if n--; n > 0 {
			continue
		}
		rest = rest[i+1:]
		end := 0
		for end < len(rest) && rest[end] != w.seps.field {
			end++
		}
		return rest[:end]
	}
	return nil
}

// An output writes whole messages, with the frames that they came in.
type output struct {
	w   io.Writer
	buf []byte
	err error

	open   bool // a frame
	wrote  bool // of which something is written
	failed bool // of which something is not
}

func (o *output) write(p []byte) {
	o.buf = append(o.buf, p...)
	if len(o.buf) >= 64<<10 {
		o.flush()
	}
}

func (o *output) start() {
	o.close()
	o.open, o.wrote, o.failed = true, false, false
}

// message writes a message, and before the first the beginning of its frame.
func (o *output) message(p []byte) {
	if o.open && !o.wrote {
		o.buf = append(o.buf, frameStart)
		o.wrote = true
	}
	o.write(p)
}

// end writes the end of a frame, unless all that was in it has failed.
func (o *output) end(p []byte) {
	if o.open && (o.wrote || !o.failed) {
		o.message(p)
	}
	o.open = false
}

// close ends a frame that the stream left open.
func (o *output) close() {
	if o.wrote && o.open {
		o.write([]byte{frameEnd, '\r'})
	}
	o.open = false
}

func (o *output) flush() error {
	if o.err == nil && len(o.buf) > 0 {
		_, o.err = o.w.Write(o.buf)
	}
	o.buf = o.buf[:0]
	return o.err
}
