package baa

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// DifferenceSchema is the schema of a [Difference] as JSON.
const DifferenceSchema = "baakit.baa.difference/1"

// A Difference is what changed from one version to another, in the order of
// the second: first what is in no clause, then the clauses, those that are
// gone last. Label and parent are no changes. It can be applied: see
// [Difference.Apply].
type Difference struct {
	From    string // hash of the first version
	To      string // hash of the second
	Changes []Change

	before, after Version
	// What Apply needs besides the first version: everything of the second
	// that is in no clause, the order of its clauses, those that are not the
	// same.
	head  Draft
	order []ClauseID
	fresh Clauses
}

// IsEmpty reports whether nothing changed.
func (d Difference) IsEmpty() bool { return len(d.Changes) == 0 }

// MarshalJSON implements json.Marshaler.
func (d Difference) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Schema  string   `json:"schema"`
		From    string   `json:"from"`
		To      string   `json:"to"`
		Changes []Change `json:"changes"`
	}{DifferenceSchema, d.From, d.To, append([]Change{}, d.Changes...)})
}

// Diff returns what changed from a to b. Clauses are compared by their ids,
// so that one that moves or gets another number is the same clause; of a
// clause that is in both, each term that changed is a change of its own. The
// directions of Diff(b, a) mirror those of Diff(a, b).
func Diff(a, b Version) Difference {
	d := Difference{From: a.hash, To: b.hash, before: a, after: b}
	if a.hash == b.hash {
		return d
	}
	d.compareHead()
	d.head = b.d
	d.head.Clauses = nil
	moved := movedClauses(a.d.Clauses, b.d.Clauses)
	for _, after := range b.d.Clauses {
		before := a.d.Clauses.Find(after.ID())
		d.order = append(d.order, after.ID())
		if before == nil || !equalClauses(before, after) {
			d.fresh = append(d.fresh, after)
		}
		switch {
		case before == nil:
			d.Changes = append(d.Changes, wholeClause(after, ClauseAdded))
			continue
		case before.Kind() != after.Kind():
			d.Changes = append(d.Changes, Change{Clause: after.ID(), Kind: Reworded, Direction: Unclear, Binds: EverySide, Class: Undetermined, Touches: []string{string(after.ID())}})
			continue
		}
		if slices.Contains(moved, after.ID()) {
			d.Changes = append(d.Changes, Change{Clause: after.ID(), Kind: ClauseMoved, Direction: Neutral, Class: Editorial})
		}
		d.clause(before, after)
	}
	for _, before := range a.d.Clauses {
		if b.d.Clauses.Find(before.ID()) == nil {
			d.Changes = append(d.Changes, wholeClause(before, ClauseRemoved))
		}
	}
	return d
}

// Apply returns b of Diff(a, b) for a: its clauses that stayed, those that
// changed, in their order. For any other version it returns the zero Version
// and false.
func (d Difference) Apply(a Version) (Version, bool) {
	if a.IsZero() || a.hash != d.From {
		return Version{}, false
	}
	if d.From == d.To {
		return a, true
	}
	draft := d.head
	for _, id := range d.order {
		c := d.fresh.Find(id)
		if c == nil {
			c = a.d.Clauses.Find(id)
		}
		if c == nil {
			return Version{}, false
		}
		draft.Clauses = append(draft.Clauses, c)
	}
	v, err := Seal(draft)
	return v, err == nil && v.hash == d.To
}

