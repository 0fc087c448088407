package baa

import (
	"encoding/json"
	"slices"
)

// SARIF returns the report in the Static Analysis Results Interchange Format,
// version 2.1.0, as code review tools read it: a rule for each finding, its
// level, the clauses as logical locations in the file with the given name, and
// a waiver as a suppression. It is the same for equal reports.
func (r Report) SARIF(file string) ([]byte, error) {
	type text struct {
		Text string `json:"text"`
	}
	type logical struct {
		Name string `json:"name"`
		Full string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	type artifact struct {
		URI string `json:"uri"`
	}
	type physical struct {
		Artifact artifact `json:"artifactLocation"`
	}
	type location struct {
		Physical physical  `json:"physicalLocation"`
		Logical  []logical `json:"logicalLocations,omitempty"`
	}
	type suppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
	type result struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Kind         string            `json:"kind"`
		Message      text              `json:"message"`
		Locations    []location        `json:"locations"`
		Suppressions []suppression     `json:"suppressions,omitempty"`
		Properties   map[string]string `json:"properties"`
	}
	type rule struct {
		ID    string `json:"id"`
		Short text   `json:"shortDescription"`
		Help  string `json:"helpUri,omitempty"`
	}
	type driver struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	}
	type tool struct {
		Driver driver `json:"driver"`
	}
	type sarifRun struct {
		Tool    tool     `json:"tool"`
		Results []result `json:"results"`
	}
	one := sarifRun{Tool: tool{driver{"baakit", []rule{}}}, Results: []result{}}
	rules := &one.Tool.Driver.Rules
	for _, f := range r.Findings {
		i := slices.IndexFunc(*rules, func(x rule) bool { return x.ID == f.ID })
		if i < 0 {
			i = len(*rules)
			n := rule{ID: f.ID, Short: text{f.Message}}
			if len(f.Citations) > 0 {
				n.Help = f.Citations[0].Address()
			}
			*rules = append(*rules, n)
		}
		level, kind := map[Severity]string{SeverityError: "error", SeverityWarning: "warning", SeverityAdvice: "note", SeverityInfo: "none"}[f.Severity], "fail"
		if f.Severity == SeverityInfo {
			kind = "informational"
		}
		l := location{Physical: physical{artifact{file}}}
		for _, e := range f.Evidence {
			full := string(e.Clause)
			if e.Term != "" {
				full += "." + e.Term
			}
			l.Logical = append(l.Logical, logical{string(e.Clause), full, "object"})
		}
		out := result{
			RuleID: f.ID, RuleIndex: i, Level: level, Kind: kind, Message: text{f.Message}, Locations: []location{l},
			Properties: map[string]string{"outcome": string(f.Outcome), "layer": string(f.Layer), "rules": r.Rules.String(), "version": r.Version},
		}
		if f.Waived != nil {
			out.Suppressions = []suppression{{"external", "accepted", f.Waived.Why + " (" + f.Waived.By + ", until " + f.Waived.Until.String() + ")"}}
		}
		one.Results = append(one.Results, out)
	}
	return json.MarshalIndent(struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{one}}, "", "  ")
}
