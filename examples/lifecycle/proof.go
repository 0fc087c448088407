package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

// proof closes the log and asks what it is worth: it verifies against the
// checkpoints that were kept elsewhere, every state comes out of it again, and
// what a person with all rights on the machine could do to it is noticed.
type proof struct{}

func (*proof) name() string                { return "proof" }
func (*proof) title() string               { return "What the log is worth" }
func (*proof) input() string               { return caseJSON }
func (*proof) prepare(*caseFile, problems) {}

func (*proof) play(ctx context.Context, s *stage) error {
	if s.rehearsal {
		return s.compare(s.log.chains)
	}
	if err := s.log.finish(ctx); err != nil {
		return err
	}
	opt, err := s.log.keptElsewhere()
	if err != nil {
		return err
	}
	if len(opt.Checkpoints) == 0 {
		return errors.New("no checkpoint was published")
	}
	dir := filepath.Join(s.dir, logFolder)
	reports, chains, err := verifyLog(ctx, s, dir, opt)
	if err != nil {
		return fmt.Errorf("the log as it was written: %w", err)
	}
	rows := [][]string{{"chain", "entries", "SHA-256 tree root"}}
	entries := 0
	for _, r := range reports {
		rows = append(rows, []string{r.Chain, fmt.Sprint(r.Size), fmt.Sprintf("%x…", r.Root[:8])})
		entries += int(r.Size)
	}
	s.tell("The log is closed and read anew from the disk. Its %d entries in %d chains verify: each is linked to the one before, and all are what %d signed checkpoints say, which were kept apart from the log.", entries, len(reports), len(opt.Checkpoints))
	s.table("The chains of the log", rows)
	if err := s.compare(chains); err != nil {
		return err
	}
	s.tell("From nothing but the log every state is rebuilt: all %d equal the states that the acts ended with.", len(s.kept))
	last := slices.MaxFunc(s.summary.moments, func(a, b moment) int { return a.On.Compare(b.On) })
	s.moment(last.On, "The log is verified and every state rebuilt from it")
	s.summary.verified = fmt.Sprintf("Everything here comes out of a log that verifies: %d entries in %d chains, as %d checkpoints say that were kept apart from it; all %d states were rebuilt from it.", entries, len(reports), len(opt.Checkpoints), len(s.kept))
	s.fact("chains", len(reports))
	s.fact("states_rebuilt", len(s.kept))
	s.proves(fmt.Sprintf("The log of %d entries verifies against %d checkpoints that were kept apart from it.", entries, len(opt.Checkpoints)))
	s.proves(fmt.Sprintf("All %d states of the story come out of the log again, equal to what they were.", len(s.kept)))
	return forge(ctx, s, dir, opt)
}

// verifyLog verifies the log in a folder and returns its domain events.
func verifyLog(ctx context.Context, s *stage, dir string, opt *audit.VerifyOptions) ([]audit.Report, map[string][]logged, error) {
	store, err := auditfile.Open(dir, &auditfile.Options{ReadOnly: true, Full: true})
	if err != nil {
		return nil, nil, err
	}
	defer store.Close()
	reports, err := audit.VerifyAll(ctx, store, opt)
	if err != nil {
		return nil, nil, err
	}
	again := &storyLog{keys: s.log.keys, chains: make(map[string][]logged)}
	return reports, again.chains, again.read(ctx, store)
}

// forge does to copies of the log what could be done, and tells what is found.
func forge(ctx context.Context, s *stage, dir string, opt *audit.VerifyOptions) error {
	s.tell("Then copies of the log are tampered with: in the first, one byte of the file is changed; in the others every checksum is made right again, as a person with all rights on the machine could.")
	rows := [][]string{{"what was done to a copy", "found", "where"}}
	where, err := flipByte(ctx, s, dir, opt)
	if err != nil {
		return err
	}
	rows = append(rows, []string{"one byte of the file is changed", "altered", where})
	s.fact("byte", "altered: "+where)
	for _, f := range forgeries() {
		fault, err := tamper(ctx, s, dir, f, opt)
		if err != nil {
			return fmt.Errorf("%s: %w", f.does, err)
		}
		rows = append(rows, []string{f.does, string(fault.Rule), fmt.Sprintf("%s, entry %d", fault.Chain, fault.Seq)})
		s.fact(f.name, fmt.Sprintf("%s: %s, entry %d", fault.Rule, fault.Chain, fault.Seq))
	}
	s.table("What was done to copies of the log, and what its verification says", rows)
	s.fact("caught", len(rows)-1)
	s.cite(baakit.MustParseCitation("45 CFR 164.312(b)"), baakit.MustParseCitation("45 CFR 164.312(c)(1)"))
	s.proves(fmt.Sprintf("%d of %d tampered copies of the log were caught.", len(rows)-1, 1+len(forgeries())))
	return nil
}
