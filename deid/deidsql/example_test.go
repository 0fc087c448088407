package deidsql_test

import (
	"context"
	"database/sql"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidsql"
)

// A vault in PostgreSQL, with the driver that the program imports.
func Example() {
	_ = func(ctx context.Context, db *sql.DB, key []byte, policy *deid.Policy) (*deid.Engine, error) {
		vault, err := deidsql.Open(ctx, db, deidsql.PostgreSQL, key)
		if err != nil {
			return nil, err
		}
		return deid.New(policy, &deid.Options{Vault: vault, Scope: "registry 2026"})
	}
}
