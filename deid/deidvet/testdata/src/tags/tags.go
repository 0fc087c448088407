// Package tags has tags that are wrong, in types that nobody passes on.
package tags

import (
	"database/sql"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

type Grammar struct {
	A string `deid:"nmae"`             // want `Grammar.A: deid tag has a word that is neither a kind nor an action`
	B string `deid:""`                 // want `Grammar.B: deid tag has a word`
	C string `deid:"name,drop,tag"`    // want `Grammar.C: deid tag has two actions`
	D string `deid:"code=MRN"`         // want `Grammar.D: deid tag needs a namespace`
	E string `deid:"name,reason=none"` // want `Grammar.E: deid tag has a reason`
	F string `deid:"keep,reason="`     // want `Grammar.F: deid tag has a reason`
	G string `deid:"dive,drop"`        // want `Grammar.G: deid tag has two actions`
	H string `deid:"Name"`             // want `Grammar.H: deid tag has a word`
	I string `deid:"mrn, tag"`         // want `Grammar.I: deid tag has a word`
	J string `deid:name`               // want `Grammar.J: deid tag is not written as deid:"...", so that nothing reads it`
	K string `json:"k",deid:"name"`    // want `Grammar.K: deid tag is not written as`
	L string `Deid:"name"`             // want `Grammar.L: deid tag has the key "Deid", which is not deid`
	M string `json:"m" deid: "name"`   // want `Grammar.M: deid tag is not written as`
	N string `json:"deid:name"`
	O string `deid:"name" json:"o"`
	P string `deid:"keep,reason=a, b"`
	Q string `deid:"code=mrn"`
	R string `json:"r" deid="name"` // want `Grammar.R: deid tag is not written as`
	S []struct {
		T string `deid:"nmae"` // want `struct.T: deid tag has a word`
	}
}

type hidden struct {
	name string `deid:"name"` // want `hidden.name is not exported and cannot have a deid tag`
	base `deid:"drop"`
	num  `deid:"drop"` // want `hidden.num is not exported`
}

type base struct{ OK bool }

type num int

type Types struct {
	A  string             `deid:"name,year"`   // want `Types.A year needs a kind of date, dob or death`
	B  string             `deid:"zip,age_cap"` // want `Types.B age_cap needs the kind age`
	C  string             `deid:"year"`        // want `Types.C year needs a kind`
	D  map[string]string  `deid:"name"`        // want `Types.D needs drop, or keys=keep`
	E  map[string]string  `deid:"name,drop"`
	F  map[string]string  `deid:"name,keys=keep"`
	G  base               `deid:"zip"` // want `Types.G is a struct: use dive or drop`
	H  base               `deid:"name"`
	I  int                `deid:"mrn,tag"`     // want `Types.I is a number and cannot hold what tag makes`
	J  int                `deid:"text"`        // want `Types.J is a number and cannot hold what scrub makes`
	K  []int              `deid:"code=mrn"`    // want `Types.K\[\*\] is a number and cannot hold what code:(mrn|x) makes`
	L  time.Time          `deid:"date,tag"`    // want `Types.L cannot hold what tag makes: use a date kind or drop`
	M  *baakit.Date       `deid:"date,code=x"` // want `Types.M\[\*\] cannot hold what code:(mrn|x) makes`
	N  string             `deid:"dive"`        // want `Types.N has nothing to dive into`
	O  time.Time          `deid:"dive"`        // want `Types.O has nothing to dive into`
	P  map[int]base       `deid:"dive"`        // want `Types.P needs drop, or keys=keep`
	Q  any                `deid:"term"`        // want `Types.Q has a type for which only drop is possible`
	R  func()             `deid:"keep"`        // want `Types.R has a type for which only drop is possible`
	S  json.RawMessage    `deid:"keep"`        // want `Types.S is JSON of unknown members: use dive or drop`
	T  sql.NullString     `deid:"zip"`
	U  sql.Null[int]      `deid:"ssn,tag"` // want `Types.U is a number`
	V  deid.Value[int]    `deid:"ssn,tag"` // want `Types.V is a number`
	W  netip.Addr         `deid:"keep"`
	X  netip.Addr         `deid:"ip,tag"`     // want `Types.X is a struct: use dive or drop`
	Y  [4]byte            `deid:"photo,keep"` // want `Types.Y has a type for which only drop is possible`
	Z  bool               `deid:"keep"`
	A1 deid.Value[string] `deid:"dive"` // want `Types.A1 has nothing to dive into`
	A2 chan string        `deid:"name"`
	A3 int                `deid:"date"`
	A4 int                `deid:"age"`
	A5 sql.NullTime       `deid:"dive"`     // want `Types.A5 has nothing to dive into`
	A6 bool               `deid:"name,tag"` // want `Types.A6 has a type for which only drop is possible`
	A7 error              `deid:"keep"`     // want `Types.A7 has a type for which only drop is possible`
	A8 [][]string         `deid:"name,tag"`
	A9 **base             `deid:"dive"`
}

// Text has a tag of every kind.
type Text struct {
	A string `deid:"text,scrub"`
	B string `deid:"date,shift_date"`
	C string `deid:"name,hash"`
	D string `deid:"name,scrub"` // want `Text.D scrub needs the kind text`
	E string `deid:"state,state"`
	F string `deid:"city,state"` // want `Text.F state needs the kind state`
}

//deid:ignore // want `deid:ignore needs a reason`
var _ = 1
