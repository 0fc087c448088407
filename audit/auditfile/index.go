package auditfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

// An index file is binary and little-endian:
//
//	magic     "baakit.audit.index/1\n"
//	base      8 bytes: the segment's position
//	size      8 bytes: its length
//	entries   8 bytes: the number of entries in it
//	table     4 bytes: the length of the table that follows
//	chains    for each chain, sorted: length of its name (1 byte), name,
//	          first seq (8), count (4)
//	crc       4 bytes: CRC-32 (IEEE) of all of the above
//	blocks    for each chain in the same order: for every entry the place of
//	          its line in the segment (4) and its length (4); then 32 bytes for
//	          each tree hash that the entries complete
//	crc       4 bytes: CRC-32 (IEEE) of the blocks
const (
	indexMagic  = "baakit.audit.index/1\n"
	indexSuffix = ".index"
	indexTemp   = "index.tmp"
	indexFixed  = len(indexMagic) + 8 + 8 + 8 + 4
	spanSize    = 8
)

// A span is where the frame of an entry stands in its segment.
type span struct{ at, length uint32 }

// A part is what a segment holds of one chain. While the segment grows, and
// until its index is written, spans and hashes are in memory; then they are in
// the index at position pos. Spans that are in memory count.
type part struct {
	segment *segment
	first   uint64 // seq
	count   uint64
	spans   []span
	hashes  []tlog.Hash // from the one that tlog numbers StoredHashCount(first)
	pos     int64       // of the spans in the index; 0 while they are in memory
}

func (p *part) end() uint64 { return p.first + p.count }

// A segment is one file of the journal.
type segment struct {
	base    int64
	parts   map[string]*part // until the index is written
	entries uint64           // in parts
	blocks  int64            // where the index's blocks begin, and their length
	length  int64
	checked bool   // whether the checksum of the blocks was seen to be right
	gen     uint32 // how often it was compacted: its spans are of this file
}

func segmentFile(base int64, suffix string) string { return fmt.Sprintf("%020d%s", base, suffix) }

// add puts an entry behind those that the segment has.
func (s *segment) add(chain string, seq uint64, at span, hashes []tlog.Hash) *part {
	p := s.parts[chain]
	if p == nil {
		p = &part{segment: s, first: seq}
		s.parts[chain] = p
	}
	p.spans = append(p.spans, at)
	p.hashes = append(p.hashes, hashes...)
	p.count++
	s.entries++
	return p
}

// writeIndex writes the index of a closed segment, and returns where each part
// stands in it. It only reads s.
func writeIndex(fs journal.FS, dir string, s *segment, size int64) (pos map[*part]int64, blocks, length int64, err error) {
	if pos, blocks, length, err = prepareIndex(fs, dir, s, size); err == nil {
		err = placeIndex(fs, dir, s.base)
	}
	if err == nil {
		err = fs.SyncDir(dir)
	}
	return pos, blocks, length, err
}

// placeIndex puts an index that was prepared in its place.
func placeIndex(fs journal.FS, dir string, base int64) error {
	return fs.Rename(filepath.Join(dir, indexTemp), filepath.Join(dir, segmentFile(base, indexSuffix)))
}

// prepareIndex is writeIndex but for the file's name.
func prepareIndex(fs journal.FS, dir string, s *segment, size int64) (pos map[*part]int64, blocks, length int64, err error) {
	names := slices.Sorted(maps.Keys(s.parts))
	head := append([]byte(nil), indexMagic...)
	head = binary.LittleEndian.AppendUint64(head, uint64(s.base))
	head = binary.LittleEndian.AppendUint64(head, uint64(size))
	head = binary.LittleEndian.AppendUint64(head, s.entries)
	head = append(head, 0, 0, 0, 0)
	for _, name := range names {
		p := s.parts[name]
		head = append(append(head, byte(len(name))), name...)
		head = binary.LittleEndian.AppendUint64(head, p.first)
		head = binary.LittleEndian.AppendUint32(head, uint32(p.count))
	}
	binary.LittleEndian.PutUint32(head[indexFixed-4:], uint32(len(head)-indexFixed))
	head = binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(head))

	temp := filepath.Join(dir, indexTemp)
	f, err := fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, 0, 0, err
	}
	sum := crc32.NewIEEE()
	file := bufio.NewWriterSize(f, 64<<10)
	file.Write(head) // its error is kept until Flush
	w := io.MultiWriter(file, sum)
	pos = make(map[*part]int64, len(names))
	at := int64(len(head))
	var buf []byte
	for _, name := range names {
		p := s.parts[name]
		pos[p] = at
		buf = buf[:0]
		for _, sp := range p.spans {
			buf = binary.LittleEndian.AppendUint32(buf, sp.at)
			buf = binary.LittleEndian.AppendUint32(buf, sp.length)
		}
		for i := range p.hashes {
			buf = append(buf, p.hashes[i][:]...)
		}
		w.Write(buf)
		at += int64(len(buf))
	}
	file.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	err = file.Flush()
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, 0, 0, err
	}
	return pos, int64(len(head)), at - int64(len(head)), nil
}

