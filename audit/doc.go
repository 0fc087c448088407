// Package audit is a log of who did what to whose health information, and of
// the events of other packages, that shows when somebody changes it: the audit
// controls of 45 CFR 164.312(b). It is not legal advice.
//
//	store, err := auditfile.Open("log", nil)
//	log, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Signer: signer, Sealer: sealer})
//	receipt, err := log.Append(ctx, "t/42", audit.Event{
//		Action: audit.ActionRead, Outcome: audit.Success,
//		Actor: audit.Actor{ID: "u-9"}, Object: audit.Object{Type: "Observation"},
//		Patient: "p-1",
//	})
//	if err != nil {
//		// Nothing may be shown: it was not logged.
//	}
//
// [Log.Append] returns when the entry is durable. There is no way to log
// without knowing whether it worked.
//
// # Entry
//
// A log has chains: one for each tenant, others for what concerns the
// organisation. An entry of a chain is one line, a JSON object in canonical
// form (RFC 8785) of at most 65,535 bytes, whose members stand in this order
// and are absent where there is nothing to say:
//
//	action      "C", "R", "U", "D" or "E"
//	actor       {for, id, kind, org, role}: who, for whom
//	chain       the chain's name
//	checkpoint  {chain, root, size}: in the system chain only, see below
//	client      {addr, kind}: from where
//	emergency   1, for emergency access
//	kind        of a domain event, such as "baa.accepted"
//	object      {category, labels, lifecycle, type}: to what kind of thing
//	occurred    when it happened, if the caller says
//	outcome     "0", "4", "8" or "12"
//	policy      what permitted or refused it
//	prev        the hash of the line before
//	purpose     codes of v3-ActReason
//	request     {id, route, span, token, trace}
//	seal        the commitment to the sealed part
//	seq         the entry's number, from 0
//	subject     the patient's token
//	subtype     codes, such as "read" or "110122"
//	time        when the log recorded it; never before the line before
//	type        a DCM code; absent for a RESTful operation and a domain event
//	v           1
//
// seq, emergency, size and v are integers; everything else is a string.
// Several codes in one string are parted by one space. Strings hold ASCII
// letters, digits and ". _ : / @ + -" (a route also "{ } * $"), 1 to 128 for
// each code, so nothing is ever escaped. Times are RFC 3339 in UTC with six
// digits of the second's fraction, hashes lower-case hexadecimal. No other
// form is read ([ParseLine]): what two lines say is the same if and only if
// their bytes are.
//
// This is the first entry of a chain:
//
//	{"action":"R","actor":{"id":"u-9","role":"physician"},"chain":"t/42","object":{"type":"Observation"},"outcome":"0","prev":"79fa66744e1305746a3a1cb9926dba9d0ee7e54fd9ec66158c70f65932bc636b","purpose":"TREAT","seal":"c2cd9bf7902e475c7cdc9a6c32be4f9bb7ccd8d18ca00895aabf07707a68f2d1","seq":0,"subject":"02f4b6bfd6e14db18dc2afff70fd4d82","time":"2026-11-22T03:40:14.000000Z","v":1}
//
// # Hashes
//
// All hashes are SHA-256; ‖ joins bytes.
//
//	leaf   = SHA-256(0x00 ‖ line)
//	prev   = leaf of the line before; for the first line
//	         SHA-256("hipaa-audit/v1 genesis\norigin " ‖ origin ‖ "\n")
//	root   = Merkle tree hash of RFC 6962, section 2.1, over the lines
//
// The link to the line before is the leaf of that tree: one hash makes the
// chain and the tree, and the tools of C2SP tiled logs read a chain as it is.
// origin is the log's origin, a slash and the chain's name. The leaf of the
// line above is 98915be1c6fbbb4df03445d861e75a49f6220d9725f2e4c55be4a9e760d1d874,
// its origin audit.example.com/t/42.
//
// # What is sealed
//
// A line can never be erased, so nothing in it may be about a patient. What
// is sensitive stands beside the line, in the payload, outside of every hash:
//
//	payload = 32 random bytes ‖ JSON (RFC 8785) of disclosure, extra, object_id,
//	          patient, payload, query, reason, subjects
//	seal    = SHA-256("hipaa-audit/v1 seal\n" ‖ payload)
//	subject = HMAC-SHA-256(key, "hipaa-audit/v1 subject\n" ‖ patient), 16 bytes
//
// The store keeps what a [Sealer] makes of the payload. It can be destroyed,
// and every line, proof and checkpoint holds as before. Because of the salt,
// the seal does not help to guess what was in it. Codes that a caller puts into
// the clear fields are checked for their characters and for the shapes of
// social security numbers, telephone numbers, dates and e-mail addresses
// ([Event.Validate]); a name without spaces is not recognised. The token shows
// how often one patient occurs, to whoever reads the lines.
//
// # Checkpoints and proofs
//
// A checkpoint (C2SP tlog-checkpoint) is a signed note of the chain's origin,
// its size and the root in base64:
//
//	audit.example.com/t/42
//	3
//	WRP57IgpZI0uTK8iTwxqhi0A6DIpG+yK3SHJSBwuA4E=
//
//	— audit.example.com/t/42 7Pz2glqqdhRcvnztRfwX+mU8w7yE1X6WZFe0ZQjgSkE+LLflFw+LYxc5WNtCRAJIUzOO4bKL7Qn5vGXoOPIVKfF0Rgw=
//
// [Prove] shows that an entry is under a checkpoint (text form: C2SP
// tlog-proof), [Consistency] that one checkpoint continues another. Both take
// O(log n) hashes, which the store keeps.
//
// The chain [System] is the log's own. It records when recording started and
// stopped, changes of configuration and, each time that [Log.Publish] is called
// or due, the size and root of every chain that grew. Only its checkpoint has to
// leave the host: it covers all chains, and the disappearance of one. A
// [Publisher] takes it away.
//
// # What is noticed
//
//	somebody who…                      chain alone   a checkpoint is kept elsewhere
//	edits, drops, reorders or inserts  noticed       noticed
//	cuts the end off                   not noticed   noticed, back to the checkpoint
//	rewrites the log as a whole        not noticed   noticed, back to the checkpoint
//	puts an older copy in its place    not noticed   noticed, back to the checkpoint
//	holds the signing key              not noticed   noticed by whoever kept a checkpoint
//	reads the store                    sees codes, actors and tokens; no payload without the keys
//
// With witnesses, who cosign a checkpoint only if it continues the last one,
// whoever holds the signing key cannot show two people two logs either, unless
// the witnesses help. Entries behind the last checkpoint that is kept elsewhere
// are only as good as the host: by default that is up to 1,000 entries or ten
// seconds ([Cadence]). 45 CFR 170.315(d)(2) asks certified technology to detect
// whether the log was altered; a chain without such a checkpoint does not.
//
// [Verify] and [VerifyAll] name the first fault as a [Fault]: [Altered],
// [Missing], [Reordered], [Truncated], [Forked], [Signature] or [RolledBack].
//
// # Domain events
//
// An entry with a Kind carries an event of another package as its payload.
// Read back, such a chain is the state of an agreement or a vendor list. A
// command reads the chain, decides, and appends with [Log.AppendAt] at the size
// it read: if another command came first, it gets [ErrConflict], and nothing
// is in the log that was decided on a state that was no longer true.
//
// # Stores
//
// A [Store] is five methods with compare-and-append in the middle. Package
// auditfile keeps one in a folder and is the default; [NewMemory] is for
// tests; package audittest tests others.
//
// # Packages
//
// What a log is used for stands in packages of its own, each of which can be
// left out:
//
//	auditfile   keeps a log in a folder of files that survive crashes
//	auditkeys   seals payloads under keys of tenants and patients, and keeps the keys
//	erasure     redacts one payload, shreds a patient's or a tenant's, recorded first
//	review      examines: queries, what reviewers look for, who reviewed what
//	disclosure  the accounting of disclosures of 45 CFR 164.528, with its proofs
//	audithttp   logs every request before the first byte of its answer
//	auditslog   writes entries to log/slog, and records of log/slog to the log
//	auditfhir   writes and reads entries as FHIR R4 AuditEvents
//	audittest   tests stores
package audit
