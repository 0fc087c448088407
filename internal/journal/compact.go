package journal

import (
	"bufio"
	"errors"
	"hash/crc32"
	"os"
)

// Compact writes a closed segment, given by its base, anew with shorter
// frames, and returns the bytes by which its file is shorter now. The segments
// behind it stay where they are: the header says then how long the segment is
// and where the next one begins. As many frames stand in it as before, in the
// same groups.
//
// edit returns what a frame is to be: a part of it, or made in its place, never
// longer. moved is told where it stands then, and its length. Both are called
// for every frame in order. If every frame stays as it is, nothing else
// happens.
//
// The new file is put in the place of the old one at once, by replace, which
// swap, which is told the new length, must call once; what swap does before and after, such as to keep readers
// from mixing old places with the new file, is its own business. A crash leaves
// the old segment or the new one. Those who have the old file open, in other
// processes, can read it until they close it.
//
// The errors are those of [Journal.Rewrite]. After an error the segment is as it
// was, or it is the new one if replace returned nil. Appends go on meanwhile.
func (j *Journal) Compact(base int64, edit func(Record) ([]byte, error), moved func(offset int64, length int), swap func(size int64, replace func() error) error) (freed int64, err error) {
	j.rewriting.Lock()
	defer j.rewriting.Unlock()
	if err := j.Err(); err != nil {
		return 0, err
	}
	seg, err := j.closedSegment(base)
	if err != nil {
		return 0, err
	}
	temp := j.path(rewriteName)
	f, err := j.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	next, err := j.compact(f, seg, edit, moved)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	if next.size >= seg.size {
		return 0, j.fs.Remove(temp)
	}
	var unsynced error
	err = swap(next.size, func() error {
		name := j.path(segmentName(base))
		j.files.Forget(name)
		if err := j.fs.Rename(temp, name); err != nil {
			return err
		}
		j.files.Forget(name)
		j.mu.Lock()
		for i := range j.segments {
			if j.segments[i].base == base {
				j.segments[i] = next
			}
		}
		j.mu.Unlock()
		// The file is there, whether or not its name lasts.
		unsynced = j.fs.SyncDir(j.dir)
		return nil
	})
	if err = errors.Join(err, unsynced); err != nil {
		return 0, err
	}
	return seg.size - next.size, nil
}

// compact writes the frames of a segment as edit wants them, and returns what
// the segment is then.
func (j *Journal) compact(f File, seg segment, edit func(Record) ([]byte, error), moved func(offset int64, length int)) (segment, error) {
	next := segment{base: seg.base, first: seg.first, next: seg.end()}
	w := bufio.NewWriterSize(f, 256<<10)
	head := next.header(j.opt.Format)
	w.Write(head) // in its place until the length is known; its error stays until Flush
	next.size = int64(len(head))
	old, err := j.fs.OpenFile(j.path(segmentName(seg.base)), os.O_RDONLY, 0)
	if err != nil {
		return segment{}, err
	}
	defer old.Close()
	var group []byte
	s := scanner{
		r: old, seg: seg, format: j.opt.Format, limit: j.opt.MaxFrame, total: seg.first,
		group: func(_ []byte, c commit) error {
			group = appendCommit(group, c.count, c.total, crc32.ChecksumIEEE(group))
			next.size += int64(len(group))
			_, err := w.Write(group)
			group = group[:0]
			return err
		},
	}
	if err := s.header(); err != nil {
		return segment{}, err
	}
	tail, rule, err := s.groups(func(r Record) error {
		length := len(r.Frame)
		frame, err := edit(r)
		if err != nil {
			return err
		}
		if len(frame) > length || !checkFrame(frame, j.opt.MaxFrame) {
			return ErrFrame
		}
		moved(seg.base+next.size+int64(len(group)), len(frame))
		group = append(append(group, frame...), '\n')
		return nil
	})
	if err != nil {
		return segment{}, err
	}
	if len(tail) > 0 || s.good != seg.size {
		return segment{}, s.damage(rule)
	}
	if err := w.Flush(); err != nil {
		return segment{}, err
	}
	if next.size >= seg.size {
		return next, nil
	}
	_, err = whole(next.header(j.opt.Format), func(b []byte) (int, error) { return f.WriteAt(b, 0) })
	return next, err
}
