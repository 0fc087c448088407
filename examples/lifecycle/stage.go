package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/baakit/baakit"
)

// A stage is where the acts play: the case, the folder for their files, the
// audience, and the facts that one act leaves for the next.
type stage struct {
	c   *caseFile
	dir string

	out   io.Writer
	json  bool
	told  []actFacts
	facts map[string]any

	log     *eventLog
	written []string
	kept    []keptState
	report  []section
}

type actFacts struct {
	Act   string   `json:"act"`
	Title string   `json:"title"`
	Facts factList `json:"facts"`
}

// A factList keeps the order in which an act stated its facts.
type factList []fact

type fact struct {
	key   string
	value any
}

func (l factList) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range l {
		key, err := json.Marshal(f.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, fmt.Errorf("fact %s: %w", f.key, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s:%s", key, value)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// newStage makes the folder; an empty name is a fresh temporary one.
func newStage(c *caseFile, dir string, out io.Writer, asJSON bool) (*stage, error) {
	var err error
	if dir == "" {
		dir, err = os.MkdirTemp("", "baakit-lifecycle-")
	} else {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("-dir: %w", err)
	}
	log, err := openEventLog(dir)
	if err != nil {
		return nil, err
	}
	return &stage{c: c, dir: dir, out: out, json: asJSON, facts: make(map[string]any), log: log}, nil
}

func (s *stage) begin() { s.say("The files of this story are in %s", s.dir) }

// raise begins an act.
func (s *stage) raise(n int, a act) {
	s.told = append(s.told, actFacts{Act: a.name(), Title: a.title(), Facts: factList{}})
	s.say("")
	s.say("ACT %d  %s", n, a.title())
	s.say("%s", strings.Repeat("-", 78))
}

// say tells a line of the story.
func (s *stage) say(format string, args ...any) {
	if !s.json {
		fmt.Fprintf(s.out, format+"\n", args...)
	}
}

// table tells rows in columns; the first row is the head.
func (s *stage) table(rows [][]string) {
	if s.json {
		return
	}
	var width []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString("  " + cell + strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)))
		}
		s.say("%s", strings.TrimRight(line.String(), " "))
	}
}

// fact states a fact of the act that plays: it goes into the JSON output, and
// later acts read it as "act.key". It must be a value of the root vocabulary
// or of a basic type, so that no act depends on another's package.
func (s *stage) fact(key string, value any) {
	switch value.(type) {
	case baakit.Date, baakit.Period, baakit.Jurisdiction, baakit.Citation, baakit.Confidence, string, bool, int, []string, []baakit.Date:
	default:
		panic(fmt.Sprintf("fact %s: %T is not of the shared vocabulary", key, value))
	}
	now := &s.told[len(s.told)-1]
	now.Facts = append(now.Facts, fact{key, value})
	s.facts[now.Act+"."+key] = value
}

// recall returns a fact that an earlier act stated, by "act.key".
func recall[T any](s *stage, key string) (T, error) {
	value, ok := s.facts[key].(T)
	if !ok {
		return value, fmt.Errorf("no earlier act told %s as a %T", key, value)
	}
	return value, nil
}

// end replays the log, writes the report and closes the story.
func (s *stage) end() error {
	if err := s.replay(); err != nil {
		return err
	}
	if err := s.writeReport(); err != nil {
		return err
	}
	if len(s.written) > 0 {
		s.say("")
		s.say("Written to %s: %s.", s.dir, strings.Join(s.written, ", "))
	}
	if !s.json {
		return nil
	}
	enc := json.NewEncoder(s.out)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Schema string     `json:"schema"`
		Dir    string     `json:"dir"`
		Acts   []actFacts `json:"acts"`
	}{"baakit.lifecycle/1", s.dir, s.told})
}
