// Package output prints identifiers, and what is none.
package output

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"records"
	"strconv"
	"strings"
	"time"

	"github.com/baakit/baakit/deid"
)

type Patient struct {
	Name  string    `deid:"name"`
	MRN   int       `deid:"mrn"`
	Born  time.Time `deid:"dob"`
	Code  string    `deid:"term"`
	Sex   string    `deid:"keep"`
	Note  string    `deid:"text,scrub"`
	Raw   []byte    `deid:"drop"`
	Room  string
	SSN   deid.Value[string] `deid:"ssn"`
	Mails []string           `deid:"email"`
	Home  Home               `deid:"dive"`
	*Kin
}

type Home struct {
	City string `deid:"city"`
}

type Kin struct {
	Mother string `deid:"name"`
}

// A Shown prints itself.
type Shown struct {
	Name string `deid:"name"`
}

func (Shown) String() string { return "shown" }

func direct(p *Patient, w io.Writer, l *log.Logger, s *slog.Logger) error {
	fmt.Println("patient", p.Name)                                                                                     // want `the identifier in p.Name reaches the output of fmt.Println`
	fmt.Printf("%d", p.MRN)                                                                                            // want `the identifier in p.MRN reaches the output of fmt.Printf`
	log.Print(p.Born.Year())                                                                                           // want `the identifier in p.Born.Year\(\) reaches the output of log.Print`
	log.Fatalf("%s", p.Note)                                                                                           // want `the identifier in p.Note`
	l.Println(p.Raw)                                                                                                   // want `the identifier in p.Raw`
	slog.Info("m", "name", p.Name)                                                                                     // want `the identifier in p.Name reaches the output of slog.Info`
	s.Error("m", "mrn", p.MRN)                                                                                         // want `the identifier in p.MRN`
	s.LogAttrs(context.Background(), slog.LevelInfo, "m", slog.String("n", p.Name))                                    // want `the identifier in p.Name reaches the output of slog.String`
	s.With("n", p.Mails[0])                                                                                            // want `the identifier in p.Mails\[0\]`
	slog.Any("n", p.Mails)                                                                                             // want `the identifier in p.Mails`
	fmt.Fprintln(os.Stderr, p.Home.City)                                                                               // want `the identifier in p.Home.City`
	fmt.Println(p.Mother)                                                                                              // want `the identifier in p.Mother`
	fmt.Println(p.SSN.Reveal())                                                                                        // want `the identifier in p.SSN.Reveal\(\)`
	fmt.Println("x" + p.Name)                                                                                          // want `the identifier in "x" \+ p.Name`
	fmt.Println(strings.ToUpper(p.Name))                                                                               // want `the identifier in strings.ToUpper`
	fmt.Println(strconv.Itoa(p.MRN), []byte(p.Name), p.Name[:3], &p.Name, []string{p.Name}, any(p.Name).(string))      // want `strconv.Itoa` `\[\]byte\(p.Name\)` `p.Name\[:3\]` `&p.Name` `\[\]string` `any\(p.Name\)`
	fmt.Println(append([]string{}, p.Name), map[string]int{p.Name: 1}, (*p).Name, p.Name, time.Time(p.Born), *&p.Name) // want `append` `map` `\(\*p\).Name` `in p.Name reaches` `time.Time` `\*&p.Name`
	if p.MRN > 7 {
		panic(p.Name) // want `the identifier in p.Name reaches the output of panic`
	}
	_ = errors.New(p.Name)                     // want `the identifier in p.Name reaches the output of errors.New`
	return fmt.Errorf("no patient %q", p.Name) // want `the identifier in p.Name reaches the output of fmt.Errorf`
}

