package baakit

// A Reason is why an answer is what it is: the row of a table that decided,
// in words that a person can read, and where it is written. Every package that
// gives reasons gives these.
//
// ID names the row for programs and stays the same between versions; Says is
// for people and may be worded better. Neither holds anything of the facts
// that were asked about. The zero Reason is none.
type Reason struct {
	ID        string     `json:"id"`
	Says      string     `json:"says"`
	Citations []Citation `json:"citations,omitempty"`
}
