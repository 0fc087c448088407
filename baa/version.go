package baa

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
	"golang.org/x/text/unicode/norm"
)

// VersionSchema is the schema of a [Version] as JSON.
const VersionSchema = "baakit.baa.version/1"

// A Version is one text of an agreement, sealed: it never changes, and its
// hash identifies it. It shares nothing with the draft it was made of and
// hands out copies. The zero Version is invalid and says so with IsZero.
// A Version is safe for concurrent use; compare two by Hash.
type Version struct {
	d        Draft
	hash     string
	textHash string
}

// Seal checks d and returns the version that it describes. The error is that
// of [Draft.Validate]. Sealing a draft again gives the same version.
func Seal(d Draft) (Version, error) {
	if err := d.Validate(); err != nil {
		return Version{}, err
	}
	return seal(d.clone())
}

// seal hashes a draft that is valid and belongs to nobody else.
func seal(d Draft) (Version, error) {
	v := Version{d: d, hash: hashOf(norm.NFC.Bytes(canonicalDraft(&d)))}
	doc := v.document()
	v.textHash = hashOf(norm.NFC.Bytes(doc.normalWords()))
	return v, nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// IsZero reports whether v is the zero Version.
func (v Version) IsZero() bool { return v.hash == "" }

// Hash returns the identity of v: "sha256:" and the SHA-256, in hexadecimal,
// of the canonical JSON (RFC 8785) of its draft in Unicode normal form C.
// Every field counts, and how a letter with an accent was typed does not.
func (v Version) Hash() string { return v.hash }

// TextHash returns the hash of the words alone, brought to [NormalText]: it
// tells a change of quotes or spaces from one of words. Label, parent and hash
// are not words.
func (v Version) TextHash() string { return v.textHash }

// Draft returns a copy of everything that v says.
func (v Version) Draft() Draft { return v.d.clone() }

// Kind returns the kind of agreement.
func (v Version) Kind() AgreementKind { return v.d.Kind }

// Label returns the label.
func (v Version) Label() Label { return v.d.Label }

// Parent returns the hash of the version that v follows, or "".
func (v Version) Parent() string { return v.d.Parent }

// Effective returns the stated effective date, zero if there is none.
func (v Version) Effective() baakit.Date { return v.d.Effective }

// Party returns the party of the side.
func (v Version) Party(s Side) Party { return v.d.Party(s) }

// Clauses returns a copy of the clauses in their order.
func (v Version) Clauses() Clauses { return v.d.clone().Clauses }

// Clause returns the clause with the id, or nil.
func (v Version) Clause(id ClauseID) Clause {
	if c := v.d.Clauses.Find(id); c != nil {
		return cloneClause(c)
	}
	return nil
}

// Equal reports whether both are the same version.
func (v Version) Equal(w Version) bool { return v.hash == w.hash }

// MarshalJSON implements json.Marshaler: the draft with the hash beside it.
func (v Version) MarshalJSON() ([]byte, error) {
	return marshalWith(VersionSchema, v.hash, draftJSON(v.d))
}

// ParseVersion reads the JSON of a version strictly, checks it and seals it;
// the hash in it must be that of what it says. The error is a
// [baakit.FieldErrors].
func ParseVersion(data []byte) (Version, error) {
	schema, hash, body, err := splitWith(data)
	if err != nil {
		return Version{}, err
	}
	var errs baakit.FieldErrors
	if schema != VersionSchema {
		errs.Add("schema", "must be "+VersionSchema)
		return Version{}, errs
	}
	var d draftJSON
	if err := strictjson.Decode(body, &d); err != nil {
		return Version{}, err
	}
	v, err := Seal(Draft(d))
	if err != nil {
		return Version{}, err
	}
	if v.hash != hash {
		errs.Add("hash", "must be the hash of what the version says")
		return Version{}, errs
	}
	return v, nil
}

// UnmarshalJSON implements json.Unmarshaler as [ParseVersion] reads; on an
// error v is unchanged.
func (v *Version) UnmarshalJSON(data []byte) error {
	read, err := ParseVersion(data)
	if err == nil {
		*v = read
	}
	return err
}

// marshalWith writes a draft with its schema, and a hash unless it is empty.
func marshalWith(schema, hash string, d draftJSON) ([]byte, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(len(body) + 120)
	b.WriteString(`{"schema":"` + schema + `",`)
	if hash != "" {
		b.WriteString(`"hash":"` + hash + `",`)
	}
	b.Write(body[1:])
	return b.Bytes(), nil
}

// splitWith takes schema and hash out of an object and returns the rest.
func splitWith(data []byte) (schema, hash string, body []byte, err error) {
	var raw map[string]json.RawMessage
	if err := strictjson.Decode(data, &raw); err != nil {
		return "", "", nil, err
	}
	_ = json.Unmarshal(raw["schema"], &schema)
	_ = json.Unmarshal(raw["hash"], &hash)
	delete(raw, "schema")
	if schema == VersionSchema {
		delete(raw, "hash")
	}
	body, err = json.Marshal(raw)
	return schema, hash, body, err
}

// NormalText brings words to one form: typographic quotes and dashes to plain
// ones, Markdown emphasis away, every run of white space, no-break spaces
// among it, to one space, letters to Unicode normal form C. Two texts of one
// normal form say the same words.
func NormalText(s string) string {
	return string(norm.NFC.Bytes(appendNormal(make([]byte, 0, len(s)), s)))
}

// appendNormal appends the normal form of s, a space before it unless b is
// empty or s brings no words.
func appendNormal(b []byte, s string) []byte {
	space := len(b) > 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if plain(c) { // the run of plain bytes at once
				j := i + 1
				for j < len(s) && plain(s[j]) {
					j++
				}
				if space {
					b, space = append(b, ' '), false
				}
				b = append(b, s[i:j]...)
				i = j
				continue
			}
			i++
			switch c {
			case '*', '_', '`':
			default: // white space and control characters
				space = len(b) > 0
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		text, ok := normalRune(r)
		switch {
		case ok && text == "":
		case !ok && unicode.IsSpace(r):
			space = len(b) > 0
		default:
			if space {
				b, space = append(b, ' '), false
			}
			if ok {
				b = append(b, text...)
			} else {
				b = append(b, s[i:i+n]...)
			}
		}
		i += n
	}
	return b
}

// plain reports whether a byte is a printing ASCII character that stands for
// itself in normal text.
func plain(c byte) bool {
	return c > ' ' && c < utf8.RuneSelf && c != '*' && c != '_' && c != '`' && c != 0x7f
}

// normalRune returns what stands for a rune in normal text, if it is not the
// rune itself.
func normalRune(r rune) (text string, ok bool) {
	switch r {
	case '\u200b', '\ufeff', '\u00ad':
		return "", true
	case '\u2018', '\u2019', '\u201a', '\u201b', '\u2032':
		return "'", true
	case '\u201c', '\u201d', '\u201e', '\u201f', '\u2033', '\u00ab', '\u00bb':
		return `"`, true
	case '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212':
		return "-", true
	}
	return "", false
}

// Terms returns the terms of v as flat values.
func (v Version) Terms() Terms { return termsOf(v.d) }

// Life returns what [Lifecycle] needs to know of v; rulesOf is the day whose
// rules the text was found to meet, by [Check].
func (v Version) Life(rulesOf baakit.Date) VersionTerms {
	t := v.Terms()
	return VersionTerms{
		Version: v.hash, Label: v.d.Label.String(),
		Signers: slices.Clone(v.d.Signers), StandingOffer: v.d.StandingOffer,
		Effective: v.d.Effective, Ends: t.Ends, Coterminous: t.Coterminous,
		Cure: t.Cure, TerminationNotice: t.TerminationNotice, AmendmentNotice: t.AmendmentNotice,
		ReturnWithin: t.ReturnWithin, ReportIfInfeasible: t.ReportIfInfeasible,
		Survives: t.Survives, RulesOf: rulesOf,
	}
}
