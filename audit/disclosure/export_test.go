package disclosure

// What the tests in another package look at.
var (
	LookBackFrom    = lookBackFrom
	LookBackThrough = lookBackThrough
	LawJSON         = lawJSON
)

// ReadLaw reads a table as the package does.
func ReadLaw(data []byte) error {
	_, err := readLaw(data)
	return err
}

// CheckLaw reports the confidence marks of the table.
func LawConfidences() map[string]int {
	out := make(map[string]int)
	for _, r := range law().reasons {
		for _, c := range r.Citations {
			out[c.Confidence().String()]++
		}
	}
	return out
}
