// Package erasure destroys what stands sealed in an audit log, and nothing
// else: one payload ([Eraser.Redact]), all payloads about one patient
// ([Eraser.ShredPatient]) or all of one tenant ([Eraser.ShredTenant]). Every
// line, proof and checkpoint holds as before. It is not legal advice.
//
//	e, err := erasure.New(log, erasure.Config{Sealer: sealer, Keys: ring, Governance: "org/erasure"})
//	result, err := e.Redact(ctx, "t/42", 17, erasure.Order{
//		By: audit.Actor{ID: "u-1"}, Reason: erasure.MisLogged, Authority: "privacy-officer/2026-31", On: today,
//	})
//
// # First the record, then the deed
//
// Each call appends an entry that says what is to be destroyed, why, on whose
// authority and by whom, and destroys it when that entry is durable. After a
// crash between the two, the same call again finds the entry, adds no other, and
// finishes.
//
// The entry has the kind "audit.redacted" or "audit.shredded", the action D,
// the lifecycle 15 (permanent erasure), the reason as its subtype and the
// authority as its policy, all in clear; a [Record] is its sealed payload. A
// redaction is recorded in the chain of the payload. A shredding is recorded
// in a governance chain, under the organisation's key, where it outlives what
// it tells of; a patient is named there by tokens and the IDs of keys alone.
//
// # Redacting and shredding
//
// Redact drops the stored bytes of one payload: for what should not have been
// logged. Shredding destroys keys, and so reaches every copy of the log at
// once, backups among them. What it does not reach:
//
//   - payloads about a patient that were not sealed under a stored key of the
//     patient ([auditkeys.Stored]): ShredPatient is refused and names them
//     ([UnreachedError]); they can be redacted one by one;
//   - payloads of other patients that name this one among further persons;
//   - the chains of governance, which belong to the organisation;
//   - the lines, which hold a token and no name;
//   - copies of the key ring from before: see package auditkeys.
//
// Destroying keys at the end of an agreement is a way to destroy protected
// health information under 45 CFR 164.504(e)(2)(ii)(J), for what the log
// itself holds.
//
// # Accounting of disclosures
//
// An individual may ask for the disclosures of six years (45 CFR 164.528(a)),
// and what an accounting needs is kept so long. So nothing that package
// disclosure finds to be still owed is destroyed until the order says that it
// was handed over or is kept elsewhere: by whom, to whom or where, when, and how
// many disclosures ([Handover]). The number must be that of the log. Both stand
// in the record. Without that the call is refused with an [AccountingError].
//
// Where an entry cannot be read, nobody can tell whether it holds a disclosure:
// the call is refused with an [UndeterminedError] whatever the order says,
// unless the entry was redacted or shredded by this package, which looked
// before. While a shredding makes its last check, nothing can be sealed for
// that tenant or patient, so that no disclosure is lost between the check and
// the deed.
package erasure
