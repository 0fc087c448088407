package baa

import "reflect"

// suggest returns a clause that provides the element: the one of the draft
// that should, with its term put right, or the one of the standard agreement.
// It is nil only for an element that no clause provides.
func suggest(d *Draft, e Element) Clause {
	for _, row := range clauseTable() {
		j := judgeTyped(row.zero, e)
		if j.outcome == "" || row.kind == "custom" {
			continue
		}
		c := d.Clauses.Find(ClauseID(row.kind))
		if c == nil {
			c = standardClause(row.kind)
		}
		return withElement(cloneClause(c), e)
	}
	return nil
}

// withElement returns the clause with the element in full.
func withElement(c Clause, e Element) Clause {
	switch c := c.(type) {
	case PermittedUses:
		switch e {
		case "uses.established":
			c.Basis = ForServices
			return c
		case "uses.no_greater_than_ce":
			c.NoGreaterThanCustomer = true
			for _, s := range []*Stance{&c.ModelTraining, &c.Marketing, &c.Sale, &c.ProductDevelopment, &c.Analytics} {
				if *s == Permitted {
					*s = Prohibited
				}
			}
			return c
		case "deidentify":
			c.Deidentification = DeidentifyForCustomer
			return c
		}
	case Reporting:
		switch e {
		case "report.breach":
			c.Breach = true
			if !withinCeiling(c.BreachWithin) {
				c.BreachWithin = breachCeiling().AtMost
			}
			return c
		case "report.security_incident":
			c.Incidents = Aggregate
			return c
		}
	case Subcontractors:
		if e == "subcontractors.same_restrictions" {
			c.Restrictions = Same
			return c
		}
	case DelegatedObligations:
		c.Comply, c.NoneDelegated = true, false
		return c
	}
	for _, f := range rowOf(c.Kind()).facets {
		if f.element == e {
			v := reflect.New(reflect.TypeOf(c)).Elem()
			v.Set(reflect.ValueOf(c))
			v.Field(f.index).SetBool(true)
			return v.Interface().(Clause)
		}
	}
	return c
}

func suggestLimitedDataSet(d *Draft, term string) Clause {
	c, _ := d.Clauses.Find("limited_data_set").(LimitedDataSet)
	if term == "recipients" {
		c.Recipients = standardClause("limited_data_set").(LimitedDataSet).Recipients
	} else {
		c.NoIdentification = true
	}
	return c
}
