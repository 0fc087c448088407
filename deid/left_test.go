package deid_test

import (
	"encoding/json"
	"strconv"
)

// left is what is left of a record of dates and ages.
type left struct {
	born, died, latest int
	visits             []struct{ year, age int }
}

// readLeft reads the output and insists that every date is a year and every
// age a number of at most 89 or the group.
func readLeft(t fataler, out string) (l left) {
	t.Helper()
	var r struct {
		Born, Died string
		Visits     []struct {
			On  string
			Age any
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("the output is not JSON: %v", err)
	}
	year := func(s string) int {
		if s == "" {
			return 0
		}
		n, err := strconv.Atoi(s)
		if err != nil || len(s) != 4 {
			t.Fatalf("%q is not a year", s)
		}
		return n
	}
	l.born, l.died = year(r.Born), year(r.Died)
	l.latest = l.died
	for _, v := range r.Visits {
		age := 0
		switch a := v.Age.(type) {
		case float64:
			age = int(a)
		case string:
			if a != deid90 {
				t.Fatalf("an age became %q", a)
			}
		}
		y := year(v.On)
		l.latest = max(l.latest, y)
		l.visits = append(l.visits, struct{ year, age int }{y, age})
	}
	return l
}

const deid90 = "90+"
