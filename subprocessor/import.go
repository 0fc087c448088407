package subprocessor

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// An Import is another vendor's list as child nodes: one entity and one
// engagement an entry. What the list says in other fields is in the
// engagement's Extra. Whether an engagement handles PHI is not for another to
// say: without a word on it PHI is taken to be handled.
type Import struct {
	Entities    []Entity
	Engagements []Engagement
}

// maxImport bounds the entries that are read.
const maxImport = 100_000

// importNames are the names that lists in use give their fields.
func importNames() map[string]string {
	return map[string]string{
		"id": "id", "name": "name", "legal_name": "name", "legalname": "name", "vendor": "name", "entity": "name", "entity_name": "name", "subprocessor": "name", "sub-processor": "name", "company": "name",
		"purpose": "purpose", "service": "service", "description": "purpose", "activity": "activity", "processing_activity": "activity",
		"region": "places", "regions": "places", "location": "places", "locations": "places", "country": "country", "places": "places", "datacenters": "places", "data_centers": "places",
		"datacategories": "data", "data_categories": "data", "data": "data", "dataprocessed": "data",
		"address": "address", "website": "website", "url": "website", "contact": "contact", "phi": "phi",
		"transfer_mechanism": "transfer", "transfermechanism": "transfer", "subprocessorsurl": "own", "own_subprocessors_url": "own",
	}
}

// ImportJSON reads another vendor's list: a JSON array of objects, or an
// object with one such array. A list of this package's own schema is read
// too. Ids are made from prefix. The error is a [baakit.FieldErrors].
func ImportJSON(data []byte, prefix string, from Provenance) (Import, error) {
	var errs baakit.FieldErrors
	var rows []map[string]json.RawMessage
	if !utf8.Valid(data) || !json.Valid(data) {
		errs.Add("", "must be JSON")
		return Import{}, errs
	}
	if json.Unmarshal(data, &rows) != nil {
		var object map[string]json.RawMessage
		if json.Unmarshal(data, &object) != nil {
			errs.Add("", "must be a list of objects, or an object with one")
			return Import{}, errs
		}
		for _, name := range []string{"entries", "subprocessors", "sub_processors", "subProcessors", "vendors", "items", "data"} {
			if raw, ok := object[name]; ok && json.Unmarshal(raw, &rows) == nil {
				break
			}
		}
	}
	if len(rows) == 0 {
		errs.Add("", "must have at least one entry")
		return Import{}, errs
	}
	return importRows(rows, prefix, from, data)
}

// ImportCSV reads another vendor's list as CSV (RFC 4180) with a header line.
// The error is a [baakit.FieldErrors].
func ImportCSV(data []byte, prefix string, from Provenance) (Import, error) {
	var errs baakit.FieldErrors
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	head, err := r.Read()
	if err != nil || !utf8.Valid(data) {
		errs.Add("", "must be CSV in UTF-8 with a header line")
		return Import{}, errs
	}
	var rows []map[string]json.RawMessage
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(rows) > maxImport {
			errs.Add(at(len(rows)), "must be a line of CSV with as many fields as the header")
			return Import{}, errs
		}
		m := make(map[string]json.RawMessage)
		for i, v := range row {
			if v = strings.TrimSpace(v); v != "" {
				m[strings.TrimSpace(head[i])], _ = json.Marshal(v)
			}
		}
		rows = append(rows, m)
	}
	if len(rows) == 0 {
		errs.Add("", "must have at least one entry")
		return Import{}, errs
	}
	return importRows(rows, prefix, from, data)
}

func importRows(rows []map[string]json.RawMessage, prefix string, from Provenance, data []byte) (Import, error) {
	var errs baakit.FieldErrors
	need(&errs, "prefix", events.IsName(prefix), "is required, a name")
	need(&errs, "source", isLine(from.Source), "is required")
	need(&errs, "fetched_at", events.ValidInstant(from.Fetched), "is required")
	if len(rows) > maxImport {
		errs.Add("", "must have at most 100000 entries")
		return Import{}, errs
	}
	sum := sha256.Sum256(data)
	from.SHA256 = hex.EncodeToString(sum[:])
	names := importNames()
	var out Import
	seen := make(map[string]bool)
	for i, row := range rows {
		known := make(map[string]string)
		extra := make(Extra)
		for key, raw := range row {
			name, ok := names[strings.ToLower(strings.ReplaceAll(key, " ", "_"))]
			if value, text := importText(raw); ok && text && known[name] == "" {
				known[name] = value
				continue
			}
			var compact, escaped bytes.Buffer
			_ = json.Compact(&compact, raw)
			json.HTMLEscape(&escaped, compact.Bytes())
			extra["imported:"+key] = escaped.Bytes()
		}
		need(&errs, at(i)+".name", isLine(known["name"]), "is required, one line of text")
		id := prefix + "." + slug(known["id"])
		if slug(known["id"]) == "" {
			id = prefix + "." + slug(known["name"])
		}
		for base, n := id, 2; seen[id]; n++ {
			id = base + "-" + string(rune('0'+n%10))
			if n > 9 {
				errs.Add(at(i)+".name", "must not be that of ten entries")
				break
			}
		}
		seen[id] = true
		e := Entity{ID: id, LegalName: known["name"], Role: BusinessAssociate, Address: oneLine(known["address"]), Contact: oneLine(known["contact"])}
		if isWeb(known["website"]) {
			e.Website = known["website"]
		}
		if isCountry(known["country"]) {
			e.Country = known["country"]
		}
		g := Engagement{
			ID: id, Entity: id, Purpose: oneLine(known["purpose"]), Service: oneLine(known["service"]), Activity: oneLine(known["activity"]), PHI: HandlesPHI, TransferMechanism: oneLine(known["transfer"]),
			DataCategories: splitList(known["data"]), Provenance: &from, Extra: extra,
		}
		if p := PHI(known["phi"]); p == NoPHI || p == EncryptedNoKey || p == Deidentified {
			g.PHI = p
		}
		if isWeb(known["own"]) {
			g.OwnSubprocessors = known["own"]
		}
		if g.Purpose == "" {
			g.Purpose = "not stated"
			if s := cmp.Or(g.Service, g.Activity); s != "" {
				g.Purpose = s
			}
		}
		for _, p := range append(splitList(known["places"]), splitList(known["country"])...) {
			if isCountry(p) {
				if !slices.Contains(g.ProcessingPlaces, p) {
					g.ProcessingPlaces = append(g.ProcessingPlaces, p)
				}
			} else {
				raw, _ := json.Marshal(known["places"])
				var escaped bytes.Buffer
				json.HTMLEscape(&escaped, raw)
				extra["imported:places"] = escaped.Bytes()
			}
		}
		if len(extra) == 0 {
			g.Extra = nil
		}
		out.Entities, out.Engagements = append(out.Entities, e), append(out.Engagements, g)
	}
	if err := errs.Err(); err != nil {
		return Import{}, err
	}
	return out, nil
}

// importText returns a string, or a list of strings joined.
func importText(raw json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return strings.TrimSpace(s), isLine(strings.TrimSpace(s))
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		s = strings.Join(list, "; ")
		return s, isLine(s)
	}
	return "", false
}

func oneLine(s string) string {
	if isLine(s) {
		return s
	}
	return ""
}

func splitList(s string) []string {
	var list []string
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' }) {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// slug makes an id of a name.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() > 80 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}
