package main

import (
	"context"
	"fmt"
)

// An act is one part of the story, in a file of its own. It takes what
// earlier acts found out from the stage, as values of the root vocabulary
// only: an act knows no other act.
type act interface {
	// name is the act's key in the case file and in the JSON output.
	name() string

	// title is the act's headline.
	title() string

	// input is the file of the case that its own facts come from.
	input() string

	// prepare reads and checks the act's inputs before the first act plays,
	// so that a wrong case changes nothing.
	prepare(c *caseFile, wrong problems)

	// play does the work and tells it. Played again on the same folder it
	// does what is not done yet, and tells the same.
	play(ctx context.Context, s *stage) error
}

// acts is the story in its order.
func acts() []act {
	return []act{
		&opening{},
		&agreement{},
		&acceptance{},
		&access{},
		&deidentifying{},
		&subprocessors{},
		&incidentAct{},
		&ending{},
		&farewell{},
		&proof{},
	}
}

// perform plays the acts, with a checkpoint of the log behind each.
func perform(ctx context.Context, s *stage, cast []act) error {
	s.begin()
	for i, a := range cast {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.raise(i+1, a)
		if err := a.play(ctx, s); err != nil {
			return fmt.Errorf("act %d, %s: %w", i+1, a.name(), err)
		}
		if err := s.log.checkpoint(ctx); err != nil {
			return fmt.Errorf("act %d, %s: the checkpoint: %w", i+1, a.name(), err)
		}
	}
	return s.end()
}

// rehearse plays a case in memory: what cannot be played is found before
// anything is written.
func rehearse(ctx context.Context, c *caseFile, cast []act) error {
	s, err := newRehearsal(c)
	if err != nil {
		return err
	}
	err = perform(ctx, s, cast)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: the story cannot be told: %w", cast[len(s.told)-1].input(), err)
	}
	return nil
}
