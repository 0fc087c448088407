package subprocessor

import (
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/baakit/baakit"
)

// ErrCycloneDX says that a document is not CycloneDX with declarations that
// [ExportCycloneDX] could have made.
var ErrCycloneDX = errors.New("subprocessor: not a CycloneDX document with attestations of this package")

// attestationMedia is the media type under which an attestation itself is
// attached to its evidence, so that nothing is lost.
const attestationMedia = "application/vnd.baakit.subprocessor.attestation+json"

type cdxDocument struct {
	Format       string          `json:"bomFormat"`
	Spec         string          `json:"specVersion"`
	Version      int             `json:"version"`
	Declarations cdxDeclarations `json:"declarations"`
}

type cdxDeclarations struct {
	Assessors    []cdxAssessor    `json:"assessors,omitempty"`
	Attestations []cdxAttestation `json:"attestations,omitempty"`
	Claims       []cdxClaim       `json:"claims,omitempty"`
	Evidence     []cdxEvidence    `json:"evidence,omitempty"`
	Targets      cdxTargets       `json:"targets,omitzero"`
}

type cdxTargets struct {
	Organizations []cdxOrganization `json:"organizations,omitempty"`
}

type cdxOrganization struct {
	Ref  string `json:"bom-ref,omitempty"`
	Name string `json:"name,omitempty"`
}

type cdxAssessor struct {
	Ref          string          `json:"bom-ref"`
	ThirdParty   bool            `json:"thirdParty"`
	Organization cdxOrganization `json:"organization"`
}

type cdxAttestation struct {
	Summary  string   `json:"summary"`
	Assessor string   `json:"assessor,omitempty"`
	Map      []cdxMap `json:"map"`
}

type cdxMap struct {
	Requirement string   `json:"requirement,omitempty"`
	Claims      []string `json:"claims"`
}

type cdxClaim struct {
	Ref       string   `json:"bom-ref"`
	Target    string   `json:"target"`
	Predicate string   `json:"predicate"`
	Evidence  []string `json:"evidence"`
}

type cdxEvidence struct {
	Ref         string    `json:"bom-ref"`
	Description string    `json:"description"`
	Created     string    `json:"created,omitempty"`
	Expires     string    `json:"expires,omitempty"`
	Data        []cdxData `json:"data"`
}

type cdxData struct {
	Name     string `json:"name"`
	Contents struct {
		Attachment struct {
			ContentType string `json:"contentType"`
			Encoding    string `json:"encoding"`
			Content     string `json:"content"`
		} `json:"attachment"`
	} `json:"contents"`
}

// ExportCycloneDX returns the state's attestations as declarations of a
// CycloneDX 1.6 document: who assessed, the claim on the entity, the evidence
// with the last day that its rule gives.
func (s *State) ExportCycloneDX() ([]byte, error) {
	doc := cdxDocument{Format: "CycloneDX", Spec: "1.6", Version: 1}
	d := &doc.Declarations
	targets, assessors := make(map[string]bool), make(map[string]string)
	for _, a := range s.Attestations() {
		raw, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		target := "entity:" + a.Entity
		if !targets[target] {
			targets[target] = true
			d.Targets.Organizations = append(d.Targets.Organizations, cdxOrganization{target, s.f.entities[a.Entity].LegalName})
		}
		if a.Auditor != "" && assessors[a.Auditor] == "" {
			assessors[a.Auditor] = "assessor:" + slug(a.Auditor) + ":" + a.ID
			d.Assessors = append(d.Assessors, cdxAssessor{assessors[a.Auditor], true, cdxOrganization{Name: a.Auditor}})
		}
		rule, _ := attestationRule(a.Kind)
		e := cdxEvidence{Ref: "evidence:" + a.ID, Description: rule.Name, Created: a.Issued.String() + "T00:00:00Z", Expires: a.Validity(s.day).ValidUntil.String() + "T00:00:00Z", Data: make([]cdxData, 1)}
		e.Data[0].Name = "attestation"
		attachment := &e.Data[0].Contents.Attachment
		attachment.ContentType, attachment.Encoding, attachment.Content = attestationMedia, "base64", base64.StdEncoding.EncodeToString(raw)
		d.Evidence = append(d.Evidence, e)
		d.Claims = append(d.Claims, cdxClaim{"claim:" + a.ID, target, "holds " + rule.Name, []string{e.Ref}})
		d.Attestations = append(d.Attestations, cdxAttestation{rule.Name + " of " + s.f.entities[a.Entity].LegalName, assessors[a.Auditor], []cdxMap{{Claims: []string{"claim:" + a.ID}}}})
	}
	return json.MarshalIndent(doc, "", "  ")
}

// ImportCycloneDX reads the attestations of a document that
// [State.ExportCycloneDX] made. The error is [ErrCycloneDX] or the
// [baakit.FieldErrors] of attestations that are wrong.
func ImportCycloneDX(data []byte) ([]Attestation, error) {
	var doc cdxDocument
	if json.Unmarshal(data, &doc) != nil || doc.Format != "CycloneDX" || len(doc.Declarations.Evidence) == 0 {
		return nil, ErrCycloneDX
	}
	var errs baakit.FieldErrors
	var list []Attestation
	for i, e := range doc.Declarations.Evidence {
		for _, d := range e.Data {
			if a := d.Contents.Attachment; a.ContentType == attestationMedia && a.Encoding == "base64" {
				raw, err := base64.StdEncoding.DecodeString(a.Content)
				if err != nil {
					return nil, ErrCycloneDX
				}
				var read Attestation
				if err := read.UnmarshalJSON(raw); err != nil {
					errs.Merge("declarations.evidence"+at(i), err)
					continue
				}
				errs.Merge("declarations.evidence"+at(i), read.Validate())
				list = append(list, read)
			}
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ErrCycloneDX
	}
	return list, nil
}
