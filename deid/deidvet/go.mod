// The analyzer of struct tags stands in a module of its own, which needs
// nothing of the library: go install can build it, and no user of the library
// inherits golang.org/x/tools.
module github.com/baakit/baakit/deid/deidvet

go 1.26.0

require golang.org/x/tools v0.52.0

require (
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
)
