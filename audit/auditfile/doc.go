// Package auditfile keeps an audit log in a folder: readable JSON Lines, all
// chains in one journal, one writer and any number of readers. It is the
// default [audit.Store].
//
// # Format
//
// The folder holds the file LOCK, segments and indexes:
//
//	LOCK
//	00000000000000000000.jsonl
//	00000000000000000000.index
//	00000000000067108713.jsonl
//
// A segment is a text file of lines that end in a line feed. It is named after
// the position of its first byte in the whole journal, in twenty decimal
// digits, so the next one's name is that position plus the segment's length, unless it
// was compacted.
// Its lines are of three kinds. The first line is a header:
//
//	{"journal":{"base":"00000000000000000000","format":"baakit.audit/1","total":"0000000000000000","crc":"8d2cbb6c"}}
//
// An entry is one line, whose members stand in this order and without spaces:
//
//	{"chain":"t/42","sealed":"q83vEjRWeJA=","seq":17,"line":{"action":"R",…}}
//
// chain and seq say where the entry stands. line is what is hashed, byte for
// byte as it stands between `"line":` and the last brace; neither the name of a
// chain nor base64 can hold `"line":`, so the first one found is the member.
// sealed is the payload beside the line, in base64 (RFC 4648, section 4); it is
// absent if there is none. Where a payload was erased, spaces stand in the
// place of the whole member, so that nothing else moves:
//
//	{"chain":"t/42"                        ,"seq":17,"line":{"action":"R",…}}
//
// [Store.Compact] takes the spaces out of a closed segment. Its file is shorter
// then, and its header says so: how long it is, and where the next one begins,
// whose name stays:
//
//	{"journal":{"base":"00000000000000000000","format":"baakit.audit/1","total":"0000000000000000","size":"00000000000041280004","next":"00000000000067108713","crc":"b5d3a90c"}}
//
// A commit ends the group of entries that became durable together:
//
//	{"commit":{"count":"00000003","total":"0000000000000011","crc":"5d0a8f2e"}}
//
// count is the number of entries since the commit before, total their number
// in the journal so far, both in hexadecimal; crc is the CRC-32 (IEEE) of the
// group's lines and of the commit's own bytes before its last comma. A group
// counts if its commit is there, complete and right; entries of one chain stand
// in order, those of several are mixed. base and total of a header are the
// segment's position and the number of entries before it, its crc is that of
// its bytes before the last comma.
//
// Checksums find accidents. Against a person there are the hash chain, and
// checkpoints that are kept elsewhere: see package audit.
//
// # Index
//
// A segment that is full is closed, and gets an index: for every chain in it,
// the places of its entries and the hashes of its tree (those that
// [tlog.StoredHashes] gives), so that any entry is found, and any proof built,
// without reading the log. An index holds nothing that is not computed from
// the segments: it can be deleted while no store is open, and the next writer
// writes it again. [Open] reads the last segment, and only the tables of the
// indexes for those before.
//
// # Durability
//
// [Store.Append] returns when its records and their commit are on stable
// storage: fdatasync on Linux, the platform's full flush elsewhere, and a sync
// of the folder for a new file. Appends that arrive while others are being
// written are written together by the first of them; there is no timer. After
// any error of a write or a sync, or when the file under the segment's name is
// no longer the one that was written, the store has failed and takes nothing
// more until it is opened again. A full disk is such an error: it is
// [audit.ErrFull] and [audit.ErrFailed]. A file system that does not keep what
// it has synced, or that has neither working locks nor atomic renames, is not
// fit for a log.
//
// Erasing and compacting write a segment anew beside the old one, sync it, and
// put it in the old one's place at once. A crash leaves the one or the other.
//
// What a crash leaves of a group that was not acknowledged is cut off when the
// folder is next opened for writing, as a whole, and [Store.Recovered] says
// so. Anything else that does not read as this format is refused with
// [audit.ErrTampered] and left as it is.
package auditfile
