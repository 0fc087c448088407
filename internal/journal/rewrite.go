package journal

import (
	"bufio"
	"errors"
	"hash/crc32"
	"os"
)

// Roll closes the last segment and begins another, unless it has no frame yet.
// Its errors are those of [Journal.Append].
func (j *Journal) Roll() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.Err(); err != nil {
		return err
	}
	last := j.segments[len(j.segments)-1]
	if j.headerOnly(last) {
		return nil
	}
	err := j.checkFile()
	if err == nil {
		err = j.create(last.base + last.size)
	}
	if err == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = failed(err)
	return j.err
}

// Rewrite lets edit change the frames of a closed segment, given by its base,
// in place: what a frame holds can be overwritten, its length stays, so that
// nothing in the journal moves. The segment is written anew beside the old one,
// synced, and put in its place at once; a crash leaves the one or the other.
// Readers see the one or the other too. Those who have the old file open
// already, in other processes, can read it until they close it.
//
// Its errors are [ErrClosed], [ErrReadOnly], [ErrFailed], [ErrFrame] if an edit
// leaves no valid frame, [ErrDamaged] if the segment does not read as a journal,
// os.ErrNotExist if no closed segment begins at base, errors of edit, and those
// of the file system. After an error the segment is as it was, or rewritten.
// Appends go on meanwhile.
func (j *Journal) Rewrite(base int64, edit func(Record) error) error {
	j.rewriting.Lock()
	defer j.rewriting.Unlock()
	if err := j.Err(); err != nil {
		return err
	}
	seg, err := j.closedSegment(base)
	if err != nil {
		return err
	}
	temp, name := j.path(rewriteName), j.path(segmentName(base))
	f, err := j.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = j.rewrite(f, seg, edit)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	j.files.Forget(name)
	if err := j.fs.Rename(temp, name); err != nil {
		return err
	}
	j.files.Forget(name)
	return j.fs.SyncDir(j.dir)
}

// closedSegment returns the closed segment that begins at a base.
func (j *Journal) closedSegment(base int64) (segment, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.segments[:len(j.segments)-1] {
		if s.base == base {
			return s, nil
		}
	}
	return segment{}, os.ErrNotExist
}

func (j *Journal) rewrite(f File, seg segment, edit func(Record) error) error {
	w := bufio.NewWriterSize(f, 256<<10)
	w.Write(seg.header(j.opt.Format)) // its error stays until Flush
	old, err := j.fs.OpenFile(j.path(segmentName(seg.base)), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer old.Close()
	s := scanner{
		r: old, seg: seg, format: j.opt.Format, limit: j.opt.MaxFrame, total: seg.first,
		group: func(frames []byte, c commit) error {
			w.Write(frames)
			_, err := w.Write(appendCommit(nil, c.count, c.total, crc32.ChecksumIEEE(frames)))
			return err
		},
	}
	if err := s.header(); err != nil {
		return err
	}
	tail, rule, err := s.groups(func(r Record) error {
		if err := edit(r); err != nil {
			return err
		}
		if !checkFrame(r.Frame, j.opt.MaxFrame) {
			return ErrFrame
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(tail) > 0 || s.good != seg.size {
		return s.damage(rule)
	}
	return w.Flush()
}
