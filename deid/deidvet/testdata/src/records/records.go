// Package records is imported by others of these tests: what is known of it
// reaches them as facts and as types.
package records

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/baakit/baakit/deid"
)

// Foreign is passed on in another package only.
type Foreign struct {
	Name string `deid:"name"`
	Room string
	Base
	Next *Foreign `deid:"dive"`
	At   time.Time
	ok   bool
}

type Base struct {
	Ward string
}

// Complete has all that it needs.
type Complete struct {
	Name string `deid:"name"`
	OK   bool
}

func (c Complete) Label() string { return "patient " + c.Name } // want Label:"carries"

func (c *Complete) Both() (int, string, error) { // want Both:"carries"
	name := c.Name
	return 1, name, nil
}

func (c Complete) Known() bool { return c.Name != "" }

// Echo returns what it is given, Say prints it.
func Echo(s string) string { return "<" + s + ">" } // want Echo:"carries"

func Say(format string, args ...any) { log.Printf(format, args...) } // want Say:"carries"

func Whisper(n int, s string) { // want Whisper:"carries"
	quiet := fmt.Sprintf("%d %s", n, s)
	fmt.Println(quiet)
}

func Clean[K comparable, T any](v *T, k K) error { // want Clean:"passesOn"
	return deid.Struct(context.Background(), nil, v, nil, nil)
}

// A Cleaner is for one type.
type Cleaner[T any] struct{ last T } // want Cleaner:"passesOn"

func (c *Cleaner[T]) Clean(v *T) error { return Clean(v, 1) }

func NewCleaner[T any]() *Cleaner[T] { return new(Cleaner[T]) } // want NewCleaner:"passesOn"
