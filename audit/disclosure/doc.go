// Package disclosure keeps account of the disclosures of health information
// that an individual has a right to learn of, 45 CFR 164.528, in the log of
// package audit. A business associate makes available what its covered entity
// needs for it, 45 CFR 164.504(e)(2)(ii)(G). It is not legal advice.
//
//	e, err := disclosure.Disclosure{
//		Date: day, Recipient: disclosure.Recipient{Name: "County Health"},
//		Description: "result of a test", Purpose: "report of a disease that the law has reported",
//		Basis: disclosure.PublicHealth,
//	}.Event(audit.Actor{ID: "u-9"}, "p-1")
//	_, err = log.Append(ctx, "t/42", e)
//
//	source := disclosure.Source{Store: store, Sealer: sealer, Chains: []string{"t/42"}}
//	accounting, worksheet, err := disclosure.Account(ctx, source, disclosure.Request{Patient: "p-1", Requested: today})
//
// # What is accounted for
//
// Every disclosure of the six years before the request, or of the shorter time
// that the individual asks for, the one of six years ago to the day and the one
// of the day itself included, except what is certainly exempt:
//
//	(i)    treatment, payment, health care operations   treatment_payment_operations
//	(ii)   to the individual                            individual
//	(iii)  incident to a permitted disclosure           incident
//	(iv)   under an authorization                       authorization
//	(v)    directory, persons involved, notification    directory
//	(vi)   national security                            national_security
//	(vii)  correctional institutions, custody           custody
//	(viii) limited data set                             limited_data_set
//	(ix)   before the compliance date                   before_compliance
//
// An exemption holds only if it is one of these, and if the Basis of the
// disclosure, where it is recorded, can be of that kind: a disclosure that is
// impermissible, or for public health, is accounted for whatever exemption it
// claims. Before the compliance date is certain only where the request states
// that date. An event that carries a disclosure is taken for one that took place,
// whatever its outcome code says.
//
// # Suspension
//
// A health oversight agency or a law enforcement official can suspend the right
// to an accounting of disclosures to it (164.528(a)(2)): by a written statement,
// through the day that it specifies; by an oral one, through the thirtieth day
// after it, or longer by a written one. What is suspended on the day of the
// accounting is not in it, and not in its counts. The [Worksheet] says from
// which day on the accounting has to be made again.
//
// # Summaries
//
// Disclosures to one recipient (the same name and address) for one purpose
// under one basis of 164.502(a)(2)(ii) or 164.512 become one line: the first in
// full, how many there were, and the day of the last (164.528(b)(3)). Those of
// any other basis, or of none, are listed one by one. Research under 164.512(i)
// that concerned 50 or more individuals is told by protocol (164.528(b)(4)); an
// event of such research without a patient is in everybody's accounting.
//
// # What cannot be read
//
// Entries whose sealed part is erased, or does not open, or is not what this
// package writes, are never left out silently: the accounting lists those that
// are about the individual, or say that they are a disclosure, and counts the
// rest. Of an entry that has no token, nobody knows whom it was about. An export
// (DCM 110106), or an entry with the subtype disclose, that carries no
// disclosure is one of those that cannot be read: who logs an export that is
// none, or is exempt, says so by a [Disclosure] with its exemption.
//
// # Proof
//
// [Accounting.Prove] puts evidence beside every line: the line of the log, the
// payload that it commits to, and its proof under a signed checkpoint. With
// these [Accounting.Verify] makes the accounting anew, with the public key of
// the log and nothing else, and compares. It shows that each line is true; that
// none is missing, only reading the log shows.
//
// # Time
//
// [Clock] is the time to act, 60 days and one extension by 30; [FeeFor] whether
// an accounting may be charged for. Periods and thresholds are rows of
// law/disclosure.json with their citations.
package disclosure
