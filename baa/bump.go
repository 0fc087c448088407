package baa

// A Bump says which part of a label a change raises.
type Bump string

// The bumps, from the least. A schedule is a list that the agreement lets
// change after a notice: no amendment.
const (
	BumpNone       Bump = "none"
	BumpSchedule   Bump = "schedule"
	BumpCorrection Bump = "correction"
	BumpUpdate     Bump = "update"
	BumpEdition    Bump = "edition"
)

func bumps() []Bump { return []Bump{BumpNone, BumpSchedule, BumpCorrection, BumpUpdate, BumpEdition} }
