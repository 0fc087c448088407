package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

func TestMailFolder(t *testing.T) {
	t.Parallel()
	subprocessortest.TestSender(t, func(t testing.TB) subprocessortest.SenderUnderTest {
		m := mailFolder{t.TempDir()}
		return subprocessortest.SenderUnderTest{Sender: m, Once: true, Received: func(key string) (all [][]byte) {
			if data, err := os.ReadFile(filepath.Join(m.dir, key+".eml")); err == nil {
				all = append(all, data)
			}
			return all
		}}
	})
}
