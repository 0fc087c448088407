package auditfhir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strconv"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// A BundleType says what a bundle is for.
type BundleType string

// The types of bundles that are written.
const (
	Collection BundleType = "collection" // to be read
	Batch      BundleType = "batch"      // to be sent to a server, which creates each resource by itself
)

// WriteNDJSON writes entries as AuditEvents, one a line
// (application/fhir+ndjson), and returns how many AuditEvents it wrote. It
// holds one entry at a time. Its errors are those of entries, of
// [Exporter.AuditEvents] and of w; what was written before stays written.
func (x *Exporter) WriteNDJSON(ctx context.Context, w io.Writer, entries iter.Seq2[audit.Entry, error]) (n int, err error) {
	var buf []byte
	err = x.each(ctx, entries, func(a *AuditEvent) error {
		if buf, err = a.AppendJSON(buf[:0]); err != nil {
			return err
		}
		buf = append(buf, '\n')
		if _, err := w.Write(buf); err != nil {
			return err
		}
		n++
		return nil
	})
	return n, err
}

// WriteBundle writes entries as one FHIR Bundle and returns how many
// AuditEvents are in it. It holds one entry at a time. Its errors are those of
// [Exporter.WriteNDJSON], after which what was written is no JSON, and a
// [baakit.FieldErrors] of an unknown type.
func (x *Exporter) WriteBundle(ctx context.Context, w io.Writer, t BundleType, entries iter.Seq2[audit.Entry, error]) (n int, err error) {
	if t != Collection && t != Batch {
		return 0, baakit.FieldErrors{{Path: "type", Rule: "must be collection or batch"}}
	}
	buf := append([]byte(`{"resourceType":"Bundle","type":"`), t...)
	buf = append(buf, '"')
	err = x.each(ctx, entries, func(a *AuditEvent) error {
		if n == 0 {
			buf = append(buf, `,"entry":[`...)
		} else {
			buf = append(buf[:0], ',')
		}
		buf = append(buf, "\n{"...)
		if t == Collection {
			buf = append(buf, `"fullUrl":"`+fullURL(a, n)+`",`...)
		}
		buf = append(buf, `"resource":`...)
		if buf, err = a.AppendJSON(buf); err != nil {
			return err
		}
		if t == Batch {
			buf = append(buf, `,"request":{"method":"POST","url":"AuditEvent"}`...)
		}
		buf = append(buf, '}')
		if _, err := w.Write(buf); err != nil {
			return err
		}
		n++
		return nil
	})
	if err != nil {
		return n, err
	}
	if n == 0 { // an array is never empty
		_, err = w.Write(append(buf, "}\n"...))
	} else {
		_, err = io.WriteString(w, "\n]}\n")
	}
	return n, err
}

