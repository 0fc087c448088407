package disclosure_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/disclosure"
	"github.com/baakit/baakit/internal/gen"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// The numbers of the regulation, written out once more.
const (
	years       = 6  // 164.528(a)(1)
	oralDays    = 30 // 164.528(a)(2)(ii)(C)
	individuals = 50 // 164.528(b)(4)(i)
)

// A plainLine is a line of an accounting as the slow reference makes it.
type plainLine struct {
	kind, first, last, to, what, why string
	also                             []string
	seqs                             []uint64
}

// byHand makes the accounting for a patient as a clerk would, from the log with
// every entry opened: it knows JSON, time.Time and the regulation, and nothing
// of the package under test.
func byHand(t fatal, b *bench, patient string, requested, from, through, on string, full bool) (list []plainLine, unreadable, unattributed int) {
	t.Helper()
	ctx := context.Background()
	type statement struct {
		recipient string
		on, until string
	}
	type paper struct {
		seq  uint64
		body map[string]any
		mine bool // it names the patient
	}
	var papers []paper
	var statements []statement
	token := audit.SubjectToken([]byte("token key"), patient).String()
	for e, err := range audit.Entries(ctx, b.store, "t/1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		opened, err := audit.OpenEntry(ctx, b.sealer, e)
		says := e.Event.Type == "110106" || slices.Contains(e.Event.Subtype, "disclose")
		lost := func() {
			switch {
			case e.Subject == token, e.Subject == "" && says:
				unreadable++
			case e.Subject == "":
				unattributed++
			}
		}
		if err != nil {
			lost()
			continue
		}
		v := opened.Event
		named := v.Patient != "" || len(v.Subjects) > 0
		mine := v.Patient == patient || e.Subject == "" && slices.Contains(v.Subjects, patient)
		if named && !mine {
			continue
		}
		if v.Kind == "disclosure.suspended" {
			var s struct {
				Recipient  string
				Suspension struct{ Statement, On, Until string }
			}
			if err := json.Unmarshal(v.Payload, &s); err != nil {
				t.Fatal(err)
			}
			statements = append(statements, statement{s.Recipient, s.Suspension.On, lastOf(s.Suspension.Statement, s.Suspension.On, s.Suspension.Until)})
			continue
		}
		if v.Disclosure == nil {
			if says && v.Kind == "" {
				lost()
			}
			continue
		}
		body := make(map[string]any)
		if err := json.Unmarshal(v.Disclosure, &body); err != nil || body["schema"] != "baakit.audit.disclosure/1" {
			lost()
			continue
		}
		papers = append(papers, paper{e.Seq, body, named})
	}
	slices.SortStableFunc(papers, func(a, b paper) int { return strings.Compare(a.body["date"].(string), b.body["date"].(string)) })
	text := func(m map[string]any, key string) string { s, _ := m[key].(string); return s }
	for _, p := range papers {
		date, basis := text(p.body, "date"), text(p.body, "basis")
		research, _ := p.body["research"].(map[string]any)
		protocol := research != nil && strings.HasPrefix(basis, "164.512(i)") && research["individuals"].(float64) >= individuals
		first := date
		if protocol && text(research, "from") != "" && !(full && p.mine) {
			first = text(research, "from")
		}
		if !p.mine && !protocol {
			unreadable++ // it does not say whom it is about
			continue
		}
		if date < from || first > through {
			continue
		}
		if exempted(text(p.body, "exemption"), basis) {
			continue
		}
		recipient := p.body["recipient"].(map[string]any)
		if strings.HasPrefix(basis, "164.512(d)") || strings.HasPrefix(basis, "164.512(f)") {
			held := false
			if s, ok := p.body["suspension"].(map[string]any); ok {
				held = text(s, "on") <= on && on <= lastOf(text(s, "statement"), text(s, "on"), text(s, "until"))
			}
			for _, s := range statements {
				held = held || p.mine && s.recipient == text(recipient, "name") && s.on <= on && on <= s.until
			}
			if held {
				continue
			}
		}
		l := plainLine{
			kind: "disclosure", first: date, last: date, to: text(recipient, "name") + "|" + text(recipient, "address"),
			what: text(p.body, "description"), why: text(p.body, "purpose") + "|" + text(p.body, "request_copy") + "|" + basis, seqs: []uint64{p.seq},
		}
		together := strings.HasPrefix(basis, "164.512(") || strings.HasPrefix(basis, "164.502(a)(2)(ii)")
		if protocol && !(full && p.mine) {
			l = plainLine{
				kind: "research", first: max(first, from), last: min(date, through), what: text(research, "information"),
				why: text(research, "protocol") + "|" + text(research, "description") + fmt.Sprint(research["sponsor"], research["researcher"]), seqs: l.seqs,
			}
			together = true
		} else if full {
			together = false
		}
		i := slices.IndexFunc(list, func(m plainLine) bool {
			same := m.to == l.to && m.why == l.why && (m.kind == "research") == (l.kind == "research")
			return together && same && (l.kind != "research" || m.what == l.what)
		})
		if i < 0 {
			list = append(list, l)
			continue
		}
		m := &list[i]
		m.seqs = append(m.seqs, p.seq)
		m.first, m.last = min(m.first, l.first), max(m.last, l.last)
		if m.kind != "research" {
			m.kind = "repeated"
			if l.what != m.what && !slices.Contains(m.also, l.what) {
				m.also = append(m.also, l.what)
			}
		}
	}
	return list, unreadable, unattributed
}

