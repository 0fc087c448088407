package audit

import "encoding/hex"

// Encode writes an entry as a line again.
func Encode(e Entry) []byte {
	var d draft
	subject, _ := hex.DecodeString(e.Subject)
	seal, _ := hex.DecodeString(e.Seal)
	d.encode(e.Chain, &e.Event, subject, seal)
	return d.appendLine(nil, e.Prev, e.Seq, e.Time)
}

// ShapeOf is the rule about personal data that an identifier breaks.
func ShapeOf(s string) string { return shapeOf(s) }
