package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/baakit/baakit/audit"
)

// A trust is what came from elsewhere: a checkpoint and the log's key.
type trust struct{ checkpoint, key string }

func (t *trust) flags(set *flag.FlagSet) {
	set.StringVar(&t.checkpoint, "checkpoint", "", "compare with the checkpoint in `FILE`")
	set.StringVar(&t.key, "key", "", "check its signature with the public key in `FILE`")
}

// read returns the signed note and what verifies it; both nil if none is given.
func (t *trust) read() ([]byte, *audit.Verifier, error) {
	if t.checkpoint == "" && t.key == "" {
		return nil, nil, nil
	}
	if t.checkpoint == "" || t.key == "" {
		return nil, nil, errors.New("-checkpoint and -key belong together")
	}
	signed, err := readFile(t.checkpoint)
	if err != nil {
		return nil, nil, fmt.Errorf("-checkpoint: %w", err)
	}
	text, err := readFile(t.key)
	if err != nil {
		return nil, nil, fmt.Errorf("-key: %w", err)
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, nil, fmt.Errorf("-key: %w", err)
	}
	v, err := audit.NewVerifier(key)
	if err != nil {
		return nil, nil, fmt.Errorf("-key: %w", err)
	}
	return signed, v, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 1<<20))
}

func parseKey(text []byte) (crypto.PublicKey, error) {
	if block, _ := pem.Decode(text); block != nil {
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, errors.New("not a public key in PEM")
		}
		return key, nil
	}
	// A verifier key: name+hash+base64, where the first byte is the algorithm.
	parts := strings.SplitN(string(bytes.TrimSpace(text)), "+", 3)
	if len(parts) == 3 {
		raw, err := base64.StdEncoding.DecodeString(parts[2])
		if err == nil && len(raw) == 1+ed25519.PublicKeySize && raw[0] == 1 {
			return ed25519.PublicKey(raw[1:]), nil
		}
	}
	return nil, errors.New("want a public key in PEM, or a verifier key")
}
