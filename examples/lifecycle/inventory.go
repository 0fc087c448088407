package main

import (
	"context"
	"encoding/json"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

// inventory is where the PHI is: every copy in custody, and a subcontractor.
func (f *farewell) inventory() ([]retention.Asset, error) {
	holdings, err := f.s.c.holdings()
	if err != nil {
		return nil, err
	}
	kinds := map[string]retention.Asset{
		"charts":    {Kind: retention.StoreAsset, Class: "medical_record", Media: "database", Source: "records database"},
		"billing":   {Kind: retention.StoreAsset, Class: "billing", Media: "database", Source: "billing database"},
		"search":    {Kind: retention.IndexAsset, Class: "medical_record", Media: "derived", Source: "search cluster"},
		"snapshots": {Kind: retention.BackupAsset, Class: "medical_record", Media: "backup", Source: "snapshots", CopyOf: []string{"charts"}, Retention: f.BackupRetention},
	}
	var assets []retention.Asset
	for _, h := range holdings {
		a := kinds[h.asset]
		a.ID, a.Count, a.Manifest = h.asset, h.count, h.sha256
		assets = append(assets, a)
	}
	return append(assets, retention.Asset{ID: "fax-service", Kind: retention.SubcontractorAsset, AttestBy: f.AttestBy}), nil
}

// destroyed destroys a copy, and records that it did.
func (f *farewell) destroyed(ctx context.Context, day baakit.Date, asset string) error {
	if err := f.s.destroy(asset); err != nil {
		return err
	}
	asset, err := record(ctx, f.s, f.s.c.at(day, 11), destroyedChain, destroyedKind, func() (string, error) { return asset, nil })
	f.burnt = append(f.burnt, asset)
	return err
}

func rebuildDestroyed(events []logged) (any, error) {
	list := make([]string, len(events))
	for i, e := range events {
		if err := json.Unmarshal(e.Payload, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// searched looks whether anything is left.
func (f *farewell) searched() error {
	if f.s.rehearsal {
		return nil
	}
	if _, err := f.s.search(); err != nil {
		return err
	}
	f.s.tell("Every file of the story was searched for the patients' names and numbers, those that were handed over to the customer excepted: they are in none.")
	f.s.proves("No patient is found in clear in any file that is left with the vendor.")
	return nil
}
