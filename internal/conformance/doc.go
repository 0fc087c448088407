// Package conformance is the root of a nested module: one folder for each
// package of the library, with the tests that need somebody else's code to
// compare with or a real server, database or browser to talk to.
package conformance
