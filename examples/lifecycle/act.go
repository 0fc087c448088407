package main

import (
	"context"
	"fmt"

	"github.com/baakit/baakit"
)

// An act is one part of the story, in a file of its own. It may read a
// section of the case that carries its name, and it takes what earlier acts
// found out from the stage, as values of the root vocabulary only: an act
// knows no other act.
type act interface {
	// name is the act's key in the case file and in the JSON output.
	name() string

	// title is the act's headline.
	title() string

	// prepare reads and checks the act's inputs before the first act plays,
	// so that a wrong case changes nothing. Problems go to errs, with paths
	// from the root of the case file.
	prepare(c *caseFile, errs *baakit.FieldErrors)

	// play does the work and tells it.
	play(ctx context.Context, s *stage) error
}

// acts is the story in its order.
func acts() []act {
	return []act{
		&opening{},
		&agreement{},
		&acceptance{},
		&evidence{},
		&deidentifying{},
		&subprocessors{},
		&incidentAct{},
		&farewell{},
	}
}

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
	}
	return s.end()
}
