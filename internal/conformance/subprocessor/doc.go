// Package subprocessor has the tests of the vendor list that need a browser, a
// mail server or somebody else's reading of a schema.
package subprocessor
