package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessorhttp"
)

// vendors is the vendor list: the registry of the configuration, and behind it
// the events in the log.
type vendors struct {
	conf *config
	base string
	now  func() time.Time

	mu     sync.Mutex
	ledger *ledger[subprocessor.Event]
	index  *subprocessor.Index
	until  time.Time // of the day that the index is compiled for
	site   *subprocessorhttp.Site
}

const vendorChain = "org/subprocessors"

func (s *service) openVendors(ctx context.Context) (*vendors, error) {
	l, err := load[subprocessor.Event](ctx, s.log, vendorChain)
	if err != nil {
		return nil, err
	}
	v := &vendors{conf: s.conf, base: s.base, now: s.now, ledger: l}
	return v, v.refresh(v.now())
}

// all are the events of the configuration and those of the log.
func (v *vendors) all() []subprocessor.Event {
	return append(append([]subprocessor.Event(nil), v.conf.events...), v.ledger.events...)
}

// refresh compiles the gate for the day, and the public page.
func (v *vendors) refresh(now time.Time) error {
	state, err := v.conf.reg.StateAt(v.all(), now, now)
	if err != nil {
		return err
	}
	v.index, v.until = subprocessor.Compile(state), v.conf.reg.EndOf(state.Day())
	if len(state.Versions()) == 0 {
		return nil // the list is published with the first customer
	}
	v.site, err = subprocessorhttp.New(subprocessorhttp.Config{Versions: state.Versions(), Base: v.base + "/subprocessors", Dates: state.Due(state.Day().AddDays(365))})
	return err
}

// gate says whether a customer's PHI may pass the hosting vendor now.
func (v *vendors) gate(customer string) (subprocessor.Decision, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	if now.After(v.until) {
		if err := v.refresh(now); err != nil {
			return subprocessor.Decision{}, err
		}
	}
	return v.index.Gate(v.conf.Hosting, customer, now), nil
}

// ServeHTTP serves the public page.
func (v *vendors) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	site := v.site
	v.mu.Unlock()
	if site == nil {
		http.Error(w, "no list is published yet: there is no customer", http.StatusNotFound)
		return
	}
	site.ServeHTTP(w, r)
}

// signed records that a customer's agreement is in effect, lets those
// engagements begin that waited for the first customer, and publishes the list
// if that changed it. What is recorded already is not recorded again, so that a
// service that was killed on the way can begin anew.
func (v *vendors) signed(ctx context.Context, t tenantConfig, version baa.Version) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	state, err := v.state()
	if err != nil {
		return err
	}
	if _, known := state.Entity(t.ID); !known {
		customer := subprocessor.Entity{ID: t.ID, LegalName: t.LegalName, Role: subprocessor.CoveredEntity, Contact: t.Notices}
		if err := v.record(ctx, subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &customer}); err != nil {
			return err
		}
	}
	signed := v.contract(t, version)
	if !slices.ContainsFunc(state.Contracts(), func(c subprocessor.Contract) bool { return c.ID == signed.ID }) {
		if err := v.record(ctx, subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &signed}); err != nil {
			return err
		}
	}
	if state, err = v.state(); err != nil {
		return err
	}
	for _, e := range state.Engagements() {
		if e.Status == subprocessor.Contracted {
			if err := v.record(ctx, subprocessor.Event{Kind: subprocessor.EngagementActivated, Subject: e.Engagement.ID}); err != nil {
				return err
			}
		}
	}
	if err := v.publish(ctx); err != nil {
		return err
	}
	return v.refresh(v.now())
}

// contract is what the agreement says of subcontractors, as plain values.
func (v *vendors) contract(t tenantConfig, version baa.Version) subprocessor.Contract {
	today, terms := baakit.DateOf(v.now(), v.conf.zone), version.Terms()
	return subprocessor.Contract{
		ID: t.ID + "-" + v.conf.Vendor.ID, Upstream: t.ID, Downstream: v.conf.Vendor.ID, Kind: subprocessor.BAA,
		Signed: today, Effective: today, DocumentHash: version.Hash(),
		Terms:  subprocessor.Terms{BreachReport: terms.BreachReport, ReturnDestroy: terms.ReturnWithin},
		Notice: &subprocessor.NoticeTerms{Window: terms.Objection, Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence},
	}
}

// publish publishes the list, unless the last version says the same.
func (v *vendors) publish(ctx context.Context) error {
	state, err := v.state()
	if err != nil {
		return err
	}
	if versions := state.Versions(); len(versions) > 0 && subprocessor.Diff(versions[len(versions)-1].List, state.List()).IsZero() {
		return nil
	}
	e, err := v.conf.reg.Publish(v.all(), v.now())
	if err != nil {
		return fmt.Errorf("the vendor list: %w", err)
	}
	return v.ledger.append(ctx, "subprocessor."+string(e.Kind), v.conf.Vendor.ID, e)
}

func (v *vendors) state() (*subprocessor.State, error) {
	now := v.now()
	return v.conf.reg.StateAt(v.all(), now, now)
}

func (v *vendors) record(ctx context.Context, e subprocessor.Event) error {
	e.At = v.now()
	e, err := v.conf.reg.Record(v.all(), e)
	if err != nil {
		return fmt.Errorf("the vendor list: %w", err)
	}
	return v.ledger.append(ctx, "subprocessor."+string(e.Kind), v.conf.Vendor.ID, e)
}
