package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/disclosure"
	"github.com/baakit/baakit/internal/strictjson"
)

// access is the daily use: every read of a record goes through the middleware
// of the audit log, which logs it before anybody sees the first byte. A nurse
// reads, is refused, and breaks the glass; a disease is reported; a patient
// asks who was told, and to see her records; and what should not have been in
// the log is taken out of it.
type access struct{ patients []patient }

// A patient is a record of records.json.
type patient struct {
	id     string
	record json.RawMessage
}

func (*access) name() string  { return "access" }
func (*access) title() string { return "Who reads the records, and who is told" }
func (*access) input() string { return recordsJSON }

const (
	accessChain  = "t/customer"
	accountChain = "org/access"
)

func (a *access) prepare(c *caseFile, wrong problems) {
	errs := wrong.of(recordsJSON)
	var records []json.RawMessage
	if err := strictjson.Decode(c.files[recordsJSON], &records); err != nil {
		errs.Merge("", err)
		return
	}
	if len(records) < 3 {
		errs.Add("", "must have at least three records")
	}
	seen := make(map[string]bool)
	a.patients = nil
	for i, raw := range records {
		var r struct {
			MRN string `json:"mrn"`
		}
		path := fmt.Sprintf("[%d].mrn", i)
		switch err := json.Unmarshal(raw, &r); {
		case err != nil || r.MRN == "":
			errs.Add(path, "is required")
		case seen[r.MRN]:
			errs.Add(path, "must not be that of an earlier record")
		case (&audit.Event{Actor: audit.Actor{ID: "x"}, Action: audit.ActionRead, Outcome: audit.Success, Patient: r.MRN}).Validate() != nil:
			errs.Add(path, "must be an identifier")
		}
		seen[r.MRN] = true
		a.patients = append(a.patients, patient{r.MRN, raw})
	}
}

// A step is one thing that is done, and gives one entry of the chain.
type step struct {
	hour int
	do   func(ctx context.Context, at time.Time) error
}

func (a *access) play(ctx context.Context, s *stage) error {
	day := s.c.effective().AddDays(4)
	holdings, err := s.c.holdings()
	if err != nil {
		return err
	}
	for _, h := range holdings {
		if err := s.hold(h); err != nil {
			return err
		}
	}
	reported := day.AddDays(1)
	if err := a.day(ctx, s, day, reported); err != nil {
		return err
	}
	s.moment(day, "A nurse reads records; one break-glass access")
	if err := a.review(ctx, s, day); err != nil {
		return err
	}
	if err := a.reviewed(ctx, s, day.AddDays(7)); err != nil {
		return err
	}
	if err := a.account(ctx, s, day.AddDays(15), reported); err != nil {
		return err
	}
	return request(ctx, s, day.AddDays(25))
}

// day is what is done, one step for each entry. What is in the log already is
// not done again.
func (a *access) day(ctx context.Context, s *stage, day, reported baakit.Date) error {
	done, _, err := s.log.head(ctx, accessChain)
	if err != nil || done > misLogged+1 {
		return err
	}
	s.log.setClock(s.c.at(day, 7))
	log, err := s.log.open(ctx)
	if err != nil {
		return err
	}
	desk, err := openDesk(ctx, log, a.patients)
	if err != nil {
		return err
	}
	for i, st := range a.steps(log, desk, day, reported) {
		if uint64(i) < done {
			continue
		}
		at := s.c.at(day, st.hour).Add(time.Duration(i) * time.Minute)
		s.log.setClock(at)
		if err := st.do(ctx, at); err != nil {
			return errors.Join(fmt.Errorf("step %d: %w", i+1, err), desk.close())
		}
		if size, _, err := s.log.head(ctx, accessChain); err != nil || size != uint64(i)+1 {
			return errors.Join(err, fmt.Errorf("step %d did not give one entry", i+1), desk.close())
		}
	}
	return desk.close()
}

// steps are what is done on the day and the day after. The last but one is
// misLogged.
func (a *access) steps(log *audit.Log, desk *desk, day, reported baakit.Date) []step {
	unconscious := url.Values{"break_glass": {"The patient was brought in unconscious and nobody of the care team answers"}}
	return []step{
		{8, desk.read("nurse-7", a.patients[0], nil, http.StatusOK)},
		{9, desk.read("nurse-7", a.patients[1], nil, http.StatusOK)},
		{10, desk.read("nurse-7", a.patients[2], nil, http.StatusForbidden)},
		{10, desk.read("nurse-7", a.patients[2], unconscious, http.StatusOK)},
		{11, desk.read("doctor-3", a.patients[1], url.Values{"search": {"compare with " + a.patients[2].id}}, http.StatusOK)},
		{24*reported.Sub(day) + 10, func(ctx context.Context, at time.Time) error {
			e, err := disclosure.Disclosure{
				Date:      reported,
				Recipient: disclosure.Recipient{Name: "County Health Department"}, Description: "Name, date of birth and the result of a test",
				Purpose: "A disease that the law has reported", Basis: disclosure.PublicHealth,
			}.Event(audit.Actor{ID: "records-2", Role: "records"}, a.patients[0].id)
			if err != nil {
				return err
			}
			_, err = log.Append(ctx, accessChain, e)
			return err
		}},
	}
}

