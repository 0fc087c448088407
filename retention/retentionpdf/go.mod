module github.com/baakit/baakit/retention/retentionpdf

go 1.26.0

replace github.com/baakit/baakit => ../..

require (
	codeberg.org/go-pdf/fpdf v0.12.0
	github.com/baakit/baakit v0.0.0-00010101000000-000000000000
)

require github.com/rickar/cal/v2 v2.1.26 // indirect
