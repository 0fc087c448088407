package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/strictjson"
)

// An eventLog keeps the events of the story, in chains, in the folder log. A
// story that is told again on the same folder meets its events again: what is
// there is read back, what is not is made and appended. So a story that was
// killed goes on where it was, with no event lost and none twice.
type eventLog struct {
	journal *journal.Journal
	chains  map[string][]logged
	met     map[string]int // events of a chain that this telling has met
}

// A logged is an event as it is kept.
type logged struct {
	Chain   string          `json:"chain"`
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload"`
}

const logFormat = "baakit.lifecycle/1"

func openEventLog(dir string) (*eventLog, error) {
	r := &eventLog{chains: make(map[string][]logged), met: make(map[string]int)}
	var err error
	r.journal, err = journal.Open(filepath.Join(dir, "log"), journal.Options{Format: logFormat, Visit: func(rec journal.Record) error {
		var e logged
		if err := strictjson.Decode(rec.Frame, &e); err != nil {
			return err
		}
		r.chains[e.Chain] = append(r.chains[e.Chain], e)
		return nil
	}})
	if err != nil {
		return nil, fmt.Errorf("the log in %s: %w", dir, err)
	}
	return r, nil
}

// next returns the next event of a chain, from the log or, after it was
// appended durably, from make.
func (r *eventLog) next(chain, kind string, make func() (json.RawMessage, error)) (json.RawMessage, error) {
	n := r.met[chain]
	if n < len(r.chains[chain]) {
		e := r.chains[chain][n]
		if e.Kind != kind {
			return nil, fmt.Errorf("event %d of chain %s in the log is %s, and the story has come to %s: the log is of another case", n+1, chain, e.Kind, kind)
		}
		r.met[chain] = n + 1
		return e.Payload, nil
	}
	payload, err := make()
	if err != nil {
		return nil, err
	}
	e := logged{chain, kind, payload}
	frame, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	if _, err := r.journal.Append(frame); err != nil {
		return nil, err
	}
	r.chains[chain] = append(r.chains[chain], e)
	r.met[chain] = n + 1
	return payload, nil
}

// record makes the next event of a chain happen once over all tellings
// on the folder and returns it as it is in the log. Whatever is random or
// comes from outside has to come out of make.
func record[T any](s *stage, chain, kind string, make func() (T, error)) (T, error) {
	var e T
	payload, err := s.log.next(chain, kind, func() (json.RawMessage, error) {
		made, err := make()
		if err != nil {
			return nil, err
		}
		return json.Marshal(made)
	})
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return e, fmt.Errorf("event %s of chain %s: %w", kind, chain, err)
	}
	return e, nil
}

// write puts a file into the story's folder: whole or not at all, and the same
// on every telling.
func (s *stage) write(name string, data []byte) error {
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	s.written = append(s.written, name)
	return nil
}
