// Package fields has struct types that are passed to the engine.
package fields

import (
	"context"
	"database/sql"
	"encoding/json"
	"records"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

type Patient struct {
	Name     string             `deid:"name"`
	Room     string             // want `Patient.Room needs a deid tag: it could carry an identifier`
	Bed      int                // want `Patient.Bed needs a deid tag`
	Born     time.Time          // want `Patient.Born needs a deid tag`
	On       baakit.Date        // want `Patient.On needs a deid tag`
	Photo    []byte             // want `Patient.Photo needs a deid tag`
	Any      any                // want `Patient.Any needs a deid tag`
	Call     func()             // want `Patient.Call needs a deid tag`
	ByKind   map[string]bool    // want `Patient.ByKind needs a deid tag`
	Ptr      *string            // want `Patient.Ptr needs a deid tag`
	Hidden   deid.Value[string] // want `Patient.Hidden needs a deid tag`
	Sure     deid.Value[bool]
	Lat, Lon float64 // want `Patient.Lat needs a deid tag` `Patient.Lon needs a deid tag`
	Active   bool
	Flags    [3]bool
	Maybe    *bool
	Nothing  struct{}
	Bools    struct{ A, B bool }
	Self     *Ring
	note     string
	*embedded
	Deep
	Home   Home               `deid:"dive"`
	Homes  map[string][]*Home `deid:"dive,keys=keep"`
	Inline struct {
		City string // want `struct.City needs a deid tag`
	} `deid:"dive"`
	Held         deid.Value[Held] `deid:"dive"`
	Raw          json.RawMessage  `deid:"dive"`
	Null         sql.NullString   // want `Patient.Null needs a deid tag`
	records.Base                  // want `Patient.Base.Ward needs a deid tag`
	Err          error            // want `Patient.Err needs a deid tag`
}

type Ring struct {
	Next *Ring
	OK   bool
}

type embedded struct {
	Email string // want `embedded.Email needs a deid tag`
}

type Deep struct{ Deeper }

type Deeper struct {
	SSN string // want `Deeper.SSN needs a deid tag`
}

type Home struct {
	Street string   `deid:"street"`
	City   string   // want `Home.City needs a deid tag`
	Owner  *Patient `deid:"dive"`
}

type Held struct {
	Plan string // want `Held.Plan needs a deid tag`
}

func clean(ctx context.Context, e *deid.Engine, p *Patient) error {
	return deid.Struct(ctx, e, p, nil, nil)
}

// Never is not passed to the engine and not marked: its fields are its own.
type Never struct{ Name string }

// Only has a tag for another purpose.
type Only struct {
	Name string `deid:"name"`
	Room string
}

// Marked is passed to the engine elsewhere.
//
//deid:check
type Marked struct {
	Name string // want `Marked.Name needs a deid tag`
}

type (
	//deid:check
	Grouped struct {
		Name string // want `Grouped.Name needs a deid tag`
	}
	Beside struct{ Name string }
)

//deid:check passed by the worker
type Generic[T any] struct {
	Value T // want `Generic.Value needs a deid tag`
	Kept  T `deid:"keep"`
}

//deid:check
type Number int // want `Number must be a struct`

// Pair is judged for the types that it is made of.
type Pair[A, B any] struct {
	First  A `deid:"dive"`
	Second B
}

type One struct {
	Name string // want `One.Name needs a deid tag`
}

type Box[T any] struct {
	In T `deid:"dive"`
}

type Inner struct {
	Name string // want `Inner.Name needs a deid tag`
}

type Two struct {
	Name string // want `Two.Name needs a deid tag`
}

type Three struct {
	Name string // want `Three.Name needs a deid tag`
}

type Four struct {
	Name string // want `Four.Name needs a deid tag`
}

type Five struct {
	Name string // want `Five.Name needs a deid tag`
}

type Six struct {
	Name string // want `Six.Name needs a deid tag`
}

func generics(e *deid.Engine) {
	deid.CheckStruct[Pair[One, bool]](e)
	deid.CheckStruct[Box[Box[*Inner]]](e)
	check := deid.CheckStruct[Two]
	check(e)
	local(e, &Three{})
	records.Clean(new(Four), "k")
	records.NewCleaner[Five]()
	var c records.Cleaner[Six]
	c.Clean(nil)

	deid.CheckStruct[*Patient](e)              // want `\*fields.Patient must be a struct`
	deid.CheckStruct[string](e)                // want `string must be a struct`
	deid.CheckStruct[deid.Value[One]](e)       // want `Value must be a struct`
	deid.CheckStruct[struct{ Name string }](e) // want `struct.Name needs a deid tag`
	deid.CheckStruct[records.Complete](e)
	deid.CheckStruct[records.Foreign](e) // want `Foreign.Room needs a deid tag` `Foreign.Base.Ward needs a deid tag` `Foreign.At needs a deid tag`
}

func local[T any](e *deid.Engine, v *T) { // want local:"passesOn"
	again(e, v)
}

func again[T any](e *deid.Engine, v *T) { // want again:"passesOn"
	deid.Struct(context.Background(), e, v, nil, nil)
}

// Excused has a finding that a person has looked at.
//
//deid:check
type Excused struct {
	Room string //deid:ignore numbers of the building, never of a home
	//deid:ignore the next line is alike
	Floor string
	Wing  string // want `Excused.Wing needs a deid tag`
}
