package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/review"
)

// examine looks for what reviewers ask for, and records that somebody looked.
type examine struct {
	vault                               vault
	chain, by, note, origin, governance string
	from, until                         instant
	logins                              int
	within                              time.Duration
	times                               uint64
	before                              day
	asJSON                              bool
}

func (c *examine) flags(set *flag.FlagSet) {
	c.vault.flags(set)
	set.StringVar(&c.chain, "chain", "", "entries of the chain `NAME` only")
	set.Var(&c.from, "from", "entries at or after `TIME` only")
	set.Var(&c.until, "to", "entries before `TIME` only")
	set.IntVar(&c.logins, "logins", 5, "find `N` or more failed logins of one user")
	set.DurationVar(&c.within, "within", 10*time.Minute, "that follow each other within the `TIME`")
	set.Var(&c.before, "usual-from", "find days above what was usual from `DAY` until -from")
	set.Uint64Var(&c.times, "times", 3, "by more than `N` times")
	set.StringVar(&c.by, "by", "", "record the review in the log, as done by the user `ID`")
	set.StringVar(&c.note, "note", "", "what the reviewer says of it: a `TEXT` that is sealed")
	set.StringVar(&c.governance, "record", "org/reviews", "the organisation's chain `NAME` in which it is recorded")
	set.StringVar(&c.origin, "origin", "", "the log's origin, to record the review")
	set.BoolVar(&c.asJSON, "json", false, "print it as JSON")
}

func (*examine) words() (from, to int) { return 0, 0 }

// writes says that the store is opened for writing.
func (c *examine) writes() bool { return c.by != "" }

// An examination is the JSON form of the result.
type examination struct {
	Schema   string          `json:"schema"`
	Entries  uint64          `json:"entries"`
	Ranges   []review.Range  `json:"ranges"`
	Findings review.Findings `json:"findings"`
	Recorded *recorded       `json:"recorded,omitempty"`
}

type recorded struct {
	Chain string `json:"chain"`
	Seq   uint64 `json:"seq"`
}

func (c *examine) run(ctx context.Context, s *auditfile.Store, _ []string, stdout io.Writer) (err error) {
	list, err := chains(ctx, s, c.chain, func(name string) bool { return strings.HasPrefix(name, c.vault.tenants) })
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errors.New("the log has no chain of a tenant: name a chain with -chain")
	}
	if c.by != "" {
		if c.origin == "" {
			return errors.New("-origin is required to record the review")
		}
		if _, err := audit.VerifyAll(ctx, s, &audit.VerifyOptions{Origin: c.origin}); err != nil {
			return err
		}
	}
	query := review.Query{From: c.from.Time, Until: c.until.Time}
	reading, err := review.NewReading(s, query, list...)
	if err != nil {
		return err
	}
	out := examination{Schema: "baakit.auditlog.review/1", Findings: review.Findings{}}
	rules, err := c.findings(ctx, s, reading, list, &out)
	if err != nil {
		return err
	}
	if out.Ranges, err = reading.Ranges(ctx); err != nil {
		return err
	}
	if c.by != "" {
		if err := c.log(ctx, s, query, rules, &out); err != nil {
			return err
		}
	}
	text := out.Findings.Text()
	if out.Recorded != nil {
		text += fmt.Sprintf("\nrecorded as entry %d of %s", out.Recorded.Seq, out.Recorded.Chain)
	}
	return print(stdout, out, fmt.Sprintf("%d entries were looked at.\n%s", out.Entries, text), c.asJSON)
}

// findings applies the patterns, each in a pass of its own: none holds more
// than it needs.
func (c *examine) findings(ctx context.Context, s audit.Store, reading *review.Reading, chains []string, out *examination) (rules []string, err error) {
	take := func(seq func(func(review.Finding, error) bool)) error {
		for f, err := range seq {
			if err != nil {
				return err
			}
			out.Findings = append(out.Findings, f)
		}
		return nil
	}
	if err := take(review.BreakGlass(review.Count(reading.Entries(ctx), &out.Entries))); err != nil {
		return nil, err
	}
	if err := take(review.FailedLogins(reading.Entries(ctx), review.LoginRule{AtLeast: c.logins, Within: c.within})); err != nil {
		return nil, err
	}
	rules = []string{"break_glass", "failed_logins"}
	if !c.before.IsZero() {
		if c.from.IsZero() {
			return nil, errors.New("-usual-from needs -from, where what was usual ends")
		}
		last := baakit.DateOf(c.from.Time, time.UTC).AddDays(-1)
		earlier, err := review.NewReading(s, review.Query{Until: c.from.Time}, chains...)
		if err != nil {
			return nil, err
		}
		usual, err := review.Baselines(earlier.Entries(ctx), c.before.Date, last, time.UTC)
		if err != nil {
			return nil, err
		}
		rule := review.VolumeRule{Times: c.times, Of: 1}
		if err := take(review.Volume(reading.Entries(ctx), func(actor string) review.Baseline { return usual[actor] }, rule)); err != nil {
			return nil, err
		}
		rules = append(rules, "volume")
	}
	slices.SortStableFunc(out.Findings, func(a, b review.Finding) int { return a.First.Compare(b.First) })
	return rules, nil
}

// log appends the review to the organisation's chain.
func (c *examine) log(ctx context.Context, s *auditfile.Store, query review.Query, rules []string, out *examination) (err error) {
	done := review.Review{
		Reviewer: c.by, At: time.Now().UTC().Truncate(time.Microsecond), Query: query, Ranges: out.Ranges, Rules: rules,
		Entries: out.Entries, Findings: len(out.Findings), Note: c.note,
	}
	e, err := done.Event()
	if err != nil {
		return err
	}
	keys, err := c.vault.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.close()) }()
	return record(ctx, s, c.origin, keys.sealer, func(log *audit.Log) error {
		r, err := log.Append(ctx, c.governance, e)
		if err == nil {
			out.Recorded = &recorded{r.Chain, r.Seq}
		}
		return err
	})
}
