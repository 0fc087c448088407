// Oracles, browsers, databases and servers that this library is tested
// against and that its users must not inherit.
module github.com/baakit/baakit/internal/conformance

go 1.26.0

replace github.com/baakit/baakit => ../..

require (
	cloud.google.com/go v0.123.0
	github.com/baakit/baakit v0.0.0-00010101000000-000000000000
	pgregory.net/rapid v1.3.0
)

require github.com/rickar/cal/v2 v2.1.26 // indirect