// lastOf returns the last day of a suspension.
func lastOf(statement, on, until string) string {
	if statement == "written" {
		return until
	}
	at, _ := time.Parse(time.DateOnly, on)
	limit := at.AddDate(0, 0, oralDays).Format(time.DateOnly)
	if until == "" || until > limit {
		return limit
	}
	return until
}

// exempted reads 164.528(a)(1) with no compliance date.
func exempted(claim, basis string) bool {
	fits := map[string][]string{
		"treatment_payment_operations": {"164.506"},
		"individual":                   {"164.502(a)(1)(i)", "164.502(a)(2)(i)", "164.524"},
		"incident":                     {"164.502(a)(1)(iii)"},
		"authorization":                {"164.508", "164.502(a)(1)(iv)"},
		"directory":                    {"164.510", "164.502(a)(1)(v)"},
		"national_security":            {"164.512(k)(2)"},
		"custody":                      {"164.512(k)(5)"},
		"limited_data_set":             {"164.514(e)"},
	}[claim]
	if fits == nil {
		return false
	}
	return basis == "" || slices.ContainsFunc(fits, func(p string) bool { return basis == p || strings.HasPrefix(basis, p+"(") })
}

// plainOf turns a line into that of the reference.
func plainOf(l disclosure.Line) plainLine {
	p := plainLine{kind: string(l.Kind), first: l.Date.String(), last: l.Last.String(), also: l.Also}
	for _, r := range l.Entries {
		p.seqs = append(p.seqs, r.Seq)
	}
	if r := l.Research; r != nil {
		contact := func(c disclosure.Contact) map[string]any {
			return map[string]any{"name": c.Name, "address": c.Address, "telephone": c.Telephone}
		}
		p.what, p.why = r.Information, r.Protocol+"|"+r.Description+fmt.Sprint(contact(r.Sponsor), contact(r.Researcher))
		return p
	}
	p.to, p.what, p.why = l.Recipient.Name+"|"+l.Recipient.Address, l.Description, l.Purpose+"|"+l.RequestCopy+"|"+string(l.Basis)
	return p
}

// dates lie around six years before the requests, on leap days and month ends.
func dates(label string) func(t *rapid.T) baakit.Date {
	return func(t *rapid.T) baakit.Date {
		around := rapid.SampledFrom([]string{"2020-02-28", "2020-02-29", "2020-03-01", "2022-03-01", "2024-02-29", "2025-12-31", "2026-02-28", "2026-03-01"})
		return day(around.Draw(t, label)).AddDays(rapid.IntRange(-2, 2).Draw(t, label+" off"))
	}
}

func optional[T any](t *rapid.T, label string, g *rapid.Generator[T]) (v T) {
	if rapid.IntRange(0, 3).Draw(t, label+"?") == 0 {
		v = g.Draw(t, label)
	}
	return v
}

