package review

// LawJSON is the table.
var LawJSON = lawJSON

// ReadLaw reads a table as the package does.
func ReadLaw(data []byte) error {
	_, err := readLaw(data)
	return err
}
