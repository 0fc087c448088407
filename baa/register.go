package baa

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
)

// RegisterSchema is the schema of a [RegisterReport] as JSON.
const RegisterSchema = "baakit.baa.register/1"

// RegisterOptions are the optional settings of [NewRegister]. Nil means all
// defaults.
type RegisterOptions struct {
	// ExpiringWithin is how long before its end an agreement is reported;
	// zero: 30 days, a habit of the trade. Not in hours.
	ExpiringWithin baakit.Period
	// RulesOn is the day whose rules the texts are held against; zero: the
	// day asked for. A day to come shows what a change of the rules will
	// make stale.
	RulesOn baakit.Date
	// Calendar has the business days; nil: [baakit.Federal].
	Calendar baakit.Calendar
}

// A Register holds all agreements of an organisation and all relationships
// that may need one. It is immutable and safe for concurrent use.
type Register struct {
	opt           RegisterOptions
	dossiers      []Dossier
	lives         []*Lifecycle
	relationships []Relationship
	needs         map[Facts]Determination
	byParty       map[string][]int // dossiers by the names of the counterparty
}

// NewRegister checks its arguments and returns the register of them; it keeps
// references to them, so they must not be changed afterwards. The error is a
// [baakit.FieldErrors] with paths below "agreements", "relationships" and
// "options".
func NewRegister(agreements []Dossier, relationships []Relationship, opt *RegisterOptions) (*Register, error) {
	r := &Register{dossiers: agreements, relationships: relationships, needs: make(map[Facts]Determination), byParty: make(map[string][]int)}
	if opt != nil {
		r.opt = *opt
	}
	var errs baakit.FieldErrors
	ids := make(map[string]bool)
	for i, d := range agreements {
		path := "agreements" + at(i)
		life, err := d.Lifecycle(r.opt.Calendar)
		errs.Merge(path, err)
		errs.Merge(path+".events", checkEvents(d.Events))
		if ids[d.ID] {
			errs.Add(path+".id", "must not be that of another agreement")
		}
		ids[d.ID] = true
		r.lives = append(r.lives, life)
		for _, name := range append([]string{d.Counterparty}, d.OtherNames...) {
			if key := partyKey(name); !slices.Contains(r.byParty[key], i) {
				r.byParty[key] = append(r.byParty[key], i)
			}
		}
	}
	ids = make(map[string]bool)
	for i, rel := range relationships {
		path := "relationships" + at(i)
		err := rel.check()
		errs.Merge(path, err)
		if ids[rel.ID] {
			errs.Add(path+".id", "must not be that of another relationship")
		}
		ids[rel.ID] = true
		if _, ok := r.needs[rel.Facts]; !ok && err == nil {
			if r.needs[rel.Facts], err = Determine(rel.Facts); err != nil {
				errs.Merge(path+".facts", err)
			}
		}
	}
	if r.opt.ExpiringWithin.Unit() == baakit.Hours {
		errs.Add("options.expiring_within", "must not be in hours")
	}
	if r.opt.ExpiringWithin.IsZero() {
		r.opt.ExpiringWithin = lives().Expiring
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

// partyKey folds case and spaces, and nothing else: a name that differs in
// more may be another party.
func partyKey(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// A RegisterReport is the register as it stood at Valid by what was known at
// Known: a row of every relationship, in their order, then one of every
// agreement, in theirs.
type RegisterReport struct {
	Schema        string            `json:"schema"`
	Valid         time.Time         `json:"valid"`
	Known         time.Time         `json:"known"`
	RulesOn       baakit.Date       `json:"rules_on,omitzero"` // zero: the day of Valid
	Relationships []RelationshipRow `json:"relationships"`
	Agreements    []AgreementRow    `json:"agreements"`
}

// A RelationshipRow says whether a relationship has what it needs.
type RelationshipRow struct {
	ID           string `json:"id"`
	Counterparty string `json:"counterparty"`
	Need         Need   `json:"need"`
	// Agreements are those on file with the counterparty, and Covered says
	// that one of them lets PHI flow now for every service and region in use.
	Agreements []string `json:"agreements,omitempty"`
	Covered    bool     `json:"covered"`
	// MissingServices and MissingRegions are in use and in no scope.
	MissingServices []string      `json:"missing_services,omitempty"`
	MissingRegions  []string      `json:"missing_regions,omitempty"`
	Findings        []LifeFinding `json:"findings,omitempty"`
}

// An AgreementRow says how one agreement stands.
type AgreementRow struct {
	ID           string   `json:"id"`
	Counterparty string   `json:"counterparty"`
	Status       Status   `json:"status"`
	InForce      bool     `json:"in_force"`
	PHI          bool     `json:"phi"`
	Version      string   `json:"version,omitempty"`
	Label        string   `json:"label,omitempty"`
	Services     []string `json:"services,omitempty"`
	Regions      []string `json:"regions,omitempty"`
	// Ends is the last day of its term, or the day on which a notice ends it.
	Ends baakit.Date `json:"ends,omitzero"`
	// LastInEffect is the last day on which it was in force, and KeepThrough
	// the last day for which 45 CFR 164.530(j)(2) and 164.316(b)(2)(i) ask to
	// keep it; both are zero while it is in force or if it never was.
	LastInEffect baakit.Date   `json:"last_in_effect,omitzero"`
	KeepThrough  baakit.Date   `json:"keep_through,omitzero"`
	Findings     []LifeFinding `json:"findings,omitempty"`
}

// Check returns the register at an instant, by what was known at another. The
// error is a [baakit.FieldErrors] for an instant that is not valid.
func (r *Register) Check(valid, known time.Time) (RegisterReport, error) {
	report := RegisterReport{Schema: RegisterSchema, Valid: valid, Known: known, RulesOn: r.opt.RulesOn, Relationships: []RelationshipRow{}, Agreements: []AgreementRow{}}
	for i := range r.dossiers {
		row, err := r.agreement(i, valid, known)
		if err != nil {
			return RegisterReport{}, err
		}
		report.Agreements = append(report.Agreements, row)
	}
	used := make(map[int]bool)
	for _, rel := range r.relationships {
		report.Relationships = append(report.Relationships, r.relationship(rel, report.Agreements, used))
	}
	for i := range report.Agreements {
		if row := &report.Agreements[i]; row.InForce && !used[i] {
			row.Findings = append(row.Findings, lives().finding("REG-UNUSED"))
		}
	}
	return report, nil
}

func (r *Register) agreement(i int, valid, known time.Time) (AgreementRow, error) {
	d, life, law := r.dossiers[i], r.lives[i], lives()
	s, err := life.StateAt(d.Events, valid, known)
	if err != nil {
		return AgreementRow{}, err
	}
	row := AgreementRow{
		ID: d.ID, Counterparty: d.Counterparty, Status: s.Status, InForce: s.InForce.Yes, PHI: s.PHI.Yes,
		Services: slices.Clone(d.Services), Regions: slices.Clone(d.Regions), Findings: s.Findings,
	}
	if s.Governing != nil {
		row.Version, row.Label = s.Governing.Version, s.Governing.Label
	}
	part, _, err := life.folds(d.Events, valid, known)
	if err != nil {
		return AgreementRow{}, err
	}
	on := life.day(valid)
	if part.status.live() {
		row.Ends = part.endsOn()
		if soon, err := r.opt.ExpiringWithin.AddTo(on, life.cal, baakit.RollForward); !row.Ends.IsZero() && (err != nil || !row.Ends.After(soon)) {
			row.Findings = append(row.Findings, law.finding("REG-EXPIRING"))
		}
		t := part.taken[len(part.taken)-1]
		switch StandingOn(life.day(t.signed), life.versions[t.version].RulesOf, cmp.Or(r.opt.RulesOn, on)) {
		case Fails:
			row.Findings = append(row.Findings, law.finding("REG-STALE"))
		case Deemed:
			row.Findings = append(row.Findings, law.finding("REG-DEEMED"))
		}
	}
	if ended, ok := part.endedAt(); ok {
		row.LastInEffect = life.day(ended.Add(-1))
		if through, err := law.Keep.Period.AddTo(row.LastInEffect, nil, baakit.RollForward); err == nil {
			row.KeepThrough = through
		}
		over := part.status == StatusClosed || part.status == StatusSuperseded // no PHI is held under it any more
		id := "REG-KEEP"
		if over && !row.KeepThrough.IsZero() && on.After(row.KeepThrough) {
			id = "REG-KEPT"
		}
		row.Findings = append(row.Findings, law.finding(id))
	}
	return row, nil
}

// endsOn returns the last day that is known for an agreement in force: of its
// term, or before the day on which a notice takes effect.
func (f *fold) endsOn() baakit.Date {
	ends := f.l.versions[f.current()].Ends
	if f.leaving != nil && !f.leaving.fixed.IsZero() {
		if last := f.leaving.fixed.AddDays(-1); ends.IsZero() || last.Before(ends) {
			ends = last
		}
	}
	return ends
}

// endedAt returns when an agreement that was in force stopped being so.
func (f *fold) endedAt() (time.Time, bool) {
	if f.end == nil {
		return time.Time{}, false
	}
	return f.end.at, true
}

func (r *Register) relationship(rel Relationship, agreements []AgreementRow, used map[int]bool) RelationshipRow {
	law := lives()
	row := RelationshipRow{ID: rel.ID, Counterparty: rel.Counterparty, Need: r.needs[rel.Facts].Need}
	matches := r.byParty[partyKey(rel.Counterparty)]
	var flowing []AgreementRow
	otherName := false
	for _, i := range matches {
		used[i] = true
		row.Agreements = append(row.Agreements, agreements[i].ID)
		if agreements[i].PHI {
			flowing = append(flowing, agreements[i])
			otherName = otherName || partyKey(agreements[i].Counterparty) != partyKey(rel.Counterparty)
		}
	}
	find := func(id string) { row.Findings = append(row.Findings, law.finding(id)) }
	switch row.Need {
	case NotRequired:
		row.Covered = true
		return row
	case MOUSuffices, DUASuffices:
		find("REG-OTHER-PAPER")
		return row
	case CounselReview:
		find("REG-REVIEW")
	}
	switch {
	case len(matches) == 0:
		find("REG-MISSING")
	case len(flowing) == 0:
		find("REG-NOT-IN-FORCE")
	}
	if otherName {
		find("REG-OTHER-NAME")
	}
	if len(flowing) == 0 {
		return row
	}
	row.MissingServices, row.MissingRegions = missing(rel, flowing)
	unknown := len(rel.Services) == 0 || len(rel.Regions) == 0
	for _, a := range flowing {
		unknown = unknown || len(a.Services) == 0 || len(a.Regions) == 0
	}
	if len(row.MissingServices) > 0 {
		find("REG-SERVICE")
	}
	if len(row.MissingRegions) > 0 {
		find("REG-REGION")
	}
	if unknown {
		find("REG-SCOPE-UNKNOWN")
	}
	row.Covered = !unknown && len(row.MissingServices)+len(row.MissingRegions) == 0
	return row
}

// missing returns the services in use that no flowing agreement has in its
// scope, and the regions in use in which not every other service is covered:
// a service and a region count together, by one agreement.
func missing(rel Relationship, flowing []AgreementRow) (services, regions []string) {
	has := func(list []string, item string) bool {
		return slices.Contains(list, item) || slices.Contains(list, Everywhere)
	}
	for _, s := range rel.Services {
		if !slices.ContainsFunc(flowing, func(a AgreementRow) bool { return has(a.Services, s) }) {
			services = append(services, s)
		}
	}
	for _, g := range rel.Regions {
		whole := slices.ContainsFunc(flowing, func(a AgreementRow) bool { return has(a.Regions, g) })
		for _, s := range rel.Services {
			if slices.Contains(services, s) {
				continue
			}
			whole = whole && slices.ContainsFunc(flowing, func(a AgreementRow) bool { return has(a.Services, s) && has(a.Regions, g) })
		}
		if !whole {
			regions = append(regions, g)
		}
	}
	return services, regions
}

// Counts returns how many rows have each finding.
func (r RegisterReport) Counts() map[string]int {
	counts := make(map[string]int)
	count := func(findings []LifeFinding) {
		ids := make(map[string]bool)
		for _, f := range findings {
			ids[f.ID] = true
		}
		for id := range maps.Keys(ids) {
			counts[id]++
		}
	}
	for _, row := range r.Relationships {
		count(row.Findings)
	}
	for _, row := range r.Agreements {
		count(row.Findings)
	}
	return counts
}
