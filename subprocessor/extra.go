package subprocessor

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// Extra holds the fields of a JSON object that this package does not know, so
// that they survive being read and written. Nil is none. A name that the
// type knows itself is left out when it is written.
type Extra map[string]json.RawMessage

// decodeKeeping reads the known fields of data strictly into v, a pointer to
// a struct, and returns the others.
func decodeKeeping(data []byte, v any) (Extra, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' || !json.Valid(data) {
		return nil, strictjson.Decode(data, v)
	}
	known := knownFields(reflect.TypeOf(v).Elem())
	var extra Extra
	var errs baakit.FieldErrors
	kept := []byte{'{'}
	dec := json.NewDecoder(bytes.NewReader(data))
	_, _ = dec.Token()
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, strictjson.Decode(data, v)
		}
		var member json.RawMessage
		if err := dec.Decode(&member); err != nil {
			return nil, strictjson.Decode(data, v)
		}
		key := token.(string)
		if known[key] {
			if len(kept) > 1 {
				kept = append(kept, ',')
			}
			kept = append(kept, strconv.Quote(key)+":"...)
			kept = append(kept, member...)
			continue
		}
		if _, twice := extra[key]; twice {
			errs.Add("", "must not hold a field twice")
		}
		if extra == nil {
			extra = make(Extra)
		}
		var plain, escaped bytes.Buffer
		_ = json.Compact(&plain, member)
		json.HTMLEscape(&escaped, plain.Bytes())
		extra[key] = escaped.Bytes()
	}
	errs.Merge("", strictjson.Decode(append(kept, '}'), v))
	return extra, errs.Err()
}

// encodeKeeping writes v, a struct, followed by the extra fields in order of
// their names.
func encodeKeeping(v any, extra Extra) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil || len(extra) == 0 {
		return data, err
	}
	known := knownFields(reflect.TypeOf(v))
	data = data[:len(data)-1]
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		if known[key] {
			continue
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		if len(data) > 1 {
			data = append(data, ',')
		}
		data = append(append(append(data, name...), ':'), extra[key]...)
	}
	return append(data, '}'), nil
}

func knownFields(t reflect.Type) map[string]bool {
	known := make(map[string]bool)
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			known[name] = true
		}
	}
	return known
}

type instant = events.Instant

// isLine reports whether s is one line of text of at most 1000 bytes.
func isLine(s string) bool {
	return s != "" && len(s) <= 1000 && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\ufffd' }) < 0
}

func at(i int) string { return "[" + strconv.Itoa(i) + "]" }
