// Package subprocessor is the vendor list of a business associate: who below
// it handles PHI, whether each contract passes on what the one above asks for,
// what customers are told before it changes, and whether a vendor may handle a
// customer's PHI now.
//
// Nothing here is legal advice. HIPAA asks a business associate for written
// assurances from each subcontractor (45 CFR 164.502(e)(1)(ii), 164.308(b)(2))
// with the terms that bind itself (164.504(e)(5)). No rule asks for advance
// notice, a public list or a right to object: those are terms of contracts, so
// here they are facts that the caller states.
//
// # State is a fold over events
//
// A [Registry] knows the vendor, its zone and its calendar. What happened is a
// list of [Event]; [Registry.Record] checks the next one, [Registry.StateAt]
// folds them for any instant and for what was known at another:
//
//	e, err := reg.Record(events, subprocessor.Event{Kind: subprocessor.ContractSigned, At: t, Contract: &c})
//	events = append(events, e)
//	state, err := reg.StateAt(events, valid, known)
//
// An [Entity] is a legal person; a [Contract] is an edge from upstream to
// downstream; an [Engagement] is an entity doing something with data in a
// place for named products. Fields of JSON that this package does not know
// survive in Extra.
//
// # The flow-down
//
// [CheckFlowDown] compares each term of a downstream contract with the one
// upstream. A term may be at most as loose; one that cannot be compared is
// indeterminate and not a pass. A reporting time that nobody wrote is the 60
// days of 45 CFR 164.410(b). [Strictest] is what several upstreams ask for
// together. [CheckBudget] adds the reporting times down a path: each passing
// says nothing of their sum.
//
// # Notices and windows
//
// A window of n days is open through day n and what its closing allows happens
// from day n+1; an advance notice of n days allows the act on day n. Notice
// sent on 1 December 2026 with a window of 30 days: open through 31 December,
// effective from 1 January 2027. The clock starts when the contract says so:
// when the notice was sent, received or posted. A bounced notice was not
// given: without a start there is no window, and no end that silence could
// reach. A corrected notice that changes facts starts all windows anew.
//
// # The gate
//
// [Compile] makes of a state an [Index], good for one day, whose
// [Index.Gate] says whether an engagement may handle a customer's PHI now. It
// says yes only if every precondition holds, without allocating.
//
// # Vendors under review
//
// A [Questionnaire] scores a vendor's answers by what is evidenced, and names
// the provisions of an agreement ([Provisions]) that are not. A [Review] is the
// record that somebody looked: an event, which [State.Due] brings up again when
// the next one is due.
//
// # Concurrency
//
// Registry, State and Index are immutable once made and safe for concurrent
// use. All calculations take the instant as an argument.
package subprocessor
