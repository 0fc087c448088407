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
// A [Lifecycle] folds the [Event] list of an agreement into its [State] at any
// time, by what was known at any other: in force, and may PHI flow, are two
// answers with reasons. [Determine] says whether a relationship needs an
// agreement at all.
package baa
