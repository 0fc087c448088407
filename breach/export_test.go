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

// NoticeWithoutEach returns the text of n without each of its elements, one
// at a time.
func NoticeWithoutEach(n Notice) map[string]string {
	drafts := make(map[string]string)
	for i, b := range n.blocks {
		if b.element == "" {
			continue
		}
		without := n
		without.blocks = append(append([]noticeBlock{}, n.blocks[:i]...), n.blocks[i+1:]...)
		drafts[b.element] = without.Text()
	}
	return drafts
}

// Advance is how wide a text of the picture is at most.
func Advance(s string) float64 { return advance(s) }
