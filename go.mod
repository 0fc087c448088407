module github.com/baakit/baakit

go 1.26.0

require (
	github.com/rickar/cal/v2 v2.1.26
	pgregory.net/rapid v1.3.0
)

require github.com/google/go-cmp v0.7.0

require github.com/shopspring/decimal v1.6.0
