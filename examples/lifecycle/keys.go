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
	"github.com/baakit/baakit/audit/auditkeys"
)

// keys sign the checkpoints and seal what is confidential. This story keeps
// them in a folder beside the log, because it has to find them again; in
// earnest they are in a KMS or on another machine.
type keys struct {
	signer       *audit.Signer
	certificates crypto.Signer
	sealer       audit.Sealer
	ofTenants    *auditkeys.Sealer // the same; nil in memory
	ring         *auditkeys.Ring   // nil in memory
}

var (
	errKeysGone = errors.New("there is a log, but the keys in " + keysFolder + " are gone")
	errNoKey    = errors.New("a file in " + keysFolder + " holds no private key")
)

// openKeys reads the keys in a folder, and makes them for a new log.
//
// What is sealed is sealed under the keys of a ring: the organisation's for
// the domain chains, the tenant's and one of each patient for the accesses.
func openKeys(dir string, fresh bool) (*keys, error) {
	kept := func(name string, create func() ([]byte, error)) ([]byte, error) {
		return keyFile(filepath.Join(dir, name), fresh, create)
	}
	k, err := newKeys(kept)
	if err != nil {
		return nil, err
	}
	master, err := kept("master.key", func() ([]byte, error) {
		b := make([]byte, auditkeys.KeySize)
		_, err := rand.Read(b)
		return b, err
	})
	if err != nil {
		return nil, err
	}
	if k.ring, err = auditkeys.OpenRing(filepath.Join(dir, "ring"), auditkeys.MasterKey(master), &auditkeys.RingOptions{MustExist: !fresh}); err != nil {
		return nil, err
	}
	k.ofTenants, err = auditkeys.New(k.ring, auditkeys.ByPrefix("t/", "org"), &auditkeys.Options{Mode: auditkeys.Stored})
	k.sealer = k.ofTenants
	return k, err
}

// rehearsalKeys are keys in memory, that nobody keeps.
func rehearsalKeys() (*keys, error) {
	k, err := newKeys(func(_ string, create func() ([]byte, error)) ([]byte, error) { return create() })
	if err != nil {
		return nil, err
	}
	k.sealer = audit.Unencrypted{TokenKey: []byte("rehearsal")}
	return k, nil
}

func (k *keys) close() error {
	if k.ring == nil {
		return nil
	}
	return k.ring.Close()
}

// newKeys makes the signing keys of what kept returns: what is kept under a name, or
// what create makes.
func newKeys(kept func(name string, create func() ([]byte, error)) ([]byte, error)) (*keys, error) {
	signing, err := privateKey(kept, "checkpoints.pem")
	if err != nil {
		return nil, err
	}
	signer, err := audit.NewSigner(signing)
	if err != nil {
		return nil, err
	}
	certificates, err := privateKey(kept, "certificates.pem")
	if err != nil {
		return nil, err
	}
	return &keys{signer: signer, certificates: certificates}, nil
}

// privateKey returns an Ed25519 key as PKCS #8 in PEM.
func privateKey(kept func(name string, create func() ([]byte, error)) ([]byte, error), name string) (crypto.Signer, error) {
	data, err := kept(name, func() ([]byte, error) {
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
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errNoKey
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if key, ok := private.(ed25519.PrivateKey); err == nil && ok {
		return key, nil
	}
	return nil, errNoKey
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
