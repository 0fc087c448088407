package breach

import "errors"

// errWord is the error of a text that is not one of the words of its type. It
// never carries the input.
var errWord = errors.New("must be one of the documented words")

// A word table gives each value of an enumeration its text; position 0 is the
// zero value, which is invalid and has none.
func wordOf(words []string, v uint8) string {
	if int(v) < len(words) && v > 0 {
		return words[v]
	}
	return ""
}

func appendWord(b []byte, words []string, v uint8) ([]byte, error) {
	w := wordOf(words, v)
	if w == "" {
		return b, errWord
	}
	return append(b, w...), nil
}

func parseWord(words []string, text []byte) (uint8, error) {
	for i, w := range words {
		if i > 0 && w == string(text) {
			return uint8(i), nil
		}
	}
	return 0, errWord
}

// A Regime is whose rule an obligation comes from. The zero Regime is invalid.
type Regime uint8

// The regimes.
const (
	HIPAA Regime = iota + 1
	StateLaw
	Contractual
	FTC
	Part2
	SEC
	// Proposed is what is not law: it appears only in a forward-looking
	// timeline that was asked for.
	Proposed
)

var regimeWords = []string{"", "hipaa", "state", "contract", "ftc", "part2", "sec", "proposed"}

// String returns the word.
func (v Regime) String() string { return wordOf(regimeWords, uint8(v)) }

// MarshalText implements encoding.TextMarshaler; an invalid value is an error.
func (v Regime) MarshalText() ([]byte, error) { return appendWord(nil, regimeWords, uint8(v)) }

// UnmarshalText implements encoding.TextUnmarshaler; on an error v is unchanged.
func (v *Regime) UnmarshalText(text []byte) error {
	w, err := parseWord(regimeWords, text)
	if err == nil {
		*v = Regime(w)
	}
	return err
}

// A Kind is what an obligation asks for and of whom it is the recipient. The
// zero Kind is invalid.
type Kind uint8

// The kinds.
const (
	Individuals            Kind = iota + 1
	NextOfKin                   // next of kin or personal representative of the deceased
	SubstituteNotice            // to individuals who cannot be reached
	UrgentNotice                // by telephone, in addition to the written notice
	Media                       // prominent media outlets of a jurisdiction
	Secretary                   // the Secretary of HHS
	Upstream                    // the party above: business associate or covered entity, owner of the data
	AttorneyGeneral             // of a jurisdiction
	Regulator                   // another authority of a jurisdiction
	ConsumerAgencies            // nationwide consumer reporting agencies
	LocalLaw                    // to find out: a law that is not in the tables
	FederalTradeCommission      // the FTC
	SecuritiesFiling            // Form 8-K
	UseOrDisclosureReport       // of a use or disclosure that the agreement does not allow
	SecurityIncidentReport      // of a security incident
	AggregateReport             // of unsuccessful security incidents, together
	OtherNotice                 // of a proposed rule
)

var kindWords = []string{
	"", "individuals", "next_of_kin", "substitute_notice", "urgent_notice", "media", "secretary", "upstream",
	"attorney_general", "regulator", "consumer_agencies", "local_law", "ftc", "securities_filing",
	"use_or_disclosure_report", "security_incident_report", "aggregate_report", "other_notice",
}

// String returns the word.
func (v Kind) String() string { return wordOf(kindWords, uint8(v)) }

// MarshalText implements encoding.TextMarshaler; an invalid value is an error.
func (v Kind) MarshalText() ([]byte, error) { return appendWord(nil, kindWords, uint8(v)) }

// UnmarshalText implements encoding.TextUnmarshaler; on an error v is unchanged.
func (v *Kind) UnmarshalText(text []byte) error {
	w, err := parseWord(kindWords, text)
	if err == nil {
		*v = Kind(w)
	}
	return err
}

// A Standing says how certain it is that an obligation is owed at all. The
// zero Standing is invalid.
type Standing uint8

// The standings.
const (
	// Owed on the facts as stated.
	Owed Standing = iota + 1
	// Possible: a fact that decides is unknown; the obligation carries the
	// question, and the date that is safe whatever the answer.
	Possible
	// SetAside by the caller's own policy on deemed compliance; the date
	// stays.
	SetAside
)

var standingWords = []string{"", "owed", "possible", "set_aside"}

// String returns the word.
func (v Standing) String() string { return wordOf(standingWords, uint8(v)) }

// MarshalText implements encoding.TextMarshaler; an invalid value is an error.
func (v Standing) MarshalText() ([]byte, error) { return appendWord(nil, standingWords, uint8(v)) }

// UnmarshalText implements encoding.TextUnmarshaler; on an error v is unchanged.
func (v *Standing) UnmarshalText(text []byte) error {
	w, err := parseWord(standingWords, text)
	if err == nil {
		*v = Standing(w)
	}
	return err
}

// A Promptness is the standard beside the number of days, which a deadline
// never replaces: a notice on the last day can still be late. The zero
// Promptness is that the rule states none.
type Promptness uint8

