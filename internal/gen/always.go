package gen

import "pgregory.net/rapid"

// Always runs a law over n draws that are the same every time: for what a test
// has to see for certain, such as each kind of outcome, where the draws of
// rapid.Check see it almost always.
func Always(n int, law func(*rapid.T)) {
	g := rapid.Custom(func(t *rapid.T) bool { law(t); return true })
	for seed := range n {
		g.Example(seed)
	}
}
