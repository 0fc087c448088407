// Package baakit is the vocabulary of a library of HIPAA business-associate
// primitives: the few words that its packages share, and the one rule by which
// all of them count days.
//
// A business associate signs an agreement with a covered entity and then has
// to live by it: know which agreement governs, keep a log nobody can alter,
// meet every clock when something leaks, keep records as long as the law says
// and prove their destruction, strip identifiers before data leaves, tell
// customers before a subcontractor changes. Each of these is a package below
// this one, importable alone. They never import each other: they take each
// other's facts as plain values of this package, and only programs, such as
// examples/lifecycle, bring them together.
//
// Nothing here is legal advice. Rules of law are rows of tables with a
// [Citation], and each row says by its [Confidence] how far its source was
// checked.
//
// # The map of the house
//
//	baa           the agreement: clauses, versions, checks, its life
//	audit         the log: chained entries, checkpoints, proofs
//	breach        the clocks: from an incident to every deadline it starts
//	retention     the schedule: how long, who says so, the proof that it is gone
//	deid          the scrubber: policies and engines of de-identification
//	subprocessor  the vendor list, the flow-down, the change notice
//	examples      programs to run and to copy
//
// # The words
//
// [Date] is a civil day, [Period] a length of time in the unit that the text
// used, [Calendar] which days are business days, [Citation] the source of a
// rule, [Confidence] how it came to be known, [Jurisdiction] a State, a
// territory or what lies outside them, and [FieldError] where an input is
// wrong.
//
// All of them are small immutable values that are comparable with == and safe
// for concurrent use. The zero value of each is invalid and says so with
// IsZero; nothing ever reads as a date, a period or a source that nobody
// stated. Each has one text form, which its Parse function reads and its
// String method prints, and which it has in JSON and in a database column too;
// in a struct give it the option omitzero, since a zero value has no form.
//
// # How days are counted
//
// One rule holds in every package.
//
// The day of the event is day 0. A deadline of n days is met through the end
// of day n, in the zone of the clock. It does not move for a weekend or a
// holiday unless the rule says business days. A breach discovered on 31
// December 2026 with 60 days to give notice is in time on 1 March 2027 until
// midnight:
//
//	due, err := baakit.MustParsePeriod("60 days").AddTo(discovered, nil, baakit.RollBack)
//	_, end := due.In(zone) // in time when before end
//
// An advance notice of n days allows the act on day n: announced on 1
// September with 30 days, a new subcontractor may begin on 1 October.
//
// A window of n days, to object or to cure, is open through day n, and what
// its closing allows happens from day n+1: notice of a breach of the agreement
// on 1 September with 30 days to cure allows termination from 2 October.
//
// What is kept n years is kept through the anniversary and disposable the day
// after. An anniversary that does not exist rolls forward ([RollForward]), so
// that nothing is kept too short: from 29 February 2024, one year is kept
// through 1 March 2025. A deadline in months or years rolls back ([RollBack]),
// so that nothing is done too late: one month from 31 January 2025 ends on 28
// February. A month is never thirty days; one month from 31 January is never 3
// March.
//
// "To" and "through" a date include it.
//
// Hours run from the instant of the event, over weekends and whatever clocks
// do: 24 hours from noon before a spring change end at one in the afternoon.
// A date has no instant, so hours cannot be added to one ([ErrHoursOnDate]).
//
// Business days are those of a [Calendar], the day of the event not counted:
// 5 business days from Friday 20 November 2026 end on Monday 30 November,
// since Thanksgiving is among them.
//
// Lengths in unlike units are compared by their true shortest and longest
// [Span], and where those do not decide the answer is [Depends]: 5 business
// days against 7 days, 30 days against 1 month, 24 hours against 1 day, which
// over the night of a spring change is the shorter one. A sum of periods takes
// the longest span of each.
//
// Where two times matter, when a fact applied and when it became known, they
// are two arguments.
package baakit
