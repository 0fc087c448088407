package auditfhir

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// isID, isURI and isCode are the primitive types of FHIR R4.
func isID(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func isURI(s string) bool {
	return s != "" && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) }) < 0
}

func isCode(s string) bool {
	return isText(s) && strings.Join(strings.Fields(s), " ") == s
}

// maxText is the greatest length of a FHIR string.
const maxText = 1 << 20

// isText tells whether a text is written as a FHIR string: it has something
// besides white space, which strings must, and no control characters, which
// they should not.
func isText(s string) bool {
	blank := true
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return false
		}
		blank = blank && unicode.IsSpace(r)
	}
	return !blank && len(s) <= maxText && utf8.ValidString(s)
}

// instantForm is the form of an instant; that of a dateTime that is precise to
// the second is the same.
var instantForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

var errInstant = errors.New("must be an instant: a date, a time with seconds, and a zone")

// parseInstant reads an instant. A leap second is the instant behind it.
func parseInstant(s string) (time.Time, error) {
	if !instantForm.MatchString(s) {
		return time.Time{}, errInstant
	}
	leap := s[17:19] == "60"
	if leap {
		s = s[:17] + "59" + s[19:]
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1 {
		return time.Time{}, errInstant
	}
	if leap {
		t = t.Add(time.Second)
	}
	return t, nil
}

// isValue tells whether an extension may have the value.
func isValue(kind, value string) bool {
	switch kind {
	case "String":
		return strings.TrimSpace(value) != "" && len(value) <= maxText && utf8.ValidString(value)
	case "Code":
		return isCode(value)
	case "Uri":
		return isURI(value)
	case "Boolean":
		return value == "true" || value == "false"
	case "UnsignedInt":
		n, err := strconv.ParseUint(value, 10, 31)
		return err == nil && strconv.FormatUint(n, 10) == value
	case "Base64Binary":
		_, err := base64.StdEncoding.Strict().DecodeString(value)
		return err == nil && value != ""
	}
	return false
}