// compareHead compares what is in no clause.
func (d *Difference) compareHead() {
	a, b := &d.before.d, &d.after.d
	add := func(term, from, to string, v verdict, binds bound, touches ...string) {
		if from != to {
			d.Changes = append(d.Changes, Change{
				Clause: agreementPart, Kind: v.kind, Term: term, From: from, To: to,
				Direction: v.direction, Binds: binds.side(), Class: v.class, Touches: touches,
			})
		}
	}
	unclear := changed(Unclear, Undetermined)
	text := func(x, y string) verdict {
		return judgeWords(stringsOf(reflect.ValueOf(x)), stringsOf(reflect.ValueOf(y)))
	}
	add("kind", string(a.Kind), string(b.Kind), unclear, bindsBoth, "kind")
	for _, s := range []Side{CoveredEntitySide, BusinessAssociateSide} {
		p, q := a.Party(s), b.Party(s)
		path := string(s) + "."
		entity := changed(Neutral, Commercial)
		if v := text(p.LegalName, q.LegalName); v.class == Editorial {
			entity = v
		}
		add(path+"legal_name", p.LegalName, q.LegalName, entity, bindsBoth, "parties")
		add(path+"trade_name", p.TradeName, q.TradeName, changed(Neutral, PartyDetail), bindsBoth, "parties")
		add(path+"home", valueText(reflect.ValueOf(p.Home)), valueText(reflect.ValueOf(q.Home)), changed(Neutral, PartyDetail), bindsBoth, "parties")
		add(path+"government", yesNo(p.Government), yesNo(q.Government), unclear, bindsBoth, "parties")
		add(path+"notice_address", p.NoticeAddress, q.NoticeAddress, changed(Neutral, PartyDetail), bindsBoth, "notices")
		add(path+"notice_email", p.NoticeEmail, q.NoticeEmail, changed(Neutral, PartyDetail), bindsBoth, "notices")
	}
	add("underlying.title", a.Underlying.Title, b.Underlying.Title, changed(Neutral, Commercial), bindsBoth, "underlying")
	add("underlying.dated", valueText(reflect.ValueOf(a.Underlying.Dated)), valueText(reflect.ValueOf(b.Underlying.Dated)), changed(Neutral, Commercial), bindsBoth, "underlying")
	add("services", a.Services, b.Services, text(a.Services, b.Services), bindsBoth, "permitted_uses")
	d.effective(add)
	add("signers", valueText(reflect.ValueOf(sorted(a.Signers))), valueText(reflect.ValueOf(sorted(b.Signers))), unclear, bindsBoth, "signers")
	add("standing_offer", yesNo(a.StandingOffer), yesNo(b.StandingOffer), changed(Neutral, Commercial), bindsBoth, "signers")
	e := more(grant)
	if a.NoElectronicPHI {
		e = less(grant, true)
	}
	add("no_electronic_phi", yesNo(a.NoElectronicPHI), yesNo(b.NoElectronicPHI), e, bindsBA, "safeguards_and_security_rule")
}

