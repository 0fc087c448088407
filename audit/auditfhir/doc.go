// Package auditfhir exports the entries of an audit log as FHIR R4 (4.0.1)
// AuditEvents and imports them, as the IHE Basic Audit Log Patterns (BALP,
// 1.1) have them. It is not legal advice.
package auditfhir
