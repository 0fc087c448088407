package deidfhir

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/baakit/baakit/deid"
)

// Options are what a [Adapter] needs besides its engine. The zero Options, or
// nil, remove the names of providers, trust the published code systems alone
// and label the output as pseudonymised.
type Options struct {
	// KeepProviders lets the names of Practitioners stay. They are neither
	// the individual nor a relative, an employer or a member of the
	// household; that none of them is one of these is for the caller to know.
	KeepProviders bool

	// Systems are code systems of one's own whose codes and displays hold no
	// identifier, besides the published ones: the Codings of any other
	// system are dropped.
	Systems []string

	// Forgotten says that nobody keeps the vault, so that the codes lead
	// back to nobody. The label is then ANONYED instead of PSEUDED.
	Forgotten bool
}

// An Adapter applies the policy of an engine to FHIR R4. It is immutable and
// safe for concurrent use; make it with [New].
type Adapter struct {
	e         *deid.Engine
	resources map[string]*node
	stub      *node // of a resource that is not listed
	entry     *node // of _ members
	ext       *node
	terms     *vocabulary
	systems   map[string]pattern
	prefixes  []prefix
	label     label // in meta.security
	rootLabel label // the same, with the policy
	maxDepth  int
	places    places
	pool      sync.Pool // *walk
}

// places are those that stand for no element of the table alone.
type places struct {
	resourceType *deid.Place
	version      *deid.Place // in a reference
	base         *deid.Place
	age          *deid.Place
	identifiers  map[deid.Kind]*deid.Place
	contacts     map[deid.Kind]*deid.Place
}

// New returns an adapter for the engine; nil Options are the zero Options. The
// engine needs a vault and a scope, for the codes of ids. Rules of its policy
// with a path are not for FHIR and are not looked at; rules for a kind are. The
// errors are [baakit.FieldError] inside.
func New(e *deid.Engine, opts *Options) (*Adapter, error) {
	if e == nil {
		return nil, errors.New("deidfhir: an engine is required")
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	t, v := r4()
	c := &compiler{e: e, table: t, terms: v, opts: o, types: make(map[string]*node)}
	c.extension()
	w := &Adapter{e: e, terms: v, resources: make(map[string]*node), ext: c.ext, systems: make(map[string]pattern)}
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		parts := []element{t.Resource, t.Domain, t.Resources[name]}
		if name == "Bundle" || name == "Binary" {
			parts = slices.Delete(parts, 1, 2)
		}
		w.resources[name] = c.resource(name, parts...)
	}
	w.stub = c.resource("Resource", t.Resource)
	w.entry = &node{form: formObject, unknown: e.UnknownPlace("Element"), members: newMembers(map[string]*node{"extension": c.ext})}
	w.places = places{
		resourceType: c.place("resourceType", deid.Rule{Kind: deid.KindTerm, Action: deid.Keep, Reason: "the name of a FHIR type"}),
		version:      c.place("Reference.reference/_history", deid.Rule{Kind: deid.KindID, Action: deid.CodeAs(namespaceVersion)}),
		base:         c.place("Reference.reference/base", deid.Rule{Kind: deid.KindURL, Action: deid.CodeAs(namespaceBase)}),
		age:          c.place("Age", deid.Rule{Kind: deid.KindAge}),
		identifiers:  make(map[deid.Kind]*deid.Place),
		contacts:     make(map[deid.Kind]*deid.Place),
	}
	for _, k := range []deid.Kind{deid.KindPhone, deid.KindFax, deid.KindEmail, deid.KindURL} {
		w.places.contacts[k] = c.place("ContactPoint.value", deid.Rule{Kind: k})
	}
	for _, k := range []deid.Kind{deid.KindSSN, deid.KindMRN, deid.KindPlan, deid.KindAccount, deid.KindLicense, deid.KindVehicle, deid.KindDevice, deid.KindID} {
		w.places.identifiers[k] = c.place("Identifier.value", deid.Rule{Kind: k, Action: deid.CodeAs(namespaceIdentifier)})
	}
	if c.err != nil {
		return nil, c.err
	}
	w.addSystems(o.Systems)
	w.label, w.rootLabel = labels(e.Policy(), o.Forgotten)
	w.maxDepth = e.MaxDepth()
	return w, nil
}

// JSON reads one FHIR resource from src, a Bundle or any other, and writes it
// to dst with the policy applied; the subject may be nil, the report not. Its
// signature is that of [deid.Engine.JSON], whose errors it has, and of a
// Transform in a [deid.Document].
//
// The resource is one record: its dates are judged together, and it is written
// whole or not at all.
func (w *Adapter) JSON(ctx context.Context, dst io.Writer, src io.Reader, s *deid.Subject, r *deid.Report) error {
	k := w.take()
	defer w.give(k)
	return w.e.Values(ctx, dst, src, s, r, k.transform)
}

// NDJSON is JSON for one resource on each line, as bulk export writes them:
// each is a record of its own. Lines that fail are left out; the error is then
// a [*deid.FailedError].
func (w *Adapter) NDJSON(ctx context.Context, dst io.Writer, src io.Reader, s *deid.Subject, r *deid.Report) error {
	k := w.take()
	defer w.give(k)
	return w.e.Lines(ctx, dst, src, s, r, k.transform)
}

// Document returns a document for [deid.Engine.Run]: one resource, or with
// bulk one on each line.
func (w *Adapter) Document(data []byte, bulk bool, s *deid.Subject) deid.Document {
	d := deid.Document{Data: data, Subject: s, Transform: w.JSON}
	if bulk {
		d.Transform = w.NDJSON
	}
	return d
}

func (w *Adapter) take() *walk {
	if k, ok := w.pool.Get().(*walk); ok {
		return k
	}
	return &walk{Adapter: w}
}

func (w *Adapter) give(k *walk) {
	k.release()
	w.pool.Put(k)
}

func validPrefix(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}
