package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The folders of a story that hold PHI in clear: what the vendor keeps for the
// customer, until it is destroyed, and what it hands over to it.
const (
	custodyFolder  = "custody"
	handoverFolder = "handed-over"
)

// A holding is one copy of the customer's PHI, as a file in custody.
type holding struct {
	asset  string
	data   []byte
	count  int64
	sha256 string
}

// A chart is what the story needs of a record of records.json.
type chart struct {
	MRN     string `json:"mrn"`
	Patient struct {
		Name string `json:"name"`
	} `json:"patient"`
	Visits []struct {
		Code string `json:"code"`
	} `json:"visits"`
}

func (c *caseFile) charts() ([]chart, error) {
	var list []chart
	return list, json.Unmarshal(c.files[recordsJSON], &list)
}

// holdings are all copies: the charts, what is billed, the search index and
// the backup.
func (c *caseFile) holdings() ([]holding, error) {
	charts, err := c.charts()
	if err != nil {
		return nil, err
	}
	type line struct{ MRN, Code string }
	var billing []line
	index := make(map[string]string)
	for _, r := range charts {
		index[r.Patient.Name] = r.MRN
		for _, v := range r.Visits {
			billing = append(billing, line{r.MRN, v.Code})
		}
	}
	list := []holding{{asset: "charts", data: c.files[recordsJSON], count: int64(len(charts))}}
	for _, h := range []struct {
		asset string
		of    any
		count int
	}{{"billing", billing, len(billing)}, {"search", index, len(index)}} {
		data, err := json.MarshalIndent(h.of, "", "  ")
		if err != nil {
			return nil, err
		}
		list = append(list, holding{asset: h.asset, data: append(data, '\n'), count: int64(h.count)})
	}
	list = append(list, holding{asset: "snapshots", data: c.files[recordsJSON], count: int64(len(charts))})
	for i := range list {
		sum := sha256.Sum256(list[i].data)
		list[i].sha256 = hex.EncodeToString(sum[:])
	}
	return list, nil
}

func (s *stage) custody(asset string) string {
	return filepath.Join(s.dir, custodyFolder, asset+".json")
}

// hold writes a copy into custody, unless the log says that it is destroyed.
func (s *stage) hold(h holding) error {
	if s.rehearsal || s.log.has(destroyedChain, destroyedKind, h.asset) {
		return nil
	}
	return writeFile(s.custody(h.asset), h.data)
}

// Who destroys a copy records it afterwards under this kind.
const (
	destroyedChain = "org/custody"
	destroyedKind  = "custody.destroyed"
)

// destroy removes a copy from custody. Destroying it again does nothing.
func (s *stage) destroy(asset string) error {
	if s.rehearsal {
		return nil
	}
	name := s.custody(asset)
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(make([]byte, info.Size())) // overwritten before it goes
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Remove(name)
}

// export is the FHIR bundle as bulk data, one resource on a line, as it is
// handed over to the customer.
func (c *caseFile) export() ([]byte, error) {
	var bundle struct {
		Entry []struct {
			Resource json.RawMessage `json:"resource"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(c.files[bundleJSON], &bundle); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, e := range bundle.Entry {
		if err := json.Compact(&b, e.Resource); err != nil {
			return nil, err
		}
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// distinct is how long a text must be so that it is not found by chance in what
// is encrypted.
const distinct = 8

// search looks for the patients in every file of the story but those that were
// handed over, and returns how many files it read. Their numbers and names are
// nowhere in clear once everything is destroyed. What is too short to be told
// from chance is not looked for.
func (s *stage) search() (int, error) {
	charts, err := s.c.charts()
	if err != nil {
		return 0, err
	}
	files := 0
	err = filepath.WalkDir(s.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == handoverFolder {
				return fs.SkipDir
			}
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files++
		for _, r := range charts {
			for _, id := range append(strings.Fields(r.Patient.Name), r.MRN, r.Patient.Name) {
				if len(id) >= distinct && bytes.Contains(data, []byte(id)) {
					return fmt.Errorf("a patient is still in %s", name)
				}
			}
		}
		return nil
	})
	return files, err
}
