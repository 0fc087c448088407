package breachtest

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

//go:embed scenarios.json
var scenariosJSON []byte

// A Scenario is an incident with outcomes that were worked out by hand from
// the text of the rules; Why is how.
type Scenario struct {
	Name     string
	Why      string
	Incident breach.Incident
	Due      []Due         // the first last day of each kind
	Absent   []breach.Kind // kinds of which nothing is owed or may be
}

// A Due is the first last day of the notices of a kind, in a jurisdiction if
// it is not zero.
type Due struct {
	Kind         breach.Kind
	Jurisdiction baakit.Jurisdiction
	On           baakit.Date
}

// UnmarshalJSON reads a list of three: kind, code of a jurisdiction or
// nothing, day.
func (d *Due) UnmarshalJSON(data []byte) error {
	var parts [3]string
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if err := d.Kind.UnmarshalText([]byte(parts[0])); err != nil {
		return err
	}
	if parts[1] != "" {
		if err := d.Jurisdiction.UnmarshalText([]byte(parts[1])); err != nil {
			return err
		}
	}
	return d.On.UnmarshalText([]byte(parts[2]))
}

var loadScenarios = sync.OnceValue(func() []Scenario {
	var file struct {
		Scenarios []Scenario `json:"scenarios"`
	}
	if err := json.Unmarshal(scenariosJSON, &file); err != nil {
		panic("breachtest: scenarios.json: " + err.Error()) // embedded and tested
	}
	return file.Scenarios
})

// Scenarios returns the scenarios, for a program that maps its own records to
// incidents and back. The list is the caller's, the incidents in it are shared
// and must not be changed.
func Scenarios() []Scenario { return slices.Clone(loadScenarios()) }
