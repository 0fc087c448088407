package retention

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// A Technique is how media are sanitized: one of the techniques of
// [Methods], such as "cryptographic_erase".
type Technique string

// Techniques that the package treats in a way of their own.
const (
	CryptographicErase Technique = "cryptographic_erase"
	AgeOut             Technique = "age_out"
)

// A Category is the strength of a sanitization.
type Category string

// The categories of NIST SP 800-88, the weakest first.
const (
	Clear   Category = "clear"
	Purge   Category = "purge"
	Destroy Category = "destroy"
)

// strength orders the categories; 0 is none of them.
func (c Category) strength() int {
	return slices.Index([]Category{Clear, Purge, Destroy}, c) + 1
}

// A Method is a technique for a kind of media and the strength it reaches.
type Method struct {
	Media      string            `json:"media"`
	Technique  Technique         `json:"technique"`
	Category   Category          `json:"category"`
	Confidence baakit.Confidence `json:"confidence"`
	Note       string            `json:"note,omitempty"`
}

// A Standard is an edition that a certificate may name.
type Standard struct {
	Name       string            `json:"name"`
	From       baakit.Date       `json:"from"`
	Withdrawn  baakit.Date       `json:"withdrawn,omitzero"`
	Confidence baakit.Confidence `json:"confidence"`
	Address    string            `json:"address"`
	// Fields are those that an entry under the edition has to state.
	Fields []string `json:"fields"`
}

//go:embed law/sanitization.json
var sanitizationJSON []byte

type sanitizationLaw struct {
	Schema    string      `json:"schema"`
	AsOf      baakit.Date `json:"as_of"`
	KeyBits   int         `json:"key_bits"`
	Standards []Standard  `json:"standards"`
	Refused   []struct {
		Contains string `json:"contains"`
		Says     string `json:"says"`
	} `json:"refused"`
	Methods []Method `json:"methods"`
}

var sanitization = sync.OnceValue(func() *sanitizationLaw {
	var l sanitizationLaw
	if err := strictjson.Decode(sanitizationJSON, &l); err != nil {
		panic("retention: law/sanitization.json: " + err.Error())
	}
	return &l
})

// Methods returns the table of methods by media. NIST's own text was not
// read; see the confidence of each.
func Methods() []Method { return slices.Clone(sanitization().Methods) }

// Standards returns the editions that a certificate may name.
func Standards() []Standard { return slices.Clone(sanitization().Standards) }

// method returns the method of the table.
func method(media string, t Technique) (Method, bool) {
	for _, m := range sanitization().Methods {
		if m.Media == media && m.Technique == t {
			return m, true
		}
	}
	return Method{}, false
}

func isMedia(media string) bool {
	return slices.ContainsFunc(sanitization().Methods, func(m Method) bool { return m.Media == media })
}

// checkStandard returns the standard of exactly that name, or why the name is
// refused for an act on the day. agreed is the name that the agreement cites.
func checkStandard(name, agreed string, acted baakit.Date) (Standard, string) {
	for _, s := range sanitization().Standards {
		switch {
		case s.Name != name:
		case acted.Before(s.From):
			return s, "must not be an edition that was published after the act"
		case !s.Withdrawn.IsZero() && !acted.Before(s.Withdrawn) && agreed != name:
			return s, "was withdrawn before the act: name the edition in force, or state that the agreement cites this one"
		default:
			return s, ""
		}
	}
	lower := strings.ToLower(name)
	for _, r := range sanitization().Refused {
		if strings.Contains(lower, r.Contains) {
			return Standard{}, "must name a standard and its edition: " + r.Says
		}
	}
	return Standard{}, "must be the exact name of a standard and its edition, as in NIST SP 800-88 Rev. 2"
}