// indexEntry is a row of an index's table.
type indexEntry struct {
	chain string
	part  *part
}

// readIndex reads the table of a segment's index. ok is false if there is none
// that is whole and belongs to a segment of this base and size.
func readIndex(fs journal.FS, dir string, base, size int64) (s *segment, table []indexEntry, ok bool) {
	f, err := fs.OpenFile(filepath.Join(dir, segmentFile(base, indexSuffix)), os.O_RDONLY, 0)
	if err != nil {
		return nil, nil, false
	}
	defer f.Close()
	head := make([]byte, indexFixed)
	if _, err := f.ReadAt(head, 0); err != nil || !bytes.HasPrefix(head, []byte(indexMagic)) {
		return nil, nil, false
	}
	fixed := head[len(indexMagic):]
	rows := binary.LittleEndian.Uint32(fixed[24:])
	info, err := f.Stat()
	if err != nil || int64(binary.LittleEndian.Uint64(fixed)) != base || int64(binary.LittleEndian.Uint64(fixed[8:])) != size ||
		int64(indexFixed)+int64(rows)+8 > info.Size() {
		return nil, nil, false
	}
	head = append(head, make([]byte, rows+4)...)
	if _, err := f.ReadAt(head[indexFixed:], int64(indexFixed)); err != nil {
		return nil, nil, false
	}
	end := len(head) - 4
	if crc32.ChecksumIEEE(head[:end]) != binary.LittleEndian.Uint32(head[end:]) {
		return nil, nil, false
	}
	s = &segment{base: base, entries: binary.LittleEndian.Uint64(head[len(indexMagic)+16:]), blocks: int64(len(head))}
	at, entries := s.blocks, uint64(0)
	for row := head[indexFixed:end]; len(row) > 0; {
		n := 1 + int(row[0])
		if len(row) < n+12 {
			return nil, nil, false
		}
		p := &part{segment: s, first: binary.LittleEndian.Uint64(row[n:]), count: uint64(binary.LittleEndian.Uint32(row[n+8:])), pos: at}
		table = append(table, indexEntry{string(row[1:n]), p})
		entries += p.count
		at += int64(p.count)*spanSize + hashCount(p)*tlog.HashSize
		row = row[n+12:]
	}
	s.length = at - s.blocks
	return s, table, entries == s.entries && info.Size() == at+4
}

// hashCount returns the number of tree hashes that a part's entries complete.
func hashCount(p *part) int64 {
	return tlog.StoredHashCount(int64(p.end())) - tlog.StoredHashCount(int64(p.first))
}

// indexSize returns the length of the segment that an open index is of.
func indexSize(f journal.File) (int64, error) {
	var b [8]byte
	_, err := f.ReadAt(b[:], int64(len(indexMagic))+8)
	return int64(binary.LittleEndian.Uint64(b[:])), err
}

// An indexError says that an index is damaged. The log need not be.
type indexError struct{ file string }

func (e *indexError) Error() string {
	return "auditfile: " + e.file + " is damaged: open the log with Full to have it computed anew"
}

func (e *indexError) Unwrap() error { return audit.ErrTampered }

// checkBlocks makes sure, once, that the blocks of an index are as they were
// written.
func (s *Store) checkBlocks(seg *segment, f journal.File) error {
	s.mu.Lock()
	checked := seg.checked
	s.mu.Unlock()
	if checked {
		return nil
	}
	sum := crc32.NewIEEE()
	var want [4]byte
	_, err := io.CopyBuffer(sum, io.NewSectionReader(f, seg.blocks, seg.length), make([]byte, min(seg.length+1, 256<<10)))
	if err == nil {
		_, err = f.ReadAt(want[:], seg.blocks+seg.length)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if sum.Sum32() != binary.LittleEndian.Uint32(want[:]) {
		return &indexError{segmentFile(seg.base, indexSuffix)}
	}
	s.mu.Lock()
	seg.checked = true
	s.mu.Unlock()
	return nil
}
