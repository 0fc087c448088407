// Package baa is the agreement between a business associate and the one whose
// PHI it handles: its text as data, and its life.
//
// Nothing here is legal advice. What the law asks of an agreement is a table,
// law/elements.json, whose rows carry their citation, the day they were read
// and how far they were checked.
//
// # The text
//
// A [Draft] is a plain struct: parties, an effective date, and [Clauses] with
// typed terms, such as [Reporting] with its deadline for the notice of a
// breach. [Standard] returns a complete one to start from. [Seal] checks that a
// draft is possible, all problems at once, and returns an immutable [Version].
// Whether the text is good is another question: a bad agreement is valid data
// with findings.
//
//	draft := baa.Standard(baa.CoveredEntityAgreement, customer, vendor)
//	version, err := baa.Seal(draft)
//	report := baa.Check(version, baa.RulesAt(today), nil)
//
// Sentences follow from terms. The clauses of this package write them in words
// of their own; [Custom] is the way out for other words, of which nothing is
// understood: what they claim to provide is never more than partial.
//
// A version has three kinds of identity:
//
//   - [Version.Hash], SHA-256 of the canonical JSON (RFC 8785) of everything it
//     says: this identifies it, everywhere;
//   - [Version.TextHash], of its words in [NormalText], which tells other
//     quotes from other words;
//   - [Version.RenderingHash], of the bytes that somebody was shown.
//
// A [Label] such as 2.1.0 is a message to the reader: edition, update,
// correction. An [Agreement] holds versions in one chain, each naming its
// parent by hash; a label once published never names another hash.
//
// # Check
//
// [Check] compares a version with the rules of a day. For each element of the
// table it finds an outcome: present, partial, absent, contradicted or not
// applicable. Of one that is required (45 CFR 164.504(e)(2), 164.314(a)(2)(i))
// anything less is an error or, where something of it is there, a warning; one
// that is required where something else is granted (164.504(e)(4)(ii)(B))
// counts then; one that is optional is information. For example an agreement
// that gives 90 days for the notice of a breach
//
//	error BAA-R-ii-C-breach (contradicted): 45 CFR 164.410(b)
//
// suggests the clause with 60 days; with it the finding is gone. Where a length
// of time cannot be compared on every day, as 2 months with 60 days, the answer
// is never the permissive one. What a house asks for beyond the law is a
// [HousePolicy], in a layer of its own. A [Waiver] has a name, a reason and a
// last day, and marks a finding without hiding it.
//
// Rules are dated: [RulesAt] of an earlier day asks for less, and the
// transition of 45 CFR 164.532(e) lets contracts made before 25 January 2013 go
// without what came in 2013 through 22 September 2014. Proposed rules are never
// counted as law.
//
// # Change
//
// [Diff] compares two versions clause by clause: added, removed, moved,
// reworded, a term changed, each with its direction, tighter or looser, and for
// whom. [Classify] says what that asks for by a [ChangePolicy]: is it material,
// is a notice due, must it be accepted again, which part of the label rises.
// HIPAA prescribes what a contract says and not how a change is accepted. The
// default policy: words unchanged, nothing; tightening only the drafter's own
// duties, notice; whatever widens a use, loosens a duty, touches the other side
// or cannot be judged, acceptance again.
//
// # Rendering
//
// [Version.Markdown], [Version.HTML] and [Version.Text] write the agreement
// with a cover page of all its terms and blank signature blocks.
// [ParseRendered] reads the Markdown back and reports every sentence that is
// not what the terms of the cover page render, with its clause. Every rendering
// is the same for equal versions.
//
// # JSON
//
// Drafts, versions and agreements have JSON forms whose schemas (2020-12) are
// in [Schemas]. Reading is strict, except that a clause of a kind that this
// release does not know survives as an [UnknownClause].
//
// # The life
//
// An agreement lives by its [Event] list: offers, signatures, acceptances,
// notices, cures, ends. A [Lifecycle] knows the terms of its versions
// ([Version.Life]) and folds the events into a [State] at any instant, by what
// was known at any other; it keeps nothing itself. [Lifecycle.Record] is every
// command: it checks that an event is possible, and returns it to be appended
// to a log.
//
// In force, and may PHI flow, are two answers, each with its reasons. An
// agreement signed on 10 April with a stated effective date of 1 April governs
// from the 1st, as between the parties; but no assurance existed before the
// 10th, so PHI could not flow (45 CFR 164.502(e)). The reverse never happens.
//
// Days are counted as everywhere in this library: notice of a breach of the
// agreement on 1 June with 30 days to cure is in time through 1 July, to the
// last instant in the agreement's zone, and termination is possible from 2
// July. Notice of an amendment on 1 September with 30 days lets it take effect
// on 1 October.
//
// [CheckChain] asks the same of a chain of subcontractors, [Controls] which of
// several documents prevails, [StandingOn] how a text stands to the rules of a
// later day. The disposition of what is left at the end is not this package's.
//
// # Acceptance
//
// An [Acceptance] records what was shown, done, stated and delivered, by whom
// and when. [Evidence.Assess] grades it offline. A [Clickthrough] is a pair of
// handlers that a service mounts to obtain one: without JavaScript, tied to the
// session, once.
//
// # Who needs one, and who has one
//
// [Determine] says whether a relationship needs an agreement, with the path of
// questions that led there. An unknown fact never gives [NotRequired]. A
// [Register] holds the [Dossier] of every agreement against the relationships
// that are in use: missing, expiring, stale, out of scope, to be kept.
//
// # Individuals
//
// [Rights] folds what happened to a request of an individual that reached the
// business associate: it is forwarded, and answered directly only by written
// direction, under the clocks of 45 CFR 164.524, 164.526 and 164.528 and the
// shorter ones of the agreement.
package baa
