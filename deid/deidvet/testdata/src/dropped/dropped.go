package dropped

import "github.com/baakit/baakit/deid"

type Patient struct {
	Name string
	MRN  string `deid:"nrm"` // want `Patient.MRN: deid tag has a word`
}

func check(e *deid.Engine) { deid.CheckStruct[Patient](e) }
