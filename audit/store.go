package audit

import (
	"context"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// MaxLine is the greatest length of a line in bytes, that of an entry in
	// a C2SP tiled log.
	MaxLine = 65_535

	// MaxSealed is the greatest length of a sealed payload in bytes.
	MaxSealed = 4 << 20

	// MaxChainName is the greatest length of a chain's name in bytes.
	MaxChainName = 128
)

// A Record is one entry as a store keeps it.
type Record struct {
	// Line is what is hashed: the canonical bytes of the entry. A store keeps
	// it byte for byte and never looks inside.
	Line []byte

	// Sealed is the payload beside the line, outside every hash; nil if there
	// is none or it was erased. A store may lose it on purpose, never a Line.
	Sealed []byte

	// Hashes are the tree hashes that the line completes, in the order of
	// [tlog.StoredHashes]: its own leaf hash, then one for every subtree whose
	// last leaf it is. [Store.Append] is given them; [Store.Read] need not
	// return them. A store that does not keep them computes them anew from the
	// lines, with [LeafHash] and a [Frontier].
	Hashes []tlog.Hash
}

// A Head is the end of a chain. The zero Head is that of a chain without
// entries, which is the same as a chain that does not exist.
type Head struct {
	Size uint64
	Last []byte // the last line; nil if Size is 0
}

// A Store keeps chains of records. This is its contract:
//
//  1. Append stores the records, in order and all or none, if and only if the
//     chain's size is at, and [ErrConflict] otherwise.
//  2. It returns nil when they are as durable as the store promises, and not
//     before. After [ErrFailed] no later append succeeds.
//  3. Head, Read and ReadHashes see every append that has returned.
//  4. Read yields the records from a number on, those that were there when it
//     began at least, each valid until the next; an error is its last pair.
//  5. ReadHashes returns stored tree hashes of the chain by their
//     [tlog.StoredHashIndex].
//  6. Chains yields the names of all chains that have an entry, sorted.
//  7. A chain that was never appended to has the zero Head and no records;
//     a hash that is not there is [ErrOutOfRange].
//  8. A store keeps copies of what it is given and returns nothing that it
//     will change.
//  9. All methods are safe for concurrent use. A done context ends a wait with
//     its error; an append that was begun is finished.
//  10. Chains do not touch each other.
//
// Package audittest holds the test of this contract. A store whose payloads
// can be erased, or that appends within a caller's transaction, says so by
// further interfaces.
type Store interface {
	Head(ctx context.Context, chain string) (Head, error)
	Append(ctx context.Context, chain string, at uint64, records []Record) error
	Read(ctx context.Context, chain string, from uint64) iter.Seq2[Record, error]
	ReadHashes(ctx context.Context, chain string, indexes []int64) ([]tlog.Hash, error)
	Chains(ctx context.Context) iter.Seq2[string, error]
}

// HashReader returns the stored tree hashes of a chain as package tlog reads
// them. The reader uses ctx; it must not outlive it.
func HashReader(ctx context.Context, s Store, chain string) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return s.ReadHashes(ctx, chain, indexes)
	})
}

// ValidChain reports whether s can name a chain: 1 to [MaxChainName] ASCII
// letters, digits and ". _ : / @ -", in parts between slashes of which none is
// empty, "." or "..".
func ValidChain(s string) bool {
	if s == "" || len(s) > MaxChainName {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && strings.IndexByte("._:/@-", c) < 0 {
			return false
		}
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlnum(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
