package auditkeys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit/internal/journal"
)

// OpenRing opens the ring in a folder, making both if there is none, and
// finishes what a crash interrupted.
//
// Its errors are a [baakit.FieldErrors] of the master, [ErrMaster],
// [ErrInsideLog], [fs.ErrNotExist] where a ring must exist, and [ErrRing], with
// [ErrLocked] where that is the reason. Close the ring after use.
func OpenRing(dir string, master Master, opt *RingOptions) (*Ring, error) {
	r := &Ring{
		lookups: make(map[string][]byte), slots: make(map[slotKey][]*ringKey), ids: make(map[ID]*ringKey),
		destroyed: make(map[string]bool), paused: make(map[pause]int),
	}
	if opt != nil {
		r.opt = *opt
	}
	if r.opt.Now == nil {
		r.opt.Now = time.Now
	}
	if r.fs = r.opt.fs; r.fs == nil {
		r.fs = journal.OS{}
	}
	if err := master.check(); err != nil {
		return nil, err
	}
	var err error
	if r.dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRing, err)
	}
	if insideLog(r.fs, r.dir) {
		return nil, ErrInsideLog
	}
	if err := r.open(master); err != nil {
		if r.j != nil {
			r.j.Close()
		}
		return nil, wrap(err)
	}
	return r, nil
}

// wrap makes an error of the journal or the file system one of this package.
func wrap(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrMaster), errors.Is(err, ErrRing):
		return err
	case errors.Is(err, journal.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrRing, fs.ErrNotExist)
	case errors.Is(err, journal.ErrLocked):
		return fmt.Errorf("%w: %w", ErrRing, ErrLocked)
	}
	return fmt.Errorf("%w: %w", ErrRing, err)
}

// insideLog tells whether a folder, or one that it is in, holds an audit log.
func insideLog(files journal.FS, dir string) bool {
	if _, ok := files.(journal.OS); ok { // through links, as far as the path exists
		for real, rest := dir, ""; ; real, rest = filepath.Dir(real), filepath.Join(filepath.Base(real), rest) {
			if to, err := filepath.EvalSymlinks(real); err == nil {
				dir = filepath.Join(to, rest)
				break
			}
			if real == filepath.Dir(real) {
				break
			}
		}
	}
	for {
		if isLog(files, dir) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
		dir = filepath.Dir(dir)
	}
}

func isLog(files journal.FS, dir string) bool {
	names, err := files.ReadDir(dir)
	if err != nil {
		return false
	}
	i := slices.IndexFunc(names, func(n string) bool { return len(n) == 26 && strings.HasSuffix(n, ".jsonl") })
	if i < 0 {
		return false
	}
	f, err := files.OpenFile(filepath.Join(dir, names[i]), os.O_RDONLY, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := io.ReadFull(f, head)
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	return strings.HasPrefix(line, `{"journal":`) && strings.Contains(line, `"format":"baakit.audit/1"`)
}

func (r *Ring) open(master Master) error {
	ctx := context.Background()
	j, err := journal.Open(r.dir, journal.Config{Format: ringFormat, MustExist: r.opt.MustExist, MaxFrame: maxFrame, FS: r.fs})
	if err != nil {
		return err
	}
	r.j = j
	if err := r.fs.Remove(filepath.Join(r.dir, masterTemp)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data, err := readMaster(r.fs, r.dir)
	switch {
	case err != nil:
		return err
	case data == nil && j.Len() > 0:
		return fmt.Errorf("%w: the file %s is missing", ErrRing, masterName)
	case data == nil: // new, or never finished
		r.secrets = newSecrets()
		if data, err = master.seal(ctx, r.secrets); err == nil {
			err = writeMaster(r.fs, r.dir, data)
		}
	default:
		r.secrets, err = master.open(ctx, data)
	}
	if err != nil {
		return err
	}
	if r.gens, err = r.secrets.ciphers(); err != nil {
		return err
	}
	for rec, err := range j.Replay(0) {
		if err == nil {
			err = r.read(rec)
		}
		if err != nil {
			return err
		}
	}
	if err := r.eraseDestroyed(); err != nil {
		return err
	}
	if len(r.secrets.keys) > 1 {
		return r.finishRekey(ctx, master)
	}
	return nil
}

// read enters one frame.
func (r *Ring) read(rec journal.Record) error {
	if blank(rec.Frame) {
		return nil
	}
	plain, _, err := r.gens.open(rec.Index, rec.Frame)
	if err != nil {
		return err
	}
	defer clear(plain)
	e, ok := parseRingEntry(plain)
	if !ok {
		return ErrMaster
	}
	r.enter(e, rec.Segment, rec.Index)
	return nil
}

func (r *Ring) enter(e ringEntry, segment int64, index uint64) {
	switch e.op {
	case opKey:
		k := &ringKey{
			id: e.id, slot: e.slot, made: e.at, segment: segment, index: index, wrapped: e.wrapped,
			secret: append([]byte(nil), e.secret...),
		}
		k.usable = k.check
		r.ids[k.id] = k
		r.slots[k.slot] = append(r.slots[k.slot], k)
	case opKeyDestroyed:
		k := r.ids[e.id]
		if k == nil { // its frame is erased
			k = &ringKey{id: e.id, blank: true}
			r.ids[e.id] = k
		}
		k.destroy(e.at)
	case opTenantDestroyed:
		name, _ := e.slot.owner.Tenant()
		r.destroyed[name] = true
		for _, id := range e.ids {
			if r.ids[id] == nil { // its frame is erased
				r.ids[id] = &ringKey{id: id, slot: slotKey{owner: e.slot.owner}, blank: true}
			}
		}
		for _, k := range r.ids {
			if k.slot.owner == e.slot.owner {
				k.destroy(e.at)
			}
		}
	}
}
