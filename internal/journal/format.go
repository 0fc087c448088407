package journal

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
)

const (
	suffix   = ".jsonl"
	lockName = "LOCK"
	tempName = "segment.tmp"

	rewriteName = "rewrite.tmp"

	sectorSize = 512 // the smallest unit that a disk writes or loses

	// DefaultSegmentSize is the length at which a segment is closed.
	DefaultSegmentSize = 64 << 20

	// MaxGroup is the greatest length of the frames of one append, line feeds
	// included, and of the frames that are committed together.
	MaxGroup = 16 << 20
)

// Digits that vary are spaces here; everything else in the line is fixed, so
// that a commit with a damaged byte is still known for a commit.
const (
	commitShape = `{"commit":{"count":"        ","total":"                ","crc":"        "}}`
	countAt     = len(`{"commit":{"count":"`)
	totalAt     = countAt + 8 + len(`","total":"`)
	sumEnd      = totalAt + 16 + len(`"`) // the checksum covers the line up to here
	crcAt       = sumEnd + len(`,"crc":"`)
)

type commit struct {
	count uint32
	total uint64
	crc   uint32
}

// appendCommit appends the commit line for a group whose lines have the
// checksum sum.
func appendCommit(b []byte, count uint32, total uint64, sum uint32) []byte {
	start := len(b)
	b = fmt.Appendf(b, `{"commit":{"count":"%08x","total":"%016x"`, count, total)
	sum = crc32.Update(sum, crc32.IEEETable, b[start:])
	return fmt.Appendf(b, ",\"crc\":\"%08x\"}}\n", sum)
}

// parseCommit reads a line without its line feed; ok is false unless it is
// exactly what appendCommit writes.
func parseCommit(line []byte) (c commit, ok bool) {
	if len(line) != len(commitShape) || commitDistance(line) != 0 {
		return commit{}, false
	}
	count, err1 := parseHex(line[countAt : countAt+8])
	total, err2 := parseHex(line[totalAt : totalAt+16])
	crc, err3 := parseHex(line[crcAt : crcAt+8])
	if err1 != nil || err2 != nil || err3 != nil {
		return commit{}, false
	}
	return commit{uint32(count), total, uint32(crc)}, true
}

func (c commit) verifies(sum uint32, line []byte) bool {
	return crc32.Update(sum, crc32.IEEETable, line[:sumEnd]) == c.crc
}

// commitDistance counts the fixed characters in which a line of a commit's
// length differs from one.
func commitDistance(line []byte) int {
	n := 0
	for i := range len(commitShape) {
		if commitShape[i] != ' ' && line[i] != commitShape[i] {
			n++
		}
	}
	return n
}

// commitLike tells whether a line may be a commit, whole or damaged in a few
// bytes. No frame is.
func commitLike(line []byte) bool {
	return len(line) == len(commitShape) && commitDistance(line) <= 8
}

// parseHex reads lower-case hexadecimal digits only, so that a number has one
// form.
func parseHex(b []byte) (uint64, error) {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return 0, strconv.ErrSyntax
		}
	}
	return strconv.ParseUint(string(b), 16, 64)
}

// A header is what the first line of a segment says. size and next are those of
// a compacted segment: its length, and where the next one begins; 0 for
// another, for which the one follows from the other.
type header struct {
	total      uint64
	size, next int64
}

func appendHeader(b []byte, base int64, format string, h header) []byte {
	start := len(b)
	b = fmt.Appendf(b, `{"journal":{"base":"%020d","format":"%s","total":"%016x"`, base, format, h.total)
	if h.next != 0 {
		b = fmt.Appendf(b, `,"size":"%020d","next":"%020d"`, h.size, h.next)
	}
	return fmt.Appendf(b, ",\"crc\":\"%08x\"}}\n", crc32.ChecksumIEEE(b[start:]))
}

// longestHeader is the length of the header of a compacted segment.
func longestHeader(format string) int { return len(appendHeader(nil, 0, format, header{next: 1})) }

// parseHeader reads the header that the bytes begin with, and returns its
// length; ok is false unless it is exactly what appendHeader writes.
func parseHeader(b []byte, base int64, format string) (h header, n int, ok bool) {
	n = bytes.IndexByte(b, '\n') + 1
	plain := len(appendHeader(nil, base, format, header{}))
	if n != plain && n != longestHeader(format) {
		return header{}, 0, false
	}
	at := plain - len(`0000000000000000","crc":"00000000"}}`) - 1
	total, err := parseHex(b[at : at+16])
	if err != nil {
		return header{}, 0, false
	}
	h.total = total
	if n != plain {
		at += 16 + len(`","size":"`)
		size, err1 := strconv.ParseInt(string(b[at:at+20]), 10, 64)
		at += 20 + len(`","next":"`)
		next, err2 := strconv.ParseInt(string(b[at:at+20]), 10, 64)
		if err1 != nil || err2 != nil || size < int64(n) || next <= base || size > next-base {
			return header{}, 0, false
		}
		h.size, h.next = size, next
	}
	return h, n, bytes.Equal(b[:n], appendHeader(nil, base, format, h))
}

const ruleMissing = "the segment is missing, or the one before has another length"

func ruleHeader(format string) string {
	return "the header is not that of this place in a " + format + " journal"
}

// isHeader tells whether a line may be read as a header. No frame is.
func isHeader(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"journal":`)) }

func segmentName(base int64) string { return fmt.Sprintf("%020d%s", base, suffix) }

func parseSegmentName(name string) (base int64, ok bool) {
	if len(name) != 20+len(suffix) || name[20:] != suffix {
		return 0, false
	}
	base, err := strconv.ParseInt(name[:20], 10, 64)
	return base, err == nil && base >= 0 && segmentName(base) == name
}

func checkFormat(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '/' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// checkFrame tells whether a frame can stand in a journal.
func checkFrame(frame []byte, limit int) bool {
	return len(frame) > 0 && len(frame) <= limit &&
		bytes.IndexByte(frame, '\n') < 0 && bytes.IndexByte(frame, 0) < 0 &&
		!commitLike(frame) && !isHeader(frame)
}