func whole(p *Patient, list []Patient, shown Shown, s *slog.Logger) {
	fmt.Println(p)                                  // want `the identifiers in p reach the output of fmt.Println`
	log.Printf("%+v", *p)                           // want `the identifiers in \*p reach the output of log.Printf`
	fmt.Println(list, [2]Home{}, map[string]Home{}) // want `in list` `in \[2\]Home` `in map\[string\]Home`
	fmt.Println(struct{ P Patient }{})              // want `the identifiers in struct`
	fmt.Printf("%T %p", *p, p)
	fmt.Printf("%d %T %v", 1, *p, *p)                   // want `the identifiers in \*p`
	fmt.Printf("%[1]T", *p)                             // want `the identifiers in \*p`
	fmt.Println(shown, &shown, []Shown{}, p.SSN, p.Kin) // want `the identifiers in p.Kin`
	slog.Info("m", "p", p)
	s.Info("m", "p", *p, slog.Any("p", list))
	fmt.Println(fmt.Sprint(*p)) // want `the identifier in fmt.Sprint\(\*p\)`
	fmt.Println(holder{})
}

// A tree holds itself in more ways than one.
type tree struct {
	A, B, C, D []tree
	E          map[string]tree
	F          [2][]tree
	*tree
}

func grown(t tree) { fmt.Println(t, &t) }

type holder struct{ Next *Patient }

func harmless(p *Patient, w io.Writer, sb *strings.Builder) {
	fmt.Println(p.Code, p.Sex, p.Room, p.SSN, &p.SSN, len(p.Name), p.Name == "", p.Born.IsZero(), p.SSN.IsZero(), strings.Contains(p.Name, "a"))
	fmt.Fprintf(w, "Dear %s", p.Name) // a letter
	fmt.Fprintln(sb, p.Name)
	_ = fmt.Sprintf("%s", p.Name)
	slog.Info("m", "code", p.Code, "held", p.SSN)
	log.Print(p.Name) //deid:ignore a console that nobody keeps
	//deid:ignore nor this one
	log.Print(p.Name)
	hidden := deid.Hide(p.Name)
	fmt.Println(hidden)
}

func local(p Patient, list []Patient) {
	name := p.Name
	fmt.Println(name) // want `the identifier in name`
	again, other := name, p.Code
	fmt.Println(again, other) // want `the identifier in again`
	text := ""
	for _, mail := range p.Mails {
		text += mail
		fmt.Println(mail) // want `the identifier in mail`
	}
	fmt.Println(text) // want `the identifier in text`
	for i, q := range list {
		fmt.Println(i, q.Name) // want `the identifier in q.Name`
	}
	func() {
		fmt.Println(name) // want `the identifier in name`
	}()
	known := p.Name != ""
	fmt.Println(known)
	ssn, ok := p.SSN.Reveal(), true
	fmt.Println(ssn, ok) // want `the identifier in ssn`
}

func across(c *records.Complete) {
	fmt.Println(c.Name)    // want `the identifier in c.Name`
	fmt.Println(c.Label()) // want `the identifier in c.Label\(\)`
	n, label, err := c.Both()
	fmt.Println(n, label, err) // want `the identifier in label`
	fmt.Println(c.Known(), records.Echo("x"))
	fmt.Println(records.Echo(c.Name)) // want `the identifier in records.Echo\(c.Name\)`
	records.Say("%s", c.Name)         // want `the identifier in c.Name reaches the output of records.Say`
	records.Say("%d", 1)
	records.Whisper(1, c.Name)         // want `the identifier in c.Name reaches the output of records.Whisper`
	say(c.Name)                        // want `the identifier in c.Name reaches the output of output.say`
	fmt.Println(fullName(c), first(c)) // want `the identifier in fullName\(c\)` `the identifier in first\(c\)`
}

func say(s string) { records.Say(s) } // want say:"carries"

func fullName(c *records.Complete) string { return "Dr " + c.Name } // want fullName:"carries"

func first(c *records.Complete) string { return fullName(c)[:1] } // want first:"carries"

var leaked = fmt.Errorf("%s", (&Patient{}).Name) // want `reaches the output of fmt.Errorf`
