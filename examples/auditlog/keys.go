package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditkeys"
)

// A vault is where the keys of a log are: a ring in a folder of its own, never
// in the log's, and the key that opens it.
type vault struct{ ring, master, tenants, governance string }

func (v *vault) flags(set *flag.FlagSet) {
	set.StringVar(&v.ring, "keys", "", "open what is sealed with the key ring in `DIR`")
	set.StringVar(&v.master, "master", "", "open the key ring with the key in `FILE`: 32 bytes, or their hexadecimal or base64 form")
	set.StringVar(&v.tenants, "tenants", "t/", "chains whose names begin with `PREFIX` belong to the tenant that follows")
	set.StringVar(&v.governance, "governance", "org", "the organisation's own chains are `NAME` and those below it")
}

// An opened vault is a sealer with its ring. The zero one opens nothing.
type opened struct {
	ring   *auditkeys.Ring
	sealer *auditkeys.Sealer
}

func (v *vault) given() bool { return v.ring != "" || v.master != "" }

func (v *vault) open() (opened, error) {
	if v.ring == "" || v.master == "" {
		return opened{}, errors.New("-keys and -master are required")
	}
	text, err := readFile(v.master)
	if err != nil {
		return opened{}, fmt.Errorf("-master: %w", err)
	}
	key, err := secret(text)
	if err != nil {
		return opened{}, fmt.Errorf("-master: %w", err)
	}
	ring, err := auditkeys.OpenRing(v.ring, auditkeys.MasterKey(key), &auditkeys.RingOptions{MustExist: true})
	if err != nil {
		return opened{}, fmt.Errorf("-keys: %w", err)
	}
	sealer, err := auditkeys.New(ring, auditkeys.ByPrefix(v.tenants, v.governance), &auditkeys.Options{Mode: auditkeys.Stored})
	if err != nil {
		return opened{}, errors.Join(err, ring.Close())
	}
	return opened{ring, sealer}, nil
}

func (o opened) close() error {
	if o.ring == nil {
		return nil
	}
	return o.ring.Close()
}

func secret(text []byte) ([]byte, error) {
	if len(text) == auditkeys.KeySize {
		return text, nil
	}
	word := string(bytes.TrimSpace(text))
	if key, err := hex.DecodeString(word); err == nil && len(key) == auditkeys.KeySize {
		return key, nil
	}
	if key, err := base64.StdEncoding.DecodeString(word); err == nil && len(key) == auditkeys.KeySize {
		return key, nil
	}
	return nil, errors.New("want 32 bytes, or their hexadecimal or base64 form")
}

// chains returns the chains of the log: those named, if they are all there, or
// else those that pick chooses.
func chains(ctx context.Context, s audit.Store, named string, pick func(string) bool) ([]string, error) {
	var list []string
	for chain, err := range s.Chains(ctx) {
		if err != nil {
			return nil, err
		}
		if named == chain || named == "" && pick(chain) {
			list = append(list, chain)
		}
	}
	if named != "" && len(list) == 0 {
		return nil, audit.ErrUnknownChain
	}
	slices.Sort(list)
	return list, nil
}

// ofTenant returns the chains of the tenant, or of the only one. A patient
// identifier means one person within a tenant only.
func (v *vault) ofTenant(ctx context.Context, s audit.Store, tenant string) (string, []string, error) {
	names := map[string][]string{}
	for chain, err := range s.Chains(ctx) {
		if err != nil {
			return "", nil, err
		}
		if rest, ok := strings.CutPrefix(chain, v.tenants); ok {
			name, _, _ := strings.Cut(rest, "/")
			names[name] = append(names[name], chain)
		}
	}
	switch {
	case tenant != "" && names[tenant] == nil:
		return "", nil, errors.New("the log has no chain of this tenant")
	case tenant == "" && len(names) > 1:
		return "", nil, errors.New("the log is of several tenants: name one with -tenant")
	case len(names) == 0:
		return "", nil, errors.New("the log has no chain of a tenant")
	}
	if tenant == "" {
		for tenant = range names {
		}
	}
	slices.Sort(names[tenant])
	return tenant, names[tenant], nil
}
