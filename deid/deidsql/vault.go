// Package deidsql keeps the codes of package deid in a database: a
// [deid.Vault] on database/sql, with the driver that the program brings.
//
// The table says nothing to who reads it without the key: it holds a keyed
// hash to find an entry by, and the entry itself, code and identifier,
// encrypted with AES-256-GCM for its row. Several processes, on several
// machines, may use one table at the same time and get the same codes.
//
// Nothing here is legal advice.
package deidsql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// A Dialect is the SQL of a database.
type Dialect string

const (
	// PostgreSQL is that of PostgreSQL 12 or newer.
	PostgreSQL Dialect = "postgresql"
	// SQLite is that of SQLite 3.24 or newer. A vault is as durable as the
	// database: with a journal in WAL mode set synchronous to FULL.
	SQLite Dialect = "sqlite"
)

// statements are what a vault says, for the table with the fixed name.
type statements struct{ create, find, insert, byCode string }

var dialects = map[Dialect]statements{
	PostgreSQL: {
		create: `CREATE TABLE IF NOT EXISTS baakit_deid_code (lookup BYTEA PRIMARY KEY, back BYTEA NOT NULL UNIQUE, sealed BYTEA NOT NULL)`,
		find:   `SELECT sealed FROM baakit_deid_code WHERE lookup = $1`,
		insert: `INSERT INTO baakit_deid_code (lookup, back, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		byCode: `SELECT lookup, sealed FROM baakit_deid_code WHERE back = $1`,
	},
	SQLite: {
		create: `CREATE TABLE IF NOT EXISTS baakit_deid_code (lookup BLOB PRIMARY KEY, back BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL)`,
		find:   `SELECT sealed FROM baakit_deid_code WHERE lookup = ?`,
		insert: `INSERT INTO baakit_deid_code (lookup, back, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		byCode: `SELECT lookup, sealed FROM baakit_deid_code WHERE back = ?`,
	},
}

// A Vault is a [deid.Vault] in the table baakit_deid_code. It is safe for
// concurrent use; make it with [Open]. It does not close the database.
type Vault struct {
	db     *sql.DB
	sql    statements
	sealer *deid.Sealer
}

var _ deid.Reidentifier = (*Vault)(nil)

// Open makes the table if there is none, and returns the vault. The key has 32
// bytes and comes from a key service or a secret store, never from the
// database. The errors are a [baakit.FieldError] for the dialect or the key,
// and [deid.ErrVault] with that of the database.
func Open(ctx context.Context, db *sql.DB, dialect Dialect, key []byte) (*Vault, error) {
	stmts, ok := dialects[dialect]
	if !ok {
		return nil, baakit.FieldError{Path: "dialect", Rule: "must be postgresql or sqlite"}
	}
	sealer, err := deid.NewSealer(key)
	if err != nil {
		return nil, err
	}
	if err := create(ctx, db, stmts.create); err != nil {
		return nil, fmt.Errorf("%w: %w", deid.ErrVault, err)
	}
	return &Vault{db, stmts, sealer}, nil
}

// create tries twice: two processes that create one table at the same time can
// stand in each other's way even with IF NOT EXISTS.
func create(ctx context.Context, db *sql.DB, statement string) error {
	_, err := db.ExecContext(ctx, statement)
	if err != nil && ctx.Err() == nil {
		_, err = db.ExecContext(ctx, statement)
	}
	return err
}

// Code implements [deid.Vault]. Its errors are [deid.ErrVaultKey] for a table
// under another key, and [deid.ErrVault] with that of the database or ctx.
func (v *Vault) Code(ctx context.Context, scope, namespace string, id []byte) (deid.Code, error) {
	if len(id) > deid.MaxID {
		return deid.Code{}, baakit.FieldError{Path: "id", Rule: "must have 65536 bytes at most"}
	}
	at := v.sealer.Lookup(scope, namespace, id)
	// A second round is for another caller who was first; a third one for a
	// code that was taken, once in 2^128.
	for range 3 {
		var sealed []byte
		switch err := v.db.QueryRowContext(ctx, v.sql.find, at).Scan(&sealed); {
		case err == nil:
			code, _, _, _, err := v.sealer.Open(at, sealed)
			return code, err
		case !errors.Is(err, sql.ErrNoRows):
			return deid.Code{}, fmt.Errorf("%w: %w", deid.ErrVault, err)
		}
		code := deid.NewCode()
		back := v.back(scope, namespace, code)
		result, err := v.db.ExecContext(ctx, v.sql.insert, at, back, v.sealer.Seal(at, code, scope, namespace, id))
		if err != nil {
			return deid.Code{}, fmt.Errorf("%w: %w", deid.ErrVault, err)
		}
		if n, err := result.RowsAffected(); err == nil && n == 1 {
			return code, nil
		}
	}
	return deid.Code{}, fmt.Errorf("%w: the row can neither be read nor written", deid.ErrVault)
}

// back is the keyed hash by which a code is found.
func (v *Vault) back(scope, namespace string, code deid.Code) []byte {
	return v.sealer.Lookup("code\x00"+scope, namespace, code[:])
}

// Reidentify implements [deid.Reidentifier].
func (v *Vault) Reidentify(ctx context.Context, scope, namespace string, code deid.Code) ([]byte, error) {
	var at, sealed []byte
	switch err := v.db.QueryRowContext(ctx, v.sql.byCode, v.back(scope, namespace, code)).Scan(&at, &sealed); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, deid.ErrNoCode
	case err != nil:
		return nil, fmt.Errorf("%w: %w", deid.ErrVault, err)
	}
	held, heldScope, heldNamespace, id, err := v.sealer.Open(at, sealed)
	if err != nil {
		return nil, err
	}
	if held != code || heldScope != scope || heldNamespace != namespace {
		return nil, deid.ErrVaultKey
	}
	return id, nil
}

// Format implements [fmt.Formatter] and prints nothing of what is inside.
func (v *Vault) Format(s fmt.State, _ rune) { io.WriteString(s, "deidsql.Vault(redacted)") }

// LogValue implements [slog.LogValuer] and logs nothing of what is inside.
func (v *Vault) LogValue() slog.Value { return slog.StringValue("deidsql.Vault(redacted)") }
