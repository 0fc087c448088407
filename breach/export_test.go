package breach

// ReadTables reads the tables as they are read once.
func ReadTables(federal, states []byte) error {
	_, err := readTables(federal, states)
	return err
}

// Tables are the embedded tables.
func Tables() (federal, states, assessment []byte) {
	return federalJSON, jurisdictionsJSON, assessmentJSON
}

// ReadAssessmentLaw reads the table of Assess.
func ReadAssessmentLaw(data []byte) error {
	_, err := readAssessmentLaw(data)
	return err
}
