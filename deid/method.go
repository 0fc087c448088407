package deid

// defaults returns what a method does with each kind by itself.
func (m Method) defaults() [lastKind + 1]resolved {
	var byKind [lastKind + 1]resolved
	for k := range Kinds() {
		byKind[k] = resolved{action: Drop}
	}
	byKind[KindState] = resolved{action: StateOnly}
	byKind[KindCountry] = resolved{Keep, "a country is larger than a State (45 CFR 164.514(b)(2)(i)(B))"}
	byKind[KindTerm] = resolved{Keep, "a published term identifies nobody"}
	byKind[KindText] = resolved{action: Scrub}
	if m == MethodLimitedDataSet {
		// 45 CFR 164.514(e)(2)(ii) lets town or city, State and ZIP code
		// stay. County, precinct and geocodes are not among its words, so
		// they go.
		for _, k := range [...]Kind{KindCity, KindZIP, KindDate, KindDOB, KindDeath, KindAge, KindID} {
			byKind[k] = resolved{Keep, "a limited data set may hold it (45 CFR 164.514(e)(2))"}
		}
		return byKind
	}
	byKind[KindZIP] = resolved{action: ZIP3}
	byKind[KindDate] = resolved{action: YearOnly}
	byKind[KindDOB] = resolved{action: YearOnly}
	byKind[KindDeath] = resolved{action: YearOnly}
	byKind[KindAge] = resolved{action: AgeCap}
	return byKind
}

// refuses returns why the policy does not allow the action for the kind, or
// "". No kind at all is a value of which the rule says nothing but that it may
// go or stay.
func (p *Policy) refuses(k Kind, a Action, reason string) string {
	if rule := a.fits(k); rule != "" {
		return rule
	}
	if a == Keep && reason == "" {
		return "keep needs a reason"
	}
	switch p.def.Method {
	case MethodSafeHarbor:
		switch {
		case a.derived():
			return "derives its output from the value, which the safe harbor does not allow (45 CFR 164.514(c)(1)): use code:NAMESPACE"
		case a == ShiftDate:
			return "leaves a month and a day, which the safe harbor does not allow (45 CFR 164.514(b)(2)(i)(C)): use year"
		case a == Keep && k == KindText:
			return "keeps free text, which may hold any identifier: use scrub, drop or tag"
		case a == Keep && k == KindState:
			return "keeps what may be smaller than a State: use state"
		case a == Keep && k.Identifier() != 0 && k != KindCountry:
			return "keeps an identifier, which the safe harbor does not allow (45 CFR 164.514(b)(2)(i))"
		}
	case MethodLimitedDataSet:
		switch {
		case a == Hash:
			return "makes a hash without a key, which anybody can undo by trying all values: use hmac or code:NAMESPACE"
		case a == Keep && k == KindText:
			return "keeps free text, which may hold any identifier: use scrub, drop or tag"
		case a == Keep && (k == KindStreet || k == KindCounty || k == KindPrecinct || k == KindGeocode):
			return "keeps a part of an address other than town or city, State and ZIP code (45 CFR 164.514(e)(2)(ii))"
		case a == Keep && k.Identifier() != 0:
			if treatment, _ := k.Identifier().LimitedDataSet(); treatment == Excluded {
				return "keeps a direct identifier, which a limited data set excludes (45 CFR 164.514(e)(2))"
			}
		}
	}
	return ""
}
