package auditslog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/strictjson"
)

// PositionsSchema is the schema of the file that [OpenPositions] reads.
const PositionsSchema = "baakit.auditslog.positions/1"

// ErrPositions says that a file does not hold positions.
var ErrPositions = errors.New("auditslog: not a file of positions")

// A PositionFile keeps positions in a file, which is replaced as a whole: a
// crash leaves the old one or the new one. It is safe for concurrent use by one
// process.
type PositionFile struct {
	path string

	mu     sync.Mutex
	chains map[string]uint64
}

type positionFile struct {
	Schema string            `json:"schema"`
	Chains map[string]uint64 `json:"chains"`
}

var _ Positions = (*PositionFile)(nil)

// OpenPositions opens a file of positions; if there is none it is made by the
// first SetPosition. Its errors are those of reading it, and [ErrPositions]: a
// file that cannot be read is not taken for an empty one.
func OpenPositions(path string) (*PositionFile, error) {
	p := &PositionFile{path: path, chains: make(map[string]uint64)}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("auditslog: %w", err)
	}
	if p.chains, err = parsePositions(data); err != nil {
		return nil, err
	}
	return p, nil
}

func parsePositions(data []byte) (map[string]uint64, error) {
	var f positionFile
	if err := strictjson.Decode(data, &f); err != nil || f.Schema != PositionsSchema || f.Chains == nil {
		return nil, ErrPositions
	}
	for chain := range f.Chains {
		if !audit.ValidChain(chain) {
			return nil, ErrPositions
		}
	}
	return f.Chains, nil
}

// Position implements [Positions].
func (p *PositionFile) Position(_ context.Context, chain string) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.chains[chain], nil
}

// SetPosition implements [Positions].
func (p *PositionFile) SetPosition(_ context.Context, chain string, next uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, had := p.chains[chain]
	p.chains[chain] = next
	if err := p.save(); err != nil {
		if p.chains[chain] = before; !had {
			delete(p.chains, chain)
		}
		return fmt.Errorf("auditslog: %w", err)
	}
	return nil
}

func (p *PositionFile) save() (err error) {
	data, err := json.Marshal(positionFile{PositionsSchema, p.chains})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(p.path), filepath.Base(p.path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(append(data, '\n')); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), p.path); err != nil {
		return err
	}
	return journal.OS{}.SyncDir(filepath.Dir(p.path))
}
