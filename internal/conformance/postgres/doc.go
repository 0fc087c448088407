// Package postgres starts a real PostgreSQL server for a test, on systems of
// the Unix kind.
package postgres
