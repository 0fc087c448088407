package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// exports gives records away without identifiers.
type exports struct {
	policy *deid.Policy
	vault  *deid.FileVault
}

// safeHarbor says of every field of a record what it is; what it does not
// name is dropped.
func safeHarbor() (*deid.Policy, error) {
	return deid.SafeHarbor(
		deid.Rule{Path: "$.id", Kind: deid.KindMRN, Action: deid.CodeAs("patient")},
		deid.Rule{Path: "$.name", Kind: deid.KindName},
		deid.Rule{Path: "$.born", Kind: deid.KindDOB},
		deid.Rule{Path: "$.phone", Kind: deid.KindPhone},
		deid.Rule{Path: "$.address.street", Kind: deid.KindStreet},
		deid.Rule{Path: "$.address.city", Kind: deid.KindCity},
		deid.Rule{Path: "$.address.state", Kind: deid.KindState},
		deid.Rule{Path: "$.address.zip", Kind: deid.KindZIP},
		deid.Rule{Path: "$.visits[*].on", Kind: deid.KindDate},
		deid.Rule{Path: "$.visits[*].code", Kind: deid.KindTerm},
		deid.Rule{Path: "$.visits[*].display", Kind: deid.KindTerm},
		deid.Rule{Path: "$.visits[*].note", Kind: deid.KindText},
	).Compile()
}

func openExports(dir string, key []byte) (*exports, error) {
	policy, err := safeHarbor()
	if err != nil {
		return nil, err
	}
	vault, err := deid.OpenFileVault(filepath.Join(dir, "vault"), key)
	return &exports{policy, vault}, err
}

// write returns a customer's records as NDJSON, and the report about them.
func (x *exports) write(ctx context.Context, t tenantConfig, today baakit.Date) ([]byte, deid.Statement, error) {
	engine, err := deid.New(x.policy, &deid.Options{AsOf: today, Vault: x.vault, Scope: t.ID + "/" + today.String()})
	if err != nil {
		return nil, deid.Statement{}, err
	}
	var in, out bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, p := range t.Patients {
		if err := enc.Encode(p); err != nil {
			return nil, deid.Statement{}, err
		}
	}
	report := engine.NewReport()
	if err := engine.NDJSON(ctx, &out, &in, nil, report); err != nil {
		return nil, deid.Statement{}, err
	}
	return out.Bytes(), report.Statement(), nil
}

// export sends the records, once the report about them is in the log.
func (s *service) export(w http.ResponseWriter, r *http.Request) {
	session, _ := s.sessions.of(r)
	t := session.tenant
	var ids []string
	for _, p := range t.Patients {
		ids = append(ids, p.ID)
	}
	if !saw(r, ids...) {
		return
	}
	data, statement, err := s.exports.write(r.Context(), t, baakit.DateOf(s.now(), s.conf.zone))
	if err == nil {
		err = s.exported(r.Context(), t, session.user, statement)
	}
	if err != nil {
		http.Error(w, "the export could not be made", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.ndjson"`, t.ID, s.now().Format(time.DateOnly)))
	w.Write(data) //nolint:errcheck // the client is gone
}

func (s *service) exported(ctx context.Context, t tenantConfig, u user, statement deid.Statement) error {
	s.exporting.Lock()
	defer s.exporting.Unlock()
	l, err := load[deid.Statement](ctx, s.log, "org/"+t.ID+"/exports")
	if err != nil {
		return err
	}
	return l.append(ctx, "deid.released", u.ID, statement)
}
