package audithttp

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
)

const (
	requestIDHeader = "X-Request-Id"
	spilledHeader   = "Audit-Spilled"
)

// RequestID returns the identifier that a request brings in its X-Request-Id
// header if that is a UUID, and a new random UUID (RFC 9562, version 4)
// otherwise. Whatever else a client might write there would stand in the log
// in clear for ever.
func RequestID(r *http.Request) string {
	if ids := r.Header[requestIDHeader]; len(ids) == 1 && isUUID(ids[0]) {
		return ids[0]
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0F | 0x40
	b[8] = b[8]&0x3F | 0x80
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		isHex(s[:8]) && isHex(s[9:13]) && isHex(s[14:18]) && isHex(s[19:23]) && isHex(s[24:])
}

// isHex reports whether s is lower-case hexadecimal digits.
func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// TraceParent returns trace-id and parent-id of a request's traceparent header
// (W3C Trace Context), or nothing if it has no valid one.
func TraceParent(r *http.Request) (trace, span string) {
	if list := r.Header["Traceparent"]; len(list) == 1 {
		return parseTraceParent(list[0])
	}
	return "", ""
}

// parseTraceParent reads version 00, and of later versions what that has.
func parseTraceParent(s string) (trace, span string) {
	const length = 2 + 1 + 32 + 1 + 16 + 1 + 2
	if len(s) < length || s[2] != '-' || s[35] != '-' || s[52] != '-' ||
		!isHex(s[:2]) || !isHex(s[3:35]) || !isHex(s[36:52]) || !isHex(s[53:55]) ||
		s[:2] == "ff" || s[:2] == "00" && len(s) > length || len(s) > length && s[length] != '-' {
		return "", ""
	}
	trace, span = s[3:35], s[36:52]
	if strings.Trim(trace, "0") == "" || strings.Trim(span, "0") == "" {
		return "", ""
	}
	return trace, span
}

// routeOf turns a pattern of http.ServeMux into a route without its method.
// Characters that a route cannot have become "_".
func routeOf(pattern string) string {
	if i := strings.IndexAny(pattern, " \t"); i >= 0 {
		pattern = strings.TrimLeft(pattern[i:], " \t")
	}
	clean := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._:/@+-{}*$", c) >= 0
	}
	const longest = 128
	pattern = pattern[:min(len(pattern), longest)]
	for i := range len(pattern) {
		if !clean(pattern[i]) {
			b := []byte(pattern)
			for ; i < len(b); i++ {
				if !clean(b[i]) {
					b[i] = '_'
				}
			}
			return string(b)
		}
	}
	return pattern
}
