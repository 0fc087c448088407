package subprocessor

import (
	_ "embed"
	"slices"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// A Provision is one of an agreement, by its short name, with the ids of the
// legal elements that it holds: none for a term that no federal rule asks for.
type Provision struct {
	ID       string   `json:"id"`
	Elements []string `json:"elements"`
}

// determination is what gates bear on: whether an agreement is needed at all,
// which is no provision of one.
const determination = "determination"

//go:embed law/provisions.json
var provisionsJSON []byte

var provisionRows = sync.OnceValue(func() []Provision {
	var table struct {
		Schema string      `json:"schema"`
		AsOf   baakit.Date `json:"as_of"`
		Rows   []Provision `json:"rows"`
	}
	if err := strictjson.Decode(provisionsJSON, &table); err != nil {
		panic("subprocessor: law/provisions.json: " + err.Error())
	}
	return table.Rows
})

// Provisions returns the provisions whose ids, and those of whose elements, a
// caller may name.
func Provisions() []Provision {
	list := slices.Clone(provisionRows())
	for i := range list {
		list[i].Elements = slices.Clone(list[i].Elements)
	}
	return list
}

func isProvision(id string) bool {
	return slices.ContainsFunc(provisionRows(), func(p Provision) bool { return p.ID == id || slices.Contains(p.Elements, id) })
}

// answersTo reports whether a question on one provision bears on another: the
// same, or one that is an element of the other.
func answersTo(asked, promised string) bool {
	return asked == promised || slices.ContainsFunc(provisionRows(), func(p Provision) bool {
		return p.ID == asked && slices.Contains(p.Elements, promised) || p.ID == promised && slices.Contains(p.Elements, asked)
	})
}
