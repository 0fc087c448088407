package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/baakit/baakit/audit"
)

// keys sign the checkpoints and seal what is confidential. This story keeps
// them in a folder beside the log, because it has to find them again; in
// earnest they are in a KMS or on another machine.
type keys struct {
	signer *audit.Signer
	sealer audit.Sealer
}

var errKeysGone = errors.New("there is a log, but the keys in " + keysFolder + " are gone")

// openKeys reads the keys in a folder, and makes them for a new log.
func openKeys(dir string, fresh bool) (*keys, error) {
	signing, err := keyFile(filepath.Join(dir, "checkpoints.pem"), fresh, func() ([]byte, error) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(private)
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
	})
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(signing)
	if block == nil {
		return nil, errors.New(keysFolder + "/checkpoints.pem: must hold a private key")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New(keysFolder + "/checkpoints.pem: must hold a private key")
	}
	key, ok := private.(crypto.Signer)
	if !ok {
		return nil, audit.ErrKey
	}
	signer, err := audit.NewSigner(key)
	if err != nil {
		return nil, err
	}
	token, err := keyFile(filepath.Join(dir, "tokens.key"), fresh, func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return b, err
	})
	if err != nil {
		return nil, err
	}
	return &keys{signer: signer, sealer: audit.Unencrypted{TokenKey: token}}, nil
}

// keyFile returns what is in a file, or makes the file where it may.
func keyFile(name string, fresh bool, create func() ([]byte, error)) ([]byte, error) {
	data, err := os.ReadFile(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	if !fresh {
		return nil, errKeysGone
	}
	if data, err = create(); err != nil {
		return nil, err
	}
	return data, writeFile(name, data)
}
