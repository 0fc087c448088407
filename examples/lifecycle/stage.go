package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
)

// A stage is where the acts play: the case, the folder for their files, the
// audience, and the facts that one act leaves for the next.
type stage struct {
	c         *caseFile
	dir       string
	rehearsal bool // in memory: dir is empty

	out   io.Writer
	json  bool
	told  []*telling
	facts map[string]any

	log     *storyLog
	post    post
	written []string
	kept    []keptState
	summary summary
}

// A telling is what an act told.
type telling struct {
	Act    string   `json:"act"`
	Title  string   `json:"title"`
	Facts  factList `json:"facts"`
	number int
	blocks []template.HTML // of the report
	cites  []string
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

// newStage opens the folder, an empty name being a fresh temporary one, and
// checks that it is of this case. A nil sender is the folder sent.
func newStage(ctx context.Context, c *caseFile, dir string, sender subprocessor.Sender) (*stage, error) {
	var err error
	if dir == "" {
		dir, err = os.MkdirTemp("", "baakit-lifecycle-")
	} else {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("-dir: %w", err)
	}
	s := &stage{c: c, dir: dir, out: io.Discard, facts: make(map[string]any)}
	if s.log, err = openStoryLog(ctx, dir); err != nil {
		return nil, fmt.Errorf("the log in %s: %w", dir, err)
	}
	if err = s.belongs(); err == nil {
		err = s.sweep()
	}
	if err == nil {
		s.post, err = openPost(dir, sender)
	}
	if err != nil {
		return nil, errors.Join(err, s.log.shut())
	}
	return s, nil
}

// newRehearsal is a stage in memory, without an audience.
func newRehearsal(c *caseFile) (*stage, error) {
	log, err := rehearsalLog()
	return &stage{c: c, rehearsal: true, out: io.Discard, facts: make(map[string]any), log: log, post: nowhere{}}, err
}

func (s *stage) close(ctx context.Context) error {
	return errors.Join(s.post.close(), s.log.finish(ctx), s.log.keys.close())
}

func (s *stage) begin() { s.say("The files of this story are in %s", s.dir) }

// raise begins an act.
func (s *stage) raise(n int, a act) {
	s.told = append(s.told, &telling{Act: a.name(), Title: a.title(), Facts: factList{}, number: n})
	s.say("")
	s.say("ACT %d  %s", n, a.title())
	s.say("%s", strings.Repeat("-", 78))
}

// now is what the act that plays has told.
func (s *stage) now() *telling { return s.told[len(s.told)-1] }

// say prints a line that is for the terminal only.
func (s *stage) say(format string, args ...any) {
	if !s.json {
		fmt.Fprintf(s.out, format+"\n", args...)
	}
}

// tell tells a paragraph, on the terminal and in the report.
func (s *stage) tell(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.text(paragraphText, text)
	s.say("%s", wrap(text, 78))
	s.say("")
}

// warn tells what somebody should look at.
func (s *stage) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.text(warningText, text)
	s.say("%s", wrap(text, 78))
	s.say("")
}

// table tells rows in columns, on the terminal and in the report; the first
// row is the head.
func (s *stage) table(caption string, rows [][]string) {
	s.text(tableText, map[string]any{"Caption": caption, "Head": rows[0], "Rows": rows[1:]})
	s.say("%s:", caption)
	s.say("")
	s.say("%s\n", columns(rows))
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
	now := s.now()
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

// end writes the report and says where everything is.
func (s *stage) end() error {
	if s.rehearsal {
		return nil
	}
	if err := s.writeReport(); err != nil {
		return err
	}
	s.say("Look at %s first.", filepath.Join(s.dir, reportName))
	s.say("%s", wrap("Also there: "+strings.Join(s.written, ", ")+"; the log is in "+logFolder+", and what in earnest is kept on other machines in elsewhere.", 78))
	if !s.json {
		return nil
	}
	enc := json.NewEncoder(s.out)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Schema string     `json:"schema"`
		Dir    string     `json:"dir"`
		Acts   []*telling `json:"acts"`
	}{"baakit.lifecycle/1", s.dir, s.told})
}
