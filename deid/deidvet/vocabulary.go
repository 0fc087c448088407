package deidvet

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed vocabulary.txt
var vocabularyText string

// A kind is a word for what a field holds.
type kind struct {
	identifier string   // its letter, or "-"
	actions    []string // that a policy may have for it by itself
}

type vocabulary struct {
	kinds   map[string]kind
	actions map[string][]string // the kinds that it needs
}

// words reads the embedded table once.
var words = sync.OnceValue(func() vocabulary {
	v := vocabulary{make(map[string]kind), make(map[string][]string)}
	for line := range strings.Lines(vocabularyText) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 4 && f[0] == "kind":
			v.kinds[f[1]] = kind{f[2], f[3:]}
		case len(f) >= 3 && f[0] == "action" && f[2] == "-":
			v.actions[f[1]] = nil
		case len(f) >= 3 && f[0] == "action":
			v.actions[f[1]] = f[2:]
		}
	}
	return v
})
