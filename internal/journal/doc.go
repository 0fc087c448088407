// Package journal is a crash-safe, append-only file of lines, split into
// segments, with one writer and any number of readers. The audit log, the
// code vault and the notice outbox are kept in it.
//
// # Format
//
// A journal is a folder that holds the file LOCK and segments, text files of
// lines that end in a line feed. A segment is named after the journal offset
// of its first byte, in twenty decimal digits: 00000000000000000000.jsonl.
// The next segment's name is that offset plus the segment's length, so that a
// missing, shortened or added segment shows. A segment is closed, and the next
// one begun, before the commit that would carry it beyond
// [Config.SegmentSize] (64 MiB); a single commit may be longer than that.
//
// The first line of a segment is its header:
//
//	{"journal":{"base":"00000000000000000000","format":"baakit.audit/1","total":"0000000000000000","crc":"8d2cbb6c"}}
//
// base is the offset again, format is [Config.Format], total is the number
// of frames in the segments before, crc is the CRC-32 (IEEE) of the line's
// bytes before the last comma.
//
// A segment that was compacted is shorter than the distance to the next one.
// Its header has two members more, its length and the base of the next segment,
// in twenty decimal digits, so that here too nothing can go missing unnoticed:
//
//	{"journal":{"base":"00000000000000000000","format":"baakit.audit/1","total":"0000000000000000","size":"00000000000041280004","next":"00000000000067108713","crc":"b5d3a90c"}}
//
// The last segment is never compacted.
//
// Every other line is a frame or a commit. A frame is what the caller
// appended: any bytes without a line feed or a NUL, conventionally one JSON
// object. A commit ends the group of frames that became durable together:
//
//	{"commit":{"count":"00000003","total":"0000000000000011","crc":"5d0a8f2e"}}
//
// count is the number of frames since the previous commit, total the number of
// frames in the journal including them, both in hexadecimal; crc is the CRC-32
// (IEEE) of the group's lines and of the commit's bytes before the last comma.
// The checksum finds accidents. It is no defence against a person who can
// compute one: that is the business of the hash chain above.
//
// # Durability
//
// [Journal.Append] returns when its frames and the commit behind them are on
// stable storage (fdatasync on Linux, the full flush of the platform
// elsewhere) and the folder entry of the segment is too. Appends that arrive
// while a commit is being written are written together by the first of them
// as soon as that commit is done; there is no timer. After any error of a
// write, a sync or a look at the file the journal has failed: every later
// append returns the same [ErrFailed], because a sync that is tried again may
// report success for data that the system has thrown away. Reopening recovers.
// Before it writes and before it returns, an append checks that the file under
// the segment's name is still the file that was opened, and has the length that
// was written; so two writers on a file system without working locks stop
// instead of writing into each other's groups. The name of a new folder is
// synced in its parent, level by level.
//
// A reader syncs the file before it shows what it holds, so that it never shows
// a group that its writer may lose.
//
// # Recovery
//
// At most one group is being written at any time, and the last segment's
// header was durable before its name was. What a crash can leave is therefore
// a part of one group behind the last complete commit: shorter than the whole,
// or with sectors that read as zeros. [Open] cuts that off as a whole and
// says so in [Journal.Recovered]. Everything else that does not read as the
// format above is refused with a [DamageError] and left as it is: damage
// before the last complete commit, and damage in a last group that was written
// whole, since that group may have been acknowledged.
package journal
