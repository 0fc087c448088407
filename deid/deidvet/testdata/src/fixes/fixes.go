package fixes

import (
	"fmt"

	"github.com/baakit/baakit/deid"
)

//deid:check
type Patient struct {
	Name     string             // want `Patient.Name needs a deid tag`
	Room     string             `json:"room,omitempty" xml:"r"` // want `Patient.Room needs a deid tag`
	Lat, Lon float64            // want `Patient.Lat needs a deid tag` `Patient.Lon needs a deid tag`
	SSN      deid.Value[string] `deid:" SSN" json:"ssn"`            // want `Patient.SSN: deid tag has a word`
	MRN      string             `deid:"mrn, Tag" json:"m"`          // want `Patient.MRN: deid tag has a word`
	Sex      string             `deid:"Keep,reason=Two Values, no"` // want `Patient.Sex: deid tag has a word`
	Plan     string             `deid:"paln"`                       // want `Patient.Plan: deid tag has a word`
	own      string             `deid:"name"`                       // want `Patient.own is not exported`
	own2     string             `json:"-" deid:"name"`              // want `Patient.own2 is not exported`
	Quoted   string             "json:\"q`\""                       // want `Patient.Quoted needs a deid tag`
	*Embedded
}

type Embedded struct {
	Mail string // want `Embedded.Mail needs a deid tag`
}

func show(p Patient) {
	fmt.Println(p.SSN.Reveal(), p.MRN[:2]) // want `p.SSN.Reveal`
	fmt.Println("x" + p.SSN.Reveal())      // want `the identifier in "x"`
}