// disclosures are valid, of few recipients and purposes, so that they meet.
func disclosures() *rapid.Generator[disclosure.Disclosure] {
	return rapid.Custom(func(t *rapid.T) disclosure.Disclosure {
		d := disclosure.Disclosure{
			Date:        dates("date")(t),
			Recipient:   disclosure.Recipient{Name: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "name"), Address: rapid.SampledFrom([]string{"", "", "1 Main"}).Draw(t, "address")},
			Description: rapid.SampledFrom([]string{"labs", "labs", "images"}).Draw(t, "description"),
			Basis: rapid.SampledFrom([]disclosure.Basis{
				"", disclosure.PublicHealth, disclosure.PublicHealth, disclosure.ForResearch, "164.512(b)(1)(i)", disclosure.Oversight, "164.512(f)(2)", disclosure.ForResearch, disclosure.Impermissible,
				disclosure.ToSecretary, "164.506(c)", "164.512(k)(5)(i)", "164.508",
			}).Draw(t, "basis"),
		}
		if rapid.IntRange(0, 3).Draw(t, "copy") == 0 {
			d.RequestCopy = "letter"
		} else {
			d.Purpose = rapid.SampledFrom([]string{"x", "x", "y"}).Draw(t, "purpose")
		}
		if x := optional(t, "exemption", rapid.SampledFrom(disclosure.Exemptions())); x != "" {
			d.Exemption = x
			if d.Validate() != nil { // does not fit the basis
				d.Basis = ""
			}
		}
		if d.Basis == disclosure.ForResearch && rapid.IntRange(0, 3).Draw(t, "research") > 0 {
			d.Research = study(rapid.SampledFrom([]int{individuals, individuals - 1, 500, 1}).Draw(t, "individuals")).Research
			d.Research.Protocol = rapid.SampledFrom([]string{"P", "Q"}).Draw(t, "protocol")
			if rapid.Bool().Draw(t, "since") {
				d.Research.From = d.Date.AddDays(-rapid.SampledFrom([]int{0, 1, 400}).Draw(t, "days"))
			}
		}
		if d.Basis == disclosure.Oversight || d.Basis == "164.512(f)(2)" {
			if s := optional(t, "suspension", suspensions()); s.By != "" {
				d.Suspension = &s
			}
		}
		return d
	})
}

func suspensions() *rapid.Generator[disclosure.Suspension] {
	return rapid.Custom(func(t *rapid.T) disclosure.Suspension {
		s := disclosure.Suspension{By: "Inspector", Statement: disclosure.Written, On: dates("on")(t), Impedes: true}
		length := rapid.SampledFrom([]int{0, 1, oralDays - 1, oralDays, oralDays + 1, 400}).Draw(t, "length")
		s.Until = s.On.AddDays(length)
		if rapid.Bool().Draw(t, "oral") {
			s.Statement = disclosure.Oral
			if rapid.Bool().Draw(t, "open") {
				s.Until = baakit.Date{}
			}
		}
		return s
	})
}

