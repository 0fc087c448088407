//go:build unix

// Package deidvault_test runs the database vault of the code on real
// databases.
package deidvault_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // the driver

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidsql"
	"github.com/baakit/baakit/deid/deidtest"
	"github.com/baakit/baakit/internal/conformance/postgres"
)

var key = []byte("0123456789abcdef0123456789abcdef")

// databases are the real ones, each as a function that opens a fresh one.
var databases = []struct {
	dialect deidsql.Dialect
	open    func(t testing.TB) *sql.DB
}{
	{deidsql.SQLite, openSQLite},
	{deidsql.PostgreSQL, postgres.Open},
}

func openSQLite(t testing.TB) *sql.DB {
	t.Helper()
	name := filepath.Join(t.TempDir(), "vault.db")
	db, err := sql.Open("sqlite", "file:"+name+"?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func vault(t testing.TB, db *sql.DB, dialect deidsql.Dialect, key []byte) *deidsql.Vault {
	t.Helper()
	v, err := deidsql.Open(t.Context(), db, dialect, key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVault(t *testing.T) {
	for _, d := range databases {
		t.Run(string(d.dialect), func(t *testing.T) {
			handles := make(map[deid.Vault]*sql.DB)
			open := func(t *testing.T) deid.Vault {
				db := d.open(t)
				v := vault(t, db, d.dialect, key)
				handles[v] = db
				return v
			}
			deidtest.TestVault(t, open, func(t *testing.T, v deid.Vault) deid.Vault {
				db := handles[v]
				again := vault(t, db, d.dialect, key)
				handles[again] = db
				return again
			})
		})
	}
}

// Several processes on one table are several vaults on it: all give the same
// codes, and opening at the same time makes one table.
func TestSeveralVaultsOnOneTable(t *testing.T) {
	for _, d := range databases {
		t.Run(string(d.dialect), func(t *testing.T) {
			db := d.open(t)
			const vaults, ids = 6, 40
			var got [vaults][ids]deid.Code
			var all sync.WaitGroup
			for i := range vaults {
				all.Go(func() {
					v, err := deidsql.Open(t.Context(), db, d.dialect, key)
					if err != nil {
						t.Errorf("Open: %v", err)
						return
					}
					for n := range ids {
						id := (n*7 + i) % ids
						c, err := v.Code(t.Context(), "release", "mrn", fmt.Appendf(nil, "MR-%d", id))
						if err != nil {
							t.Errorf("Code: %v", err)
							return
						}
						got[i][id] = c
					}
				})
			}
			all.Wait()
			for i := range vaults {
				if got[i] != got[0] {
					t.Fatal("vaults on one table gave different codes")
				}
			}
			var rows int
			if err := db.QueryRow("SELECT count(*) FROM baakit_deid_code").Scan(&rows); err != nil || rows != ids {
				t.Fatalf("the table has %d rows (%v), want %d", rows, err, ids)
			}
		})
	}
}

// What is in the table says nothing of identifiers or codes.
func TestTableIsSealed(t *testing.T) {
	for _, d := range databases {
		t.Run(string(d.dialect), func(t *testing.T) {
			db := d.open(t)
			v := vault(t, db, d.dialect, key)
			const id = "Zebulon-918273"
			c, err := v.Code(t.Context(), "release 7", "mrn", []byte(id))
			if err != nil {
				t.Fatal(err)
			}
			var lookup, back, sealed []byte
			if err := db.QueryRow("SELECT lookup, back, sealed FROM baakit_deid_code").Scan(&lookup, &back, &sealed); err != nil {
				t.Fatal(err)
			}
			stored := string(lookup) + "|" + string(back) + "|" + string(sealed)
			for _, secret := range []string{id, "Zebulon", "918273", "release 7", c.String(), string(c[:])} {
				if strings.Contains(stored, secret) {
					t.Error("the table holds an identifier, a scope or a code in the clear")
				}
			}
			other := vault(t, db, d.dialect, []byte("another key of thirty-two bytes!"))
			if n, err := other.Code(t.Context(), "release 7", "mrn", []byte(id)); err != nil || n == c {
				t.Errorf("under another key the vault gave %v; it must not find the code", err)
			}
			// A row that was changed, or put in the place of another, is refused.
			if _, err := db.Exec("UPDATE baakit_deid_code SET sealed = (SELECT sealed FROM baakit_deid_code ORDER BY lookup LIMIT 1)"); err != nil {
				t.Fatal(err)
			}
			_, err1 := v.Code(t.Context(), "release 7", "mrn", []byte(id))
			_, err2 := other.Code(t.Context(), "release 7", "mrn", []byte(id))
			if !errors.Is(err1, deid.ErrVaultKey) && !errors.Is(err2, deid.ErrVaultKey) {
				t.Error("a row with the content of another was taken")
			}
		})
	}
}

// A database that goes away gives an error without the identifier, and no
// code.
func TestDatabaseGone(t *testing.T) {
	for _, d := range databases {
		t.Run(string(d.dialect), func(t *testing.T) {
			db := d.open(t)
			v := vault(t, db, d.dialect, key)
			db.Close()
			c, err := v.Code(context.Background(), "release", "mrn", []byte("Zebulon-918273"))
			if !errors.Is(err, deid.ErrVault) || !c.IsZero() || strings.Contains(err.Error(), "Zebulon") {
				t.Errorf("Code = %v, %v; want no code and ErrVault without the identifier", c.IsZero(), err)
			}
		})
	}
}
