// Package retention answers how long a record is kept, who says so, and when
// it may go, and proves that it is gone.
//
// It has two halves. The schedule is a calculation: a record, the policies
// that may apply, the holds and a day go in, a decision with its reasons
// comes out. The disposition is what happens to the PHI of an agreement at its
// end: a fold over events, from the inventory to the final certificate. The
// package is not legal advice: its tables say for every row where it was read
// and how far that was checked.
//
// # Rules
//
// A [Rule] is an expression, data and not code, with a text form:
//
//	longest of (7 years after last_service, until age 21)
//	first that applies (if minor at creation: until age 30; otherwise: 11 years after discharge)
//
// A period runs from an event of the record. The day of the event is day 0,
// the record must exist through the anniversary (keep-through), and it is
// disposable the next day. An anniversary or a birthday that does not exist
// rolls forward: born on 29 February 2004, until age 30 is through 1 March
// 2034. A delete-by date is a deadline and rolls back.
//
// An event has happened on a day, or has not happened, or nobody knows: three
// different things ([On], [NotYet], [Unknown]). A period that starts with what
// has not happened has no end yet ([Open]). What nobody knows gives
// [Indeterminate], with the fact that is missing and the bounds between which
// every completion of it lies, and is never due. Where only the month or the
// year of an event is known its last day counts.
//
// Who is a minor is the business of each rule: at creation, at service, at
// last treatment, under the age of majority of the State or under an age of
// its own. So two records of one person end on different days.
//
// # Tables
//
// [States] and [Federal] are tables of law as rows with a citation, sources,
// a [baakit.Confidence] and days between which they apply; a row without such
// days is as read on the table's as-of date. A row that rests on memory or is
// marked low is refused unless the caller opts in, and its mark goes along
// into every decision. HIPAA sets no period for the medical record; it asks
// for six years for its own documents, from creation or from when they were
// last in effect, whichever is later (45 CFR 164.316(b)(2)(i),
// 164.530(j)(2)).
//
// Tables are values: a caller adds or replaces rows under a version of its
// own. Policies of contracts and of the house are [Policy] values beside them.
//
// # Decisions
//
// [Evaluate] keeps a record for the longest of the rules that apply. The
// shortest of the rules to delete gives delete-by; where both cannot be met
// there is a [Conflict], and keeping wins. A hold bars the act of destruction
// and never moves a date of keeping or stops a clock: the earliest day under
// holds and their release grace is a date of its own. A gate (a notice, a
// consent, an extract, a method that the law fixes) bars the act until a
// [Clearance] opens it. Whatever a record leaves unsaid about its class, its
// jurisdiction or its holder, or about what the scope of a hold asks, is read
// the safe way: the policy applies, the record is held.
//
// A decision takes no clock: the day and the day of law are arguments, so
// that a past act is judged by the law of its day.
//
// [Plan] decides about any number of records in constant memory on all
// processors, in the order of its source.
//
// # Dispositions
//
// [Disposition.Record] checks an event against the state and returns it to be
// stored; [Disposition.StateAt] folds events into where things stood at any
// time, by what was known at any time. Destruction has two steps, by two
// people, then a permit that is bound to the epoch of the state: a hold that is
// placed or lifted, a change of law or of the inventory makes every permit
// stale, and the holds are asked again on every path by which data goes:
// erasure, the erasure of what is left after a return or a transfer, the
// destruction of a key, the ageing out of a backup, the attestation of a
// subcontractor.
//
// The protections of the agreement go on until the last copy is gone (45 CFR
// 164.504(e)(2)(ii)(J)). An agreement ends on 30 September 2026; its store is
// erased on 20 October; its backups, kept 35 days, age out on 24 November.
// That is the first day of a final certificate and the day on which the
// agreement was last in effect, so its own six years are over after 24
// November 2032.
//
// # Certificates
//
// [Certify] writes the proof, interim with its exceptions or final without
// any: counts and hashes, never PHI. It refuses a standard that is named
// wrongly, an asset under a hold, an asset that is not counted, one person in
// two roles. Cryptographic erasure counts only with each of its conditions a
// checked fact, and from the destruction of the last copy of the key. A
// certificate is signed by a [crypto.Signer] and names the hash of the one
// before it.
package retention