// I12: whatever the log holds, the accounting is what a clerk makes of it by
// hand, and its evidence verifies.
func TestAccountIsTheFoldByHand(t *testing.T) {
	t.Parallel()
	fold := func(t *rapid.T, kinds map[string]int) {
		ctx := context.Background()
		tokens := rapid.Bool().Draw(t, "tokens")
		sealer := audit.Unencrypted{}
		if tokens {
			sealer.TokenKey = []byte("token key")
		}
		lost, previous := make(map[tlog.Hash]error), report()
		lossy := rapid.SampledFrom([][]bool{{false}, {false, false, false, false, false, true}}).Draw(t, "lossy")
		choosy := &choosySealer{Sealer: sealer, refuse: func(leaf tlog.Hash) error { return lost[leaf] }}
		b := newBench(t, audit.NewMemory(), choosy)
		for range rapid.IntRange(0, 24).Draw(t, "events") {
			patient := rapid.SampledFrom([]string{"p-1", "p-1", "p-2"}).Draw(t, "patient")
			var e audit.Event
			var err error
			switch rapid.SampledFrom([]int{5, 5, 5, 5, 6, 6, 6, 6, 0, 1, 1, 2, 3, 4, 4}).Draw(t, "event") {
			case 0:
				e = read(patient)
			case 1:
				e, err = suspensions().Draw(t, "statement").Event(actor, patient, rapid.SampledFrom([]string{"A", "B"}).Draw(t, "to"))
			case 2:
				if e, err = report().Event(actor, patient); err == nil { // of another writer
					e.Disclosure = json.RawMessage(rapid.SampledFrom([]string{`{"recipient":"A"}`, `[]`, `null`}).Draw(t, "foreign"))
				}
			case 3:
				e, err = report().Event(actor, patient)
				e.Disclosure = nil
			case 4:
				if e, err = disclosures().Draw(t, "anybody's").Event(actor, "p-1"); err == nil && !tokens {
					e.Patient, e.Subjects = "", optional(t, "subjects", rapid.SampledFrom([][]string{{"p-2"}, {"p-2", "p-1"}}))
				} else if err == nil {
					e.Patient = ""
				}
			case 5:
				previous = disclosures().Draw(t, "disclosure")
				e, err = previous.Event(actor, patient)
			default: // once more
				previous.Date = later(dates("again")(t), previous.Date)
				previous.Description = rapid.SampledFrom([]string{"labs", "labs", "images"}).Draw(t, "of")
				e, err = previous.Event(actor, patient)
			}
			if err != nil {
				t.Fatal(err)
			}
			r := b.append(t, "t/1", e)
			if rapid.SampledFrom(lossy).Draw(t, "lost") {
				lost[r.Leaf] = rapid.SampledFrom([]error{audit.ErrErased, audit.ErrSealed}).Draw(t, "how")
			}
		}
		q := disclosure.Request{Patient: "p-1", Requested: later(dates("requested")(t), day("2026-02-26")), Full: rapid.Bool().Draw(t, "full")}
		q.Made = q.Requested.AddDays(rapid.SampledFrom([]int{0, 1, 30}).Draw(t, "made"))
		at, _ := time.Parse(time.DateOnly, q.Requested.String())
		from := at.AddDate(-years, 0, 0).Format(time.DateOnly) // no request of the test is on 29 February
		if from == "2020-03-01" {
			from = "2020-02-29" // kept six years from 29 February is through 1 March
		}
		through := q.Requested.String()
		if rapid.Bool().Draw(t, "narrow") {
			q.From, q.Through = later(dates("from")(t), day(from)), q.Requested.AddDays(-1)
			if q.From.After(q.Through) {
				q.From = q.Through
			}
			from, through = q.From.String(), q.Through.String()
		}
		a, w, err := disclosure.Account(ctx, b.source, q)
		if err != nil {
			t.Fatal(err)
		}
		want, unreadable, unattributed := byHand(t, b, "p-1", q.Requested.String(), from, through, q.Made.String(), q.Full)
		var got []plainLine
		n := 0
		for _, l := range a.Lines {
			got = append(got, plainOf(l))
			kinds[string(l.Kind)]++
			n += l.Times
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
		if len(a.Unreadable) != unreadable || a.Unattributed != unattributed || a.Complete() != (unreadable+unattributed == 0) {
			t.Fatalf("%d unreadable and %d unattributed, want %d and %d", len(a.Unreadable), a.Unattributed, unreadable, unattributed)
		}
		if w.Count(disclosure.Accounted) != n {
			t.Fatalf("the worksheet counts %d, the lines %d", w.Count(disclosure.Accounted), n)
		}
		// What it says goes through JSON, and is proven.
		if len(a.Lines) > 0 {
			if a, err = a.Prove(ctx, b.source, b.checkpoints(t, "t/1")); err != nil {
				t.Fatal(err)
			}
		}
		data, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		back, err := disclosure.ParseAccounting(data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(data) {
			t.Fatalf("not what was written: %v", err)
		}
		if _, err := back.Verify(b.signer.Verifier(), origin); err != nil {
			t.Fatal(err)
		}
		if len(a.Lines) > 0 {
			back.Evidence = back.Evidence[1:]
			if _, err := back.Verify(b.signer.Verifier(), origin); !errors.Is(err, disclosure.ErrNoEvidence) {
				t.Fatalf("without a piece of evidence: %v", err)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) { fold(t, make(map[string]int)) })
	kinds := make(map[string]int)
	gen.Always(60, func(t *rapid.T) { fold(t, kinds) })
	t.Log(kinds)
	for _, kind := range []string{"disclosure", "repeated", "research"} {
		if kinds[kind] == 0 {
			t.Errorf("no line of kind %s was ever drawn", kind)
		}
	}
}

func later(a, b baakit.Date) baakit.Date {
	if a.Before(b) {
		return b
	}
	return a
}
