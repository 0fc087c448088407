package journal

import (
	"hash/crc32"
	"runtime"
)

// A batch is the group that is being collected while another one is written.
type batch struct {
	data  []byte
	count uint32
	base  int64 // of data in the journal, known when done
	done  chan struct{}
	err   error
}

// A Pending is a group of frames on its way into a journal.
type Pending struct {
	j       *Journal
	b       *batch
	offsets []int64 // in b.data
	leader  bool
}

// Append stores frames, in order and all or none, and returns their journal
// offsets when they are durable. It copies the frames.
//
// Its errors are [ErrFrame] and the errors of [Journal.Err]; after ErrFailed
// the frames may or may not be found when the journal is opened again.
func (j *Journal) Append(frames ...[]byte) ([]int64, error) {
	p, err := j.Submit(frames...)
	if err != nil {
		return nil, err
	}
	return p.Wait()
}

// Submit gives frames their place in the journal, behind the frames of every
// Submit that returned before, and does not wait until they are durable. Every
// Pending must be waited for: it may be the one whose Wait writes for all.
func (j *Journal) Submit(frames ...[]byte) (*Pending, error) {
	size := 0
	for _, f := range frames {
		if !checkFrame(f, j.opt.MaxFrame) {
			return nil, ErrFrame
		}
		size += len(f) + 1
	}
	if len(frames) == 0 || size > MaxGroup {
		return nil, ErrFrame
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.state() == nil && j.next != nil && len(j.next.data)+size > MaxGroup {
		j.room.Wait()
	}
	if err := j.state(); err != nil {
		return nil, err
	}
	p := &Pending{j: j, offsets: make([]int64, len(frames))}
	if j.next == nil {
		j.next = &batch{done: make(chan struct{})}
		p.leader = true
	}
	p.b = j.next
	for i, f := range frames {
		p.offsets[i] = int64(len(p.b.data))
		p.b.data = append(append(p.b.data, f...), '\n')
	}
	p.b.count += uint32(len(frames))
	return p, nil
}

// Wait returns the journal offsets of the frames when they are durable. Its
// errors are those of [Journal.Append]. It may be called once.
func (p *Pending) Wait() ([]int64, error) {
	if p.leader {
		p.j.lead(p.b)
	} else {
		<-p.b.done
	}
	if p.b.err != nil {
		return nil, p.b.err
	}
	for i := range p.offsets {
		p.offsets[i] += p.b.base
	}
	return p.offsets, nil
}

// lead writes a batch once the one before it is written.
func (j *Journal) lead(b *batch) {
	j.writing.Lock()
	defer j.writing.Unlock()
	// Those whom the batch before has just released are about to append again.
	runtime.Gosched()
	j.mu.Lock()
	j.next = nil
	j.room.Broadcast()
	b.err = j.err
	if j.closed {
		b.err = ErrClosed
	}
	j.mu.Unlock()
	if b.err == nil {
		if err := j.write(b); err != nil {
			b.err = failed(err)
			j.mu.Lock()
			j.err = b.err
			j.mu.Unlock()
		}
	}
	close(b.done)
}

func (j *Journal) write(b *batch) error {
	line := len(b.data)
	total := j.total + uint64(b.count)
	b.data = appendCommit(b.data, b.count, total, crc32.ChecksumIEEE(b.data))
	last := j.segments[len(j.segments)-1]
	if last.size+int64(len(b.data)) > j.opt.SegmentSize && !j.headerOnly(last) {
		if err := j.create(last.base + last.size); err != nil {
			return err
		}
		last = j.segments[len(j.segments)-1]
	}
	// Two writers on a file system without working locks meet here, before
	// either adds to what the other wrote.
	if err := j.checkFile(); err != nil {
		return err
	}
	n, err := whole(b.data, j.file.Write)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return err
	}
	b.base = last.base + last.size
	b.data = b.data[:line] // the followers need their offsets only
	j.mu.Lock()
	j.segments[len(j.segments)-1].size += int64(n)
	j.total = total
	j.mu.Unlock()
	return j.checkFile()
}
