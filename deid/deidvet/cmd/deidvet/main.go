// Deidvet runs the analyzer of package deidvet: alone over packages, or as the
// tool of go vet, which is faster since it keeps the results of packages that
// did not change.
//
//	go install github.com/baakit/baakit/deid/deidvet/cmd/deidvet@latest
//	go vet -vettool=$(which deidvet) ./...
//	deidvet -fix ./...
package main

import (
	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/baakit/baakit/deid/deidvet"
)

func main() { singlechecker.Main(deidvet.Analyzer) }
