package audit

import (
	"crypto/sha256"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// LeafHash returns SHA-256(0x00 ‖ line): the leaf hash of RFC 6962, section
// 2.1, which is also what the next line's prev holds.
func LeafHash(line []byte) tlog.Hash {
	b := make([]byte, 0, 1024)
	return sha256.Sum256(append(append(b, 0), line...))
}

// GenesisHash returns what the first line of a chain holds as prev:
// SHA-256("hipaa-audit/v1 genesis\norigin " ‖ origin ‖ "\n"), where origin is
// that of the chain's checkpoints.
func GenesisHash(origin string) tlog.Hash {
	return sha256.Sum256([]byte("hipaa-audit/v1 genesis\norigin " + origin + "\n"))
}

// A Frontier is what a growing tree of RFC 6962 needs to know of its past:
// the roots of its complete subtrees, one for every bit of its size. The zero
// Frontier is the empty tree. It is a value: copying it copies the tree's
// state. It is not safe for concurrent use.
type Frontier struct {
	size  uint64
	roots [64]tlog.Hash // roots[level] counts if bit level of size is set
}

// FrontierAt reads the frontier of the tree of the first size leaves. Its
// errors are those of r.
func FrontierAt(size uint64, r tlog.HashReader) (Frontier, error) {
	f := Frontier{size: size}
	var indexes []int64
	for level := 63; level >= 0; level-- {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, int64(size>>level)-1))
		}
	}
	if len(indexes) == 0 {
		return f, nil
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return Frontier{}, err
	}
	for level := 63; level >= 0; level-- {
		if size>>level&1 == 1 {
			f.roots[level], hashes = hashes[0], hashes[1:]
		}
	}
	return f, nil
}

// Size returns the number of leaves.
func (f *Frontier) Size() uint64 { return f.size }

// Append adds a leaf and appends to dst the hashes that it completes, in
// the order of [tlog.StoredHashes]: the leaf itself first.
func (f *Frontier) Append(dst []tlog.Hash, leaf tlog.Hash) []tlog.Hash {
	dst = append(dst, leaf)
	level := bits.TrailingZeros64(^f.size)
	for l := range level {
		leaf = nodeHash(f.roots[l], leaf)
		dst = append(dst, leaf)
	}
	f.roots[level] = leaf
	f.size++
	return dst
}

// Root returns the Merkle tree hash; that of the empty tree is SHA-256 of
// nothing.
func (f *Frontier) Root() tlog.Hash {
	if f.size == 0 {
		return sha256.Sum256(nil)
	}
	level := bits.TrailingZeros64(f.size)
	root := f.roots[level]
	for level++; f.size>>level != 0; level++ {
		if f.size>>level&1 == 1 {
			root = nodeHash(f.roots[level], root)
		}
	}
	return root
}

func nodeHash(left, right tlog.Hash) tlog.Hash {
	var b [1 + 2*tlog.HashSize]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+tlog.HashSize:], right[:])
	return sha256.Sum256(b[:])
}

// leafOf hashes a line that has its 0x00 before it.
func leafOf(prefixed []byte) tlog.Hash { return sha256.Sum256(prefixed) }
