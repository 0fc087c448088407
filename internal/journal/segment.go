package journal

import (
	"slices"
)

// A Segment is one file of a journal.
type Segment struct {
	Base  int64  // the journal offset of its first byte
	Size  int64  // of its committed bytes
	First uint64 // the index of its first frame
	Count uint64 // of its committed frames
}

// Segments returns the segments in order. All but the last are closed: nothing
// is added to them any more.
func (j *Journal) Segments() []Segment {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Segment, len(j.segments))
	for i, s := range j.segments {
		next := j.total
		if i+1 < len(j.segments) {
			next = j.segments[i+1].first
		}
		list[i] = Segment{s.base, s.size, s.first, next - s.first}
	}
	return list
}

// Segment returns the segment that holds an offset.
func (j *Journal) Segment(offset int64) Segment {
	j.mu.Lock()
	defer j.mu.Unlock()
	next := j.total
	for _, s := range slices.Backward(j.segments) {
		if s.base <= offset {
			return Segment{s.base, s.size, s.first, next - s.first}
		}
		next = s.first
	}
	return Segment{}
}

// Len returns the number of committed frames.
func (j *Journal) Len() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.total
}

// headerOnly tells whether a segment holds no frame yet; such a one is never
// closed.
func (j *Journal) headerOnly(s segment) bool {
	return s.size == int64(len(s.header(j.opt.Format)))
}
