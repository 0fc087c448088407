// Package auditkeys seals the payloads of an audit log with AES-256-GCM and
// keeps the keys, so that a payload can be made unreadable for good by
// destroying a key, while every line, proof and checkpoint holds as before. It
// is not legal advice.
//
//	ring, err := auditkeys.OpenRing("keys", master, nil)
//	sealer, err := auditkeys.New(ring, auditkeys.ByPrefix("t/", "org"), nil)
//	log, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Sealer: sealer})
//
// # Who owns a key
//
// Every chain has one [Owner]: a tenant, or the organisation itself, which
// owns the governance chains: domain events, agreements, records of erasure. A
// function says which chain is whose; [ByPrefix] makes the usual one. What a
// tenant owns can be shredded, what the organisation owns never.
//
// An owner has keys for payloads and other keys for subject tokens, each in
// versions. The newest version seals; older ones open what they sealed until
// they are destroyed. In the mode [Stored] each patient of a tenant has a
// random key of their own as well.
//
//	mode      a payload about a patient is sealed under         shreds one patient
//	Shared    the tenant's key                                  no
//	Derived   the tenant's key and one derived from it          no
//	Stored    the tenant's key and a random one of the patient  yes
//
// A derived key can be derived again as long as the tenant's key is there:
// destroying it destroys nothing. Derived only keeps the payloads of one
// patient apart, and needs no store. Payloads in governance chains are sealed
// under the organisation's key whatever the mode.
//
// # What is stored
//
//	sealed  = 0x01 ‖ key ID, 16 bytes ‖ GCM(key, inner)
//	inner   = 0x00 ‖ payload                                        Shared
//	        = 0x01 ‖ patient key's ID ‖ GCM(patient key, payload)   Stored
//	        = 0x02 ‖ label, 16 bytes ‖ GCM(derived key, payload)    Derived
//	GCM     = random nonce, 12 bytes ‖ AES-256-GCM ciphertext and tag
//	derived = HKDF-Expand-SHA-256(key, "hipaa-audit/v1 patient key\n" ‖ label)
//	label   = SubjectToken(HKDF-Expand-SHA-256(key, "hipaa-audit/v1 patient label\n"), patient)
//
// The associated data of both is
//
//	"hipaa-audit/v1 sealed\n" ‖ key ID ‖ chain ‖ "\n" ‖ leaf hash, 32 bytes
//
// with the ID of the key in the first line above, so that a payload opens
// beside its own line and nowhere else. Which patient's key was used stands
// inside: whoever has no key learns only which version of the owner's key it
// was, and how long the payload is.
//
// Nonces are random. One key must seal no more than 2^32 payloads (NIST SP
// 800-38D, section 8.3): rotate a key before that.
//
// # Tokens
//
// Entries about a patient are found by the token in their line: see
// [audit.SubjectToken]. Its key belongs to the tenant and seals nothing. Equal
// tokens in one chain mean the same patient: whoever reads the lines sees how
// many patients there are, how often each occurs, when, and by whose hand; who
// knows of one visit of a person may find their other visits. Where that is
// too much, [Options.NoTokens] leaves them out, and finding a patient's entries
// means opening all of them.
//
// When a token key is rotated, entries from then on have other tokens, and old
// entries keep theirs. [Sealer.Tokens] returns a patient's token under every
// version that is left, so that a search finds all. When an old version is
// destroyed, the entries from its time open as before, and are no longer found
// by token. Rotation also cuts the thread between a patient's entries before
// and after for whoever has no key.
//
// # The ring
//
// A [Ring] is an encrypted store of keys in a folder of its own, for one
// process at a time. It is kept apart from the log: with both, and the master
// key, everything can be read, and a backup of the log must not hold a key that
// is to be destroyed. [OpenRing] refuses a folder in a log. The format is at
// [Ring].
//
// Destruction is as good as its copies are few: a backup of the ring from
// before still has the key, if the master key of that time still exists. Keep
// backups of the ring for a short time only, and call [Ring.Rekey] after a
// destruction, with the old master key destroyed where it is kept. What a
// disk's own remapping keeps is beyond any file; there the master key helps too.
//
// With [RingOptions.Envelope] the keys of tenants and of the organisation are
// wrapped by a key management service, under a context that names the owner.
package auditkeys