// effective compares the stated effective dates. A version that follows the
// other takes effect after it: that is no change. One that says it took effect
// earlier is retroactive; any other date is a term that both agree on.
func (d *Difference) effective(add func(term, from, to string, v verdict, binds bound, touches ...string)) {
	x, y := d.before.d.Effective, d.after.d.Effective
	v := changed(Neutral, Commercial)
	switch {
	case !x.IsZero() && !y.IsZero() && y.Before(x):
		v = changed(Neutral, Retroactive)
	case d.after.d.Parent == d.before.hash && (x.IsZero() || !y.IsZero()):
		return
	}
	add("effective", valueText(reflect.ValueOf(x)), valueText(reflect.ValueOf(y)), v, bindsBoth, "effective_date")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func sorted(s []Side) []Side {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// clause compares the terms of one clause in both versions.
func (d *Difference) clause(before, after Clause) {
	if u, ok := before.(UnknownClause); ok {
		if u != after {
			d.Changes = append(d.Changes, Change{Clause: after.ID(), Kind: Reworded, Direction: Unclear, Binds: EverySide, Class: Undetermined, Touches: []string{string(after.ID())}})
		}
		return
	}
	row := rowOf(after.Kind())
	x, y := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range row.facets {
		f := &row.facets[i]
		p, q := x.Field(f.index), y.Field(f.index)
		if equalValues(p, q) {
			continue
		}
		v := judgeTerm(f.sense, p, q)
		c := Change{
			Clause: after.ID(), Kind: v.kind, Term: f.name, From: valueText(p), To: valueText(q),
			Direction: v.direction, Binds: f.binds.side(), Class: v.class, Touches: touches(f.about, after.ID()),
		}
		if f.sense == schedule {
			d.schedule(&c, stringsOf(p), stringsOf(q), before.(Subcontractors), after.(Subcontractors))
		}
		d.Changes = append(d.Changes, c)
	}
}

// schedule judges a list of subcontractors: it may change after the notice
// that the first version promises; without such a promise in both, a new
// subcontractor is an amendment.
func (d *Difference) schedule(c *Change, x, y []string, before, after Subcontractors) {
	c.adds = lacks(normalSet(y), normalSet(x))
	switch {
	case !c.adds && !lacks(normalSet(x), normalSet(y)):
		c.Kind, c.Class = Reworded, Editorial
	case before.ChangeNotice.IsZero() || after.ChangeNotice.IsZero():
		v := judgeDuty(grant, reflect.ValueOf(x), reflect.ValueOf(y))
		c.Direction, c.Class = v.direction, v.class
		if v.class == ExpansionOfUse {
			c.Class = Loosening
		}
	}
}

func touches(about string, id ClauseID) []string {
	if list := strings.Fields(about); len(list) > 0 {
		return list
	}
	return []string{string(id)}
}

// equalClauses reports whether two clauses say the same.
func equalClauses(a, b Clause) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Type() != y.Type() {
		return false
	}
	for i := range x.NumField() {
		if !equalValues(x.Field(i), y.Field(i)) {
			return false
		}
	}
	return true
}

// equalValues compares two values of one field.
func equalValues(x, y reflect.Value) bool {
	if x.Kind() != reflect.Slice {
		return x.Equal(y)
	}
	if x.Len() != y.Len() {
		return false
	}
	for i := range x.Len() {
		if !x.Index(i).Equal(y.Index(i)) {
			return false
		}
	}
	return true
}

// wholeClause judges a clause that came or went by its terms: what all of
// them that go somewhere agree on.
func wholeClause(c Clause, kind ChangeKind) Change {
	out := Change{Clause: c.ID(), Kind: kind, Direction: Neutral, Class: Editorial}
	row := rowOf(c.Kind())
	if row == nil || row.kind == "custom" {
		out.Direction, out.Class, out.Binds, out.Touches = Unclear, Undetermined, EverySide, []string{string(c.ID())}
		return out
	}
	seen := false
	note := func(v verdict, b bound, about string) {
		for _, t := range strings.Fields(about) {
			if !slices.Contains(out.Touches, t) {
				out.Touches = append(out.Touches, t)
			}
		}
		switch {
		case v.direction == Neutral:
			if out.Direction == Neutral {
				out.Class, out.Binds = worst(out.Class, v.class), joinSides(out.Binds, b.side())
			}
		case !seen:
			out.Direction, out.Class, out.Binds, seen = v.direction, v.class, b.side(), true
		default:
			if out.Direction != v.direction {
				out.Direction, out.Class = Unclear, worst(Undetermined, v.class)
			} else {
				out.Class = worst(out.Class, v.class)
			}
			out.Binds = joinSides(out.Binds, b.side())
		}
	}
	if row.sense != "" {
		v := changed(Neutral, Commercial)
		switch {
		case row.sense == duty && kind == ClauseAdded:
			v = more(duty)
		case row.sense == duty:
			v = less(duty, true)
		}
		note(v, row.binds, row.about)
	}
	v := reflect.ValueOf(c)
	for i := range row.facets {
		f := &row.facets[i]
		x, y := reflect.Zero(v.Field(f.index).Type()), v.Field(f.index)
		if y.IsZero() {
			continue
		}
		if kind == ClauseRemoved {
			x, y = y, x
		}
		note(judgeTerm(f.sense, x, y), f.binds, f.about)
	}
	if len(out.Touches) == 0 {
		out.Touches = []string{string(c.ID())}
	}
	return out
}

func worst(a, b Class) Class {
	if slices.Index(classes(), a) > slices.Index(classes(), b) {
		return a
	}
	return b
}

func joinSides(a, b Side) Side {
	if a == "" || a == b {
		return b
	}
	return EverySide
}

// movedClauses returns the ids of clauses in both lists that are not in the
// longest run of them which kept its order.
func movedClauses(a, b Clauses) []ClauseID {
	var ids []ClauseID
	var place []int
	for _, c := range b {
		if i := slices.IndexFunc(a, func(x Clause) bool { return x.ID() == c.ID() }); i >= 0 {
			ids, place = append(ids, c.ID()), append(place, i)
		}
	}
	if slices.IsSorted(place) {
		return nil
	}
	best, prev := make([]int, len(place)), make([]int, len(place))
	last := 0
	for i := range place {
		best[i], prev[i] = 1, -1
		for j := range i {
			if place[j] < place[i] && best[j]+1 > best[i] {
				best[i], prev[i] = best[j]+1, j
			}
		}
		if best[i] > best[last] {
			last = i
		}
	}
	kept := make([]bool, len(place))
	for i := last; i >= 0; i = prev[i] {
		kept[i] = true
	}
	var moved []ClauseID
	for i, id := range ids {
		if !kept[i] {
			moved = append(moved, id)
		}
	}
	return moved
}