// The standards.
const (
	WithoutUnreasonableDelay Promptness = iota + 1
	Immediately
	WithIndividualNotice
	NotLaterThanIndividualNotice
	BeforeIndividualNotice
	BeforeRelying // before relying on the finding that excuses from notice
	AsAgreed      // the regulation sets no time, an agreement may
)

var promptnessWords = []string{
	"", "without_unreasonable_delay", "immediately", "with_individual_notice",
	"not_later_than_individual_notice", "before_individual_notice", "before_relying", "as_agreed",
}

// String returns the word; "" for none.
func (v Promptness) String() string { return wordOf(promptnessWords, uint8(v)) }

// IsZero reports whether no standard is stated.
func (v Promptness) IsZero() bool { return v == 0 }

// MarshalText implements encoding.TextMarshaler; an invalid value is an error.
func (v Promptness) MarshalText() ([]byte, error) {
	return appendWord(nil, promptnessWords, uint8(v))
}

// UnmarshalText implements encoding.TextUnmarshaler; on an error v is unchanged.
func (v *Promptness) UnmarshalText(text []byte) error {
	w, err := parseWord(promptnessWords, text)
	if err == nil {
		*v = Promptness(w)
	}
	return err
}

// tied reports whether the time is that of the notice to individuals.
func (v Promptness) tied() bool { return v >= WithIndividualNotice && v <= BeforeIndividualNotice }

// A Trigger is the fact from which a clock counts. The zero Trigger is
// invalid.
type Trigger uint8

// The triggers. All but the first three are milestones that a party may
// state; a clock whose milestone is not stated counts from discovery, which is
// never later.
const (
	Discovery Trigger = iota + 1
	Notification
	EndOfYear // 31 December of the year of discovery
	Determination
	DeterminationOfHarm
	Confirmation
	Awareness
	AwarenessAndScope
	Detection
	LearningOfAcquisition
	DiscoveryOfCircumstances
	IndividualNotice
	SecretaryNotice
	Materiality
	ContingencyActivation
	RansomPayment
	ReasonableBelief
)

var triggerWords = []string{
	"", "discovery", "notification", "end_of_year", "determination", "determination_of_harm", "confirmation",
	"awareness", "awareness_and_scope", "detection", "learning_of_acquisition", "discovery_of_circumstances",
	"individual_notice", "secretary_notice", "materiality", "contingency_activation", "ransom_payment", "reasonable_belief",
}

// triggerNames are the triggers in a sentence.
var triggerNames = [...]string{
	"", "discovery", "being told", "the end of the year of discovery", "the determination", "the determination of harm", "the confirmation",
	"becoming aware", "becoming aware of the breach and its scope", "detection", "learning of the acquisition", "discovering the circumstances",
	"the notice to individuals", "the notice to the Secretary", "the determination that it is material", "activating the contingency plan", "the ransom payment", "the reasonable belief",
}

// milestoneQuestions are what to ask where a milestone is not stated.
var milestoneQuestions = func() (list [len(triggerNames)]Question) {
	for t, w := range triggerWords {
		list[t] = Question("milestones." + w)
	}
	return list
}()

// String returns the word.
func (v Trigger) String() string { return wordOf(triggerWords, uint8(v)) }

// IsZero reports whether v is no trigger.
func (v Trigger) IsZero() bool { return v == 0 }

// MarshalText implements encoding.TextMarshaler; an invalid value is an error.
func (v Trigger) MarshalText() ([]byte, error) { return appendWord(nil, triggerWords, uint8(v)) }

// UnmarshalText implements encoding.TextUnmarshaler; on an error v is unchanged.
func (v *Trigger) UnmarshalText(text []byte) error {
	w, err := parseWord(triggerWords, text)
	if err == nil {
		*v = Trigger(w)
	}
	return err
}

// milestone reports whether a party may state it.
func (v Trigger) milestone() bool { return v >= Determination && v <= ReasonableBelief }

// A DeemedFlag says whether the law of a jurisdiction takes compliance with
// HIPAA for compliance with itself. It flags; it never removes a date. The
// zero DeemedFlag is that the question does not arise.
type DeemedFlag uint8

// The flags.
const (
	NotDeemed       DeemedFlag = iota + 1
	PartlyDeemed               // some duty of the jurisdiction survives
	Deemed                     // handling that complies with HIPAA suffices, or exempts
	DeemedUncertain            // so it is said, but unverified, or it is unclear whether it reaches this party
)

var deemedWords = []string{"", "no", "partial", "yes", "uncertain"}

// String returns the word; "" for the zero value.
func (v DeemedFlag) String() string { return wordOf(deemedWords, uint8(v)) }

// IsZero reports whether the question does not arise.
func (v DeemedFlag) IsZero() bool { return v == 0 }

// MarshalText implements encoding.TextMarshaler; an invalid value is an error.
func (v DeemedFlag) MarshalText() ([]byte, error) { return appendWord(nil, deemedWords, uint8(v)) }

// UnmarshalText implements encoding.TextUnmarshaler; on an error v is unchanged.
func (v *DeemedFlag) UnmarshalText(text []byte) error {
	w, err := parseWord(deemedWords, text)
	if err == nil {
		*v = DeemedFlag(w)
	}
	return err
}
