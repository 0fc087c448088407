package deid

// An Outcome says what happened to one value.
type Outcome uint8

// The outcomes, as the report counts them.
const (
	Empty             Outcome = iota + 1 // there was no value
	Kept                                 // as it was
	KeptYear                             // its year stayed
	KeptAge                              // an age of at most 89 stayed
	CappedAge                            // became 90+
	KeptZIP3                             // its three digits stayed
	ZeroedZIP                            // became 000
	KeptState                            // a State stayed
	Coded                                // a code stands in its place
	Tagged                               // a word stands in its place
	Scrubbed                             // went through the text scrubber
	Derived                              // a value computed from it stands in its place
	Shifted                              // a shifted date stands in its place
	RemovedValue                         // removed by the rule
	RemovedOver89                        // removed because it shows an age over 89
	RemovedUnread                        // removed because it is not what the rule expects
	RemovedIdentifier                    // was to stay, but has the shape of an identifier

	lastOutcome = RemovedIdentifier
)

var outcomeWords = [...]string{
	Empty: "empty", Kept: "kept", KeptYear: "kept_year", KeptAge: "kept_age", CappedAge: "capped_age", KeptZIP3: "kept_zip3",
	ZeroedZIP: "zeroed_zip", KeptState: "kept_state", Coded: "coded", Tagged: "tagged", Scrubbed: "scrubbed",
	Derived: "derived", Shifted: "shifted", RemovedValue: "removed", RemovedOver89: "removed_over_89",
	RemovedUnread: "removed_unread", RemovedIdentifier: "removed_identifier_shape",
}

// String returns the word of the report, or "invalid Outcome".
func (o Outcome) String() string {
	if o < 1 || o > lastOutcome {
		return "invalid Outcome"
	}
	return outcomeWords[o]
}

// Gone reports whether nothing stands in the place of the value.
func (o Outcome) Gone() bool { return o >= RemovedValue }

// Verbatim reports whether the value stands as it was.
func (o Outcome) Verbatim() bool {
	return o == Kept || o == Empty || o == KeptAge || o == KeptState
}

// bare reports whether what stands in the place of the value is letters,
// digits and a plus sign, which no format needs to quote.
func (o Outcome) bare() bool {
	return o == Coded || o == KeptYear || o == KeptZIP3 || o == ZeroedZIP || o == CappedAge
}