// fullURL returns an address of the resource in the bundle: a UUID (version 8)
// made of its id, which is made of the leaf hash.
func fullURL(a *AuditEvent, n int) string {
	id := a.ID
	if id == "" {
		id = strconv.Itoa(n)
	}
	sum := sha256.Sum256([]byte(id))
	sum[6], sum[8] = sum[6]&0x0F|0x80, sum[8]&0x3F|0x80
	h := hex.EncodeToString(sum[:16])
	return "urn:uuid:" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func (x *Exporter) each(ctx context.Context, entries iter.Seq2[audit.Entry, error], f func(*AuditEvent) error) error {
	for e, err := range entries {
		if err != nil {
			return err
		}
		list, err := x.AuditEvents(ctx, e)
		if err != nil {
			return err
		}
		for i := range list {
			if err := f(&list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Read returns the AuditEvents of a stream of FHIR JSON: resources and bundles
// of them, one or many, as in a bundle or in NDJSON. It holds one resource at
// a time. An error is the last pair: a [baakit.FieldErrors] of a resource, with
// its place, "Bundle.entry[2].resource", or its number in the stream, "[2]", or
// an error of r. It may be ranged over once.
func Read(r io.Reader) iter.Seq2[AuditEvent, error] {
	return func(yield func(AuditEvent, error) bool) {
		s := &stream{yield: yield}
		s.in = &meter{r: r}
		s.dec = json.NewDecoder(s.in)
		s.dec.UseNumber() // a number that no float64 can hold is no error of the reader
		for !s.stopped {
			if err := s.value(); err != nil {
				if !errors.Is(err, io.EOF) && !s.stopped {
					yield(AuditEvent{}, err)
				}
				return
			}
		}
	}
}

var errStream = baakit.FieldErrors{{Rule: "must be AuditEvents, or bundles of them, in JSON"}}

// A meter refuses to read more than two resources' worth without a mark.
type meter struct {
	r io.Reader
	n int
}

func (m *meter) Read(b []byte) (int, error) {
	if m.n > 2*MaxResource {
		return 0, baakit.FieldErrors{{Rule: "must not have a resource longer than 16 MiB"}}
	}
	n, err := m.r.Read(b)
	m.n += n
	return n, err
}

type stream struct {
	in      *meter
	dec     *json.Decoder
	yield   func(AuditEvent, error) bool
	count   int // resources of the stream
	stopped bool
}

// fault tells errors of the reader from those of the text.
func (s *stream) fault(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errStream
	}
	return err
}

// value reads one value of the stream; io.EOF says that there is none.
func (s *stream) value() error {
	s.in.n = 0
	t, err := s.dec.Token()
	if err != nil {
		return s.fault(err)
	}
	if t != json.Delim('{') {
		return errStream
	}
	// The members of a resource, unless they turn out to be those of a bundle.
	text := []byte{'{'}
	bundle := false
	for s.dec.More() {
		name, err := s.dec.Token()
		if err != nil {
			return s.end(err)
		}
		if name == "entry" && !bundle {
			bundle = true
			if err := s.entries(); err != nil || s.stopped {
				return err
			}
			continue
		}
		var raw json.RawMessage
		if err := s.dec.Decode(&raw); err != nil {
			return s.end(err)
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return errStream
		}
		text = append(append(append(text, key...), ':'), raw...)
		if len(text) > MaxResource {
			return baakit.FieldErrors{{Rule: "must not have a resource longer than 16 MiB"}}
		}
	}
	if _, err := s.dec.Token(); err != nil {
		return s.end(err)
	}
	text = append(text, '}')
	if bundle || isBundle(text) {
		if !isBundle(text) {
			return baakit.FieldErrors{{Path: "resourceType", Rule: "must be Bundle where there is an entry"}}
		}
		return nil
	}
	a, err := Parse(text)
	return s.give(a, err, at("", s.count))
}

// end says that a value that was begun does not end.
func (s *stream) end(err error) error {
	if errors.Is(err, io.EOF) {
		return errStream
	}
	return s.fault(err)
}

func isBundle(text []byte) bool {
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	return json.Unmarshal(text, &head) == nil && head.ResourceType == "Bundle"
}

// entries reads the entries of a bundle.
func (s *stream) entries() error {
	if t, err := s.dec.Token(); err != nil || t != json.Delim('[') {
		if err != nil {
			return s.end(err)
		}
		return baakit.FieldErrors{{Path: "Bundle.entry", Rule: "must be an array"}}
	}
	for i := 0; s.dec.More(); i++ {
		s.in.n = 0
		var raw json.RawMessage
		if err := s.dec.Decode(&raw); err != nil {
			return s.end(err)
		}
		path := at("Bundle.entry", i)
		n, ok := parseTree(raw)
		if !ok {
			return errStream
		}
		var resource *node
		r := &reader{}
		r.object(path, &n, func(o *object) { resource = o.get("resource") })
		if err := r.errs.Err(); err != nil {
			return err
		}
		if resource == nil {
			return baakit.FieldErrors{{Path: path + ".resource", Rule: "is required"}}
		}
		a, err := read("AuditEvent", resource)
		if err := s.give(a, err, path+".resource"); err != nil || s.stopped {
			return err
		}
	}
	_, err := s.dec.Token()
	if err != nil {
		return s.end(err)
	}
	return nil
}

// give yields a resource, or returns its errors with its place.
func (s *stream) give(a AuditEvent, err error, path string) error {
	if err != nil {
		var errs baakit.FieldErrors
		errs.Merge(path, err)
		return errs.Err()
	}
	s.count++
	if !s.yield(a, nil) {
		s.stopped = true
	}
	return nil
}

// ReadEvents returns the events of a stream of AuditEvents. Those of one
// entry, which stand one behind the other, are one event. Its errors are those
// of [Read] and of [Import], as the last pair.
func ReadEvents(r io.Reader, opt *ImportOptions) iter.Seq2[Imported, error] {
	return func(yield func(Imported, error) bool) {
		var group []AuditEvent
		flush := func() bool {
			if len(group) == 0 {
				return true
			}
			m, err := Import(group, opt)
			group = nil
			if err != nil {
				yield(Imported{}, err)
				return false
			}
			return yield(m, nil)
		}
		for a, err := range Read(r) {
			if err != nil {
				if flush() {
					yield(Imported{}, err)
				}
				return
			}
			if len(group) > 0 && !sameEntry(&group[0], &a) && !flush() {
				return
			}
			group = append(group, a)
		}
		flush()
	}
}

// sameEntry tells whether two AuditEvents are about persons of one entry.
func sameEntry(a, b *AuditEvent) bool {
	leaf := find(a.Extension, ExtLeaf)
	return leaf != "" && leaf == find(b.Extension, ExtLeaf) &&
		find(a.Extension, ExtChain) == find(b.Extension, ExtChain) && find(a.Extension, ExtPerson) != find(b.Extension, ExtPerson)
}
