// Package review examines the log of package audit: the second half of "record
// and examine activity" (45 CFR 164.312(b)), and the review of records of
// activity that 45 CFR 164.308(a)(1)(ii)(D) asks for. It is not legal advice.
//
//	reading, err := review.NewReading(store, review.Query{From: monday, Until: friday}, "t/42", "t/43")
//	for f, err := range review.BreakGlass(reading.Entries(ctx)) {
//		// look at f
//	}
//	ranges, err := reading.Ranges(ctx)
//	e, err := review.Review{Reviewer: "u-1", At: now, Query: …, Ranges: ranges, Findings: n}.Event()
//	_, err = log.Append(ctx, "org/reviews", e)
//
// # Finding entries
//
// A [Query] is of entries by patient (as a token), actor, type, subtype, kind,
// action, outcome, purpose, object, emergency and time. It filters a list of
// entries one at a time ([Query.Select]); nothing is kept. [Sort] orders by any
// field of a line, in one pass and, with a limit, in bounded memory. A
// [Report] shows entries as text, Markdown, CSV or JSON.
//
// # Patterns
//
// A pattern is a function from entries to findings. It reads once, in the order
// of time ([Merge] makes it of several chains), and each [Finding] says which
// entries, by which rule and why:
//
//	BreakGlass    emergency access
//	SameSurname   the caller says that two surnames are alike
//	FailedLogins  so many failures within so long
//	Volume        a day above a multiple of the actor's own baseline, in whole numbers
//	AfterHours    outside of the hours that the caller sets
//
// The regulation names no pattern and no number. The numbers are the
// reviewer's; what the citations of a finding stand for is the duty to look.
//
// # Recording a review
//
// A [Review] is a domain event of kind "audit.reviewed" in a chain of the
// organisation: who looked, by which query, at which entries, and the root of
// the chain's tree up to there, so that [Review.Check] can tell later whether
// what was reviewed is still what the log holds. [CoverageOf] folds reviews into
// what was reviewed until when, with the gaps in plain sight: only a review of
// everything covers a stretch; one by a narrower query is listed as partial.
package review
