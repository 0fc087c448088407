package retentionpdf_test

import (
	"os"

	"github.com/baakit/baakit/retention"
	"github.com/baakit/baakit/retention/retentionpdf"
)

// A certificate as a document to print, sign and file.
func Example() {
	_ = func(certificate retention.Certificate, name string) error {
		data, err := retentionpdf.Certificate(certificate)
		if err != nil {
			return err
		}
		return os.WriteFile(name, data, 0o600)
	}
}
