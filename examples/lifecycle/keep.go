package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/baakit/baakit/internal/jcs"
)

// A keptState is a state that an act ended with, and how to come to it again
// from nothing but the events of a chain.
type keptState struct {
	chain   string
	state   []byte // canonical JSON
	rebuild func(events []logged) (any, error)
}

// keep remembers a state; at the end it must come out the same from the log
// as it is on the disk.
func (s *stage) keep(chain string, state any, rebuild func(events []logged) (any, error)) error {
	canonical, err := jcs.Marshal(state)
	if err != nil {
		return fmt.Errorf("the state of chain %s: %w", chain, err)
	}
	s.kept = append(s.kept, keptState{chain, canonical, rebuild})
	return nil
}

// compare rebuilds every state from the events of a log that was read anew.
// A chain without a state would be one whose events mean nothing.
func (s *stage) compare(chains map[string][]logged) error {
	for chain := range chains {
		if !slices.ContainsFunc(s.kept, func(k keptState) bool { return k.chain == chain }) {
			return fmt.Errorf("chain %s: no act kept its state", chain)
		}
	}
	for _, k := range s.kept {
		state, err := k.rebuild(chains[k.chain])
		if err != nil {
			return fmt.Errorf("rebuilding chain %s: %w", k.chain, err)
		}
		canonical, err := jcs.Marshal(state)
		if err != nil {
			return fmt.Errorf("rebuilding chain %s: %w", k.chain, err)
		}
		if !bytes.Equal(canonical, k.state) {
			return fmt.Errorf("chain %s: the state rebuilt from the log is not the state before", k.chain)
		}
	}
	return nil
}
