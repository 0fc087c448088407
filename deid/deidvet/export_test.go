package deidvet

// ParseTag lets a test compare the two readings of the grammar.
func ParseTag(s string) (wrong string) {
	_, wrong = parseTag(s)
	return wrong
}

// Corrected lets a test fuzz the corrections.
func Corrected(s string) (string, bool) { return corrected(s) }

// SetKey lets a test fuzz the changes of struct tags.
func SetKey(whole, name, value string) (string, bool) { return setKey(whole, name, value) }
