package deid

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/baakit/baakit"
)

// A ZIPTable names the census by which three digits of a ZIP code may stay:
// 45 CFR 164.514(b)(2)(i)(B).
type ZIPTable string

const (
	// ZIPUnion lets a prefix stay only if the 2020 Census proves it above
	// the threshold and the list that HHS drew from Census 2000 does not
	// name it. It is the default.
	ZIPUnion ZIPTable = "union"

	// ZIP2020 goes by the 2020 Census alone.
	ZIP2020 ZIPTable = "2020"
)

// ZIPInfo says where a [ZIPTable] comes from, for the report.
type ZIPInfo struct {
	Table       ZIPTable          `json:"table"`
	CensusYears []int             `json:"census_years"`
	MoreThan    int               `json:"more_than"`
	Kept        int               `json:"kept_prefixes"`
	Confidence  baakit.Confidence `json:"confidence"`
	SHA256      string            `json:"sha256"`
}

type zipLaw struct {
	Citation   string            `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	MoreThan   int               `json:"more_than"`
	Tables     []struct {
		CensusYear  int               `json:"census_year"`
		Confidence  baakit.Confidence `json:"confidence"`
		Restricted  []string          `json:"restricted"`
		Populations map[string]int    `json:"populations"`
	} `json:"tables"`
}

//go:embed law/zip3.json
var zip3JSON []byte

// zipSet is the allow-list of one table, by the number of the prefix.
type zipSet struct {
	proven [1000]bool // by the newest census
	listed [1000]bool // as restricted, by an older one
	info   ZIPInfo
}

func (s *zipSet) keeps(prefix int) bool { return s.proven[prefix] && !s.listed[prefix] }

var zipTables = sync.OnceValue(func() map[ZIPTable]*zipSet {
	var law zipLaw
	if err := json.Unmarshal(zip3JSON, &law); err != nil {
		panic(fmt.Sprintf("deid: the embedded ZIP table is broken: %v", err))
	}
	sum := sha256.Sum256(zip3JSON)
	union, census := &zipSet{}, &zipSet{}
	for _, set := range []*zipSet{union, census} {
		set.info = ZIPInfo{MoreThan: law.MoreThan, SHA256: hex.EncodeToString(sum[:]), Confidence: law.Confidence}
	}
	union.info.Table, census.info.Table = ZIPUnion, ZIP2020
	for _, table := range law.Tables {
		var sets []*zipSet
		switch table.CensusYear {
		case 2020:
			sets = []*zipSet{union, census}
			for prefix, people := range table.Populations {
				n, ok := zipPrefix([]byte(prefix))
				if !ok {
					panic("deid: the embedded ZIP table names a prefix that is none")
				}
				union.proven[n] = people > law.MoreThan
				census.proven[n] = union.proven[n]
			}
		case 2000:
			sets = []*zipSet{union}
			for _, prefix := range table.Restricted {
				n, ok := zipPrefix([]byte(prefix))
				if !ok {
					panic("deid: the embedded ZIP table names a prefix that is none")
				}
				union.listed[n] = true
			}
		}
		for _, set := range sets {
			set.info.CensusYears = append(set.info.CensusYears, table.CensusYear)
			set.info.Confidence = baakit.Weakest(set.info.Confidence, table.Confidence)
		}
	}
	union.info.Kept = union.count()
	census.info.Kept = census.count()
	return map[ZIPTable]*zipSet{ZIPUnion: union, ZIP2020: census}
})

func (s *zipSet) count() int {
	n := 0
	for prefix := range s.proven {
		if s.keeps(prefix) {
			n++
		}
	}
	return n
}

// Info returns where the table comes from; ok is false for a table that does
// not exist. The empty ZIPTable is [ZIPUnion].
func (t ZIPTable) Info() (info ZIPInfo, ok bool) {
	set := t.set()
	if set == nil {
		return ZIPInfo{}, false
	}
	return set.info, true
}

func (t ZIPTable) set() *zipSet {
	if t == "" {
		t = ZIPUnion
	}
	return zipTables()[t]
}

// ZIP3 returns the three digits that may stand for a ZIP code, or "000".
//
// 45 CFR 164.514(b)(2)(i)(B): the first three digits stay only if all ZIP
// codes that begin with them together hold more than 20,000 people. A prefix
// that the table does not prove to be above that, a military or unassigned
// one included, becomes "000", and so does everything that is not a ZIP code
// of five digits, a ZIP+4 with or without its hyphen, or three digits. An
// unknown table keeps nothing.
func (t ZIPTable) ZIP3(zip string) string {
	set := t.set()
	if set == nil {
		return "000"
	}
	return string(set.append3(nil, []byte(zip)))
}

func (s *zipSet) append3(dst, zip []byte) []byte {
	n, ok := zipPrefix(zip)
	if !ok || !s.keeps(n) {
		return append(dst, "000"...)
	}
	return append(dst, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
}

// zipPrefix returns the first three digits of a ZIP code as a number.
func zipPrefix(zip []byte) (int, bool) {
	zip = trimSpace(zip)
	switch len(zip) {
	case 3, 5, 9:
	case 10:
		if zip[5] != '-' && zip[5] != ' ' {
			return 0, false
		}
	default:
		return 0, false
	}
	for i, c := range zip {
		if !isDigit(c) && (len(zip) != 10 || i != 5) {
			return 0, false
		}
	}
	return int(zip[0]-'0')*100 + int(zip[1]-'0')*10 + int(zip[2]-'0'), true
}

// stateWords are the codes and names of the States in lower case, where a
// State is what 45 CFR 160.103 says it is.
var stateWords = sync.OnceValue(func() map[string]bool {
	words := make(map[string]bool)
	for j := range baakit.Jurisdictions() {
		if j.IsHIPAAState() {
			words[strings.ToLower(j.Code())] = true
			words[strings.ToLower(j.Name())] = true
		}
	}
	return words
})

// stateCodes are those of stateWords that have two letters, by their letters.
var stateCodes = sync.OnceValue(func() *[26 * 26]bool {
	codes := new([26 * 26]bool)
	for word := range stateWords() {
		if len(word) == 2 {
			codes[int(word[0]-'a')*26+int(word[1]-'a')] = true
		}
	}
	return codes
})

// IsState reports whether s is the code or the name of a State as 45 CFR
// 160.103 defines it, in any case. What is not a State may be something
// smaller, and goes.
func IsState(s string) bool { return isState([]byte(s)) }

func isState(b []byte) bool {
	b = trimSpace(b)
	if len(b) == 2 {
		return isAlpha(b[0]) && isAlpha(b[1]) && stateCodes()[int(b[0]|0x20-'a')*26+int(b[1]|0x20-'a')]
	}
	var buf [40]byte
	if len(b) > len(buf) {
		return false
	}
	return stateWords()[string(appendLower(buf[:0], b))]
}
