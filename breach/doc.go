// Package breach calculates every deadline that an incident starts: the
// notices of the HIPAA Breach Notification Rule (45 CFR 164.400-414), of the
// laws of 54 States and territories, of the agreement, and of the federal
// rules beside them, each with its reason, its source and what is still
// unknown. It is not legal advice.
//
// # Facts in, obligations out
//
// An [Incident] is what is known: the parties from the one where it happened
// up to the covered entity, who knew when, how many people live where, what
// the agreements say, what law enforcement asked for. [NewTimeline] turns it
// into a [Timeline] of [Obligation] values under the [Rules] of the day of
// discovery. It is a pure function. There is no clock in this package.
//
//	timeline, err := breach.NewTimeline(incident, nil)
//	for _, o := range timeline.Obligations {
//		fmt.Println(o.Due, o.Recipient, o.Explanation)
//	}
//
// # How the days count
//
// Discovery is the first day on which the incident was known, or by
// reasonable diligence would have been, to anybody of the party but the
// wrongdoer (164.404(a)(2), 164.410(a)(2)); it is day 0. Sixty days from 15
// January 2026 end on 16 March 2026. No day moves for a weekend or a holiday
// unless the rule says business days.
//
// A business associate tells the covered entity within 60 days of its own
// discovery (164.410). If it is the covered entity's agent its discovery is
// the covered entity's; if it is an independent contractor the covered
// entity's clock starts when it is told. So it goes on every link of a chain
// of subcontractors. Of the law's clock and the agreement's, both are shown
// and the earlier one governs.
//
// Media are told of more than 500 residents of one State (164.406), the
// Secretary of 500 or more individuals in total together with the individuals
// (164.408(b)), of fewer within 60 days of the end of the calendar year of
// discovery (164.408(c)): 1 March, or 29 February in a leap year.
//
// [Obligation.OuterLimit] is the last day of the rule and
// [Obligation.Promptness] the standard beside it, "without unreasonable
// delay": an outer limit is not a permission to wait. A rule without a number
// of days has no date at all, and Promptness alone.
//
// Clocks in hours run from the instant where it is known, and from the first
// moment of the day where only that is. Business days of a jurisdiction are
// counted by [Rules.Calendar], which is never late.
//
// # What is not known
//
// A fact that nobody stated never gives the permissive answer. A clock whose
// trigger is not known counts from discovery, which is the earliest it can be.
// A threshold that the count may still reach, an agency that is not clear, a
// question of a State's own definition give an obligation that is [Possible],
// with the safe date and the [Question] to answer. People whose residence is
// not stated may live in any jurisdiction, so all of them appear. An estimate
// counts as at least itself and at most its stated bound.
//
// # Law enforcement
//
// A written statement delays notice for the time that it states, an oral one
// for at most 30 days from the day it was made (164.412). The rule does not
// say whether the 60 days stand still meanwhile: [LaterOf], the default, takes
// the later of the normal date and the end of the delay; [Tolled] does not
// count the days of the delay. A statement made after the date has passed
// revives nothing. States that set a clock for the time after the delay, or
// that want the statement in writing, are calculated so.
//
// # What is not a breach
//
// [Assess] decides the questions of 164.402. An impermissible use or
// disclosure is presumed to be a breach until an exception or a low
// probability of compromise is shown from all four factors. What is no breach
// still has to be reported to the covered entity (164.504(e)(2)(ii)(C),
// 164.314(a)(2)(i)(C)), in the time that the agreement sets, and may be a
// breach under the law of a State.
//
// # Compliance with HIPAA under State law
//
// Some States take compliance with HIPAA for compliance with their own law.
// [Obligation.Deemed] says so, with how far that was checked; it removes no
// date. A caller with a policy sets [Options].SetAside.
//
// # Law as data
//
// Every number is in a table under law, with its citation, confidence and
// effective dates. [RulesAsOf] selects the versions of a day. A row applies
// before its first known day too and then carries [BeforeFirstKnownDay]; a
// field that nobody has read carries a flag. [Rules.WithJurisdiction] adds or
// replaces a jurisdiction. What is proposed and not law appears only with
// [Options].Forward.
//
// The tables do not model the rules of insurance commissioners, of public
// bodies, or of contracts with federal agencies, nor the content of State
// notices.
package breach