// review tells what the log holds of the accesses, as a reviewer sees it:
// without keys a patient is a token.
func (a *access) review(ctx context.Context, s *stage, day baakit.Date) error {
	rows := [][]string{{"when", "who", "what", "patient", "outcome", "emergency"}}
	refused, emergencies := 0, 0
	for e, err := range audit.Entries(ctx, s.log.store, accessChain, 0) {
		if err != nil {
			return err
		}
		if e.Event.Kind != "" {
			continue // a redaction, told below
		}
		what := e.Event.Request.Route
		if e.Event.Type == audit.Export {
			what = "disclosure"
		}
		outcome := "success"
		if e.Event.Outcome != audit.Success {
			outcome = "refused"
			refused++
		}
		if e.Event.Emergency {
			emergencies++
		}
		rows = append(rows, []string{
			e.Time.In(s.c.Zone.Location).Format("2006-01-02 15:04"), e.Event.Actor.ID, what, e.Subject[:8] + "…", outcome, yesNo(e.Event.Emergency),
		})
	}
	s.tell("On %s a nurse reads records through the vendor's service. The middleware logs each read before the first byte of its answer: were the log down, nothing would be shown. A read of a patient who is not hers is refused and logged; when that patient is brought in unconscious she breaks the glass, which is logged as emergency access with her reason sealed. The next day a disease is reported to the county.", day)
	s.table("The accesses as a reviewer sees them: without the keys a patient is a token", rows)
	s.fact("accesses", len(rows)-1)
	s.fact("refused", refused)
	s.fact("break_glass", emergencies)
	s.cite(baakit.MustParseCitation("45 CFR 164.312(b)"), baakit.MustParseCitation("45 CFR 164.312(a)(2)(ii)"))
	s.proves(fmt.Sprintf("Every access was logged before anything was shown: %d entries, %d refused, %d with the glass broken.", len(rows)-1, refused, emergencies))
	return nil
}

// An accounted is the event of an accounting: for which day it was asked, and
// the checkpoint under which its lines are proven. Whom it is about stays in
// the tenant's chain.
type accounted struct {
	Requested  baakit.Date `json:"requested"`
	Checkpoint string      `json:"checkpoint"`
}

// account is the accounting of disclosures for one patient.
func (a *access) account(ctx context.Context, s *stage, on, reported baakit.Date) error {
	event, err := record(ctx, s, s.c.at(on, 9), accountChain, "access.accounting_made", func() (accounted, error) {
		log, err := s.log.open(ctx)
		if err != nil {
			return accounted{}, err
		}
		c, err := log.Checkpoint(ctx, accessChain)
		return accounted{on, string(c.Note)}, err
	})
	if err != nil {
		return err
	}
	verifier := s.log.keys.signer.Verifier()
	checkpoint, err := audit.ParseCheckpoint(verifier, origin+"/"+accessChain, []byte(event.Checkpoint))
	if err != nil {
		return err
	}
	source := disclosure.Source{Store: asOf{s.log.store, accessChain, checkpoint.Size}, Sealer: s.log.keys.sealer, Chains: []string{accessChain}}
	accounting, _, err := disclosure.Account(ctx, source, disclosure.Request{Patient: a.patients[0].id, Requested: on, For: s.c.customer.LegalName, By: s.c.vendor.LegalName})
	if err != nil {
		return err
	}
	if accounting, err = accounting.Prove(ctx, source, map[string]audit.Checkpoint{accessChain: checkpoint}); err != nil {
		return err
	}
	data, err := json.MarshalIndent(accounting, "", "  ")
	if err != nil {
		return err
	}
	handed, err := disclosure.ParseAccounting(data)
	if err != nil {
		return err
	}
	if _, err := handed.Verify(verifier, origin); err != nil {
		return err
	}
	if err := s.write(handoverFolder+"/accounting.json", append(data, '\n')); err != nil {
		return err
	}
	if err := s.write(handoverFolder+"/accounting.md", []byte(accounting.Markdown())); err != nil {
		return err
	}
	s.moment(reported, "A disease is reported to the county")
	s.moment(on, "A patient asks who was told: an accounting")
	s.tell("On %s that patient asks who was told about her. The accounting has %s of six years, that of %s; treatment is exempt. Each line carries a proof that it is in the log, which the customer can check without the log and its keys. It is due by %s.", on, counted(len(accounting.Lines), "disclosure", "disclosures"), reported, accounting.Due)
	s.fact("accounting_lines", len(accounting.Lines))
	s.fact("accounting_due", accounting.Due)
	s.cite(baakit.MustParseCitation("45 CFR 164.528"))
	s.due(accounting.Due, "hand over the accounting of disclosures", s.c.customer.LegalName, "45 CFR 164.528(c)(1)", on)
	s.proves("The accounting of disclosures for one patient is complete, and each of its lines is proven to be in the log.")
	if err := a.redact(ctx, s, on.AddDays(5), checkpoint); err != nil {
		return err
	}
	return s.keep(accountChain, event, func(events []logged) (any, error) {
		var again accounted
		if len(events) == 0 {
			return nil, errors.New("the chain has no events")
		}
		return again, json.Unmarshal(events[0].Payload, &again)
	})
}
