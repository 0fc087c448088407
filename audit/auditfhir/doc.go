// Package auditfhir exports the entries of an audit log as AuditEvents of HL7
// FHIR R4 (4.0.1), as the IHE Basic Audit Log Patterns (BALP 1.1) shape them,
// and imports AuditEvents of its own and of others. It is not legal advice.
//
//	x, err := auditfhir.NewExporter(auditfhir.Config{
//		Observer: auditfhir.Reference{Reference: "Device/ehr"},
//		Open:     log.Open, // without it, what is sealed stays sealed
//	})
//	n, err := x.WriteNDJSON(ctx, w, log.Entries(ctx, "t/42", 0))
//
//	for m, err := range auditfhir.ReadEvents(r, nil) {
//		// m.Event is the event that was logged, m.Record where.
//	}
//
// An entry that names several persons gives one AuditEvent for each of them.
// BALP asks for that, so that the patient to whom one of them is shown does
// not read of the others; what the query, the reason or the details say is in
// each of them, and so is the line, with the token of the first.
//
// # Where a field goes
//
//	Event                AuditEvent
//	Type, Kind           type; a kind in the system audit-kind of this package
//	Subtype              subtype
//	Action, Outcome      action, outcome
//	Reason               outcomeDesc
//	Purpose              purposeOfEvent, and agent[user].purposeOfUse
//	Occurred             period.start
//	(time of the line)   recorded
//	Actor.ID, Role       agent[user].who.identifier, .role; requestor is true
//	Actor.Org, For       agent of type PROV, agent of type DELEGATOR
//	Client.Addr, Kind    agent[client].network, .name
//	Policy               agent[user].policy
//	Request.Token        the last agent[user].policy, as urn:ietf:params:oauth:jti:
//	Request.ID           entity of type XrequestId
//	Patient, Subjects    entity of type 1, role 1
//	Object, ObjectID     entity[data]: what, securityLabel, lifecycle
//	Query                entity of role 24, query in base64, and no name (sev-1)
//	Extra                entity[data].detail of type "extra:" and the key
//	Disclosure, Payload  entity[data].detail of type "disclosure", "payload"
//	(Config)            source, agent[server]
//
// # Roles
//
// Who is the source and who the destination follows BALP:
//
//	                    client             server             user
//	read                110152 Destination 110153 Source      IRCP
//	create, update      110153 Source      110152 Destination AUT
//	query               110153 Source      110152 Destination IRCP
//	delete              110150 Application custodian          AUT
//	disclosure, source  110152 Destination 110153 Source      IRCP
//	disclosure, import  110153 Source      110152 Destination AUT
//	everything else     110150 Application -                  IRCP or AUT
//
// A disclosure is an event of type 110106, or at the recipient 110107, with
// the subtype "disclose"; its other end is the recipient or the source. A
// RESTful event without a subtype is what its action says, a query only if a
// subtype says so. In a query the one system object (type 2) is the query; what
// is known of the object is in an entity of type 4. meta.profile names the BALP profile that the resource
// conforms to; there is none for failures, since the profiles are of what
// succeeded.
//
// # Extensions
//
// Their addresses begin with
// https://github.com/baakit/baakit/fhir/StructureDefinition/. Those of an
// entry are on the resource:
//
//	audit-chain      string       the chain
//	audit-seq        string       the entry's number, decimal
//	audit-prev       string       leaf hash of the line before, hexadecimal
//	audit-leaf       string       leaf hash of the line
//	audit-line       string       the line, as package audit describes it
//	audit-proof      string       a C2SP tlog-proof of the line
//	audit-sealed     code         opened, sealed or erased; absent if nothing was
//	audit-person     unsignedInt  which person of the entry: 0 is the patient
//	audit-persons    unsignedInt  how many AuditEvents the entry has
//	audit-emergency  boolean      emergency access
//	audit-route      string       Request.Route
//	audit-trace      string       Request.Trace
//	audit-span       string       Request.Span
//
// and others on parts of it:
//
//	audit-actor-kind code         on agent[user]: Actor.Kind
//	audit-token      boolean      false on agent[user]: the last policy is no token
//	audit-category   code         on entity[data]: Object.Category
//	audit-implied    boolean      a part that BALP asks for and no event said
//	audit-text       base64Binary a text that FHIR strings cannot hold, as
//	                              extension of the primitive; or the code "empty"
//
// Whoever receives the resource can check it without the log: the leaf is
// SHA-256(0x00 ‖ line), the proof leads from it to a signed checkpoint
// ([Record.Verify]), and what the resource says in clear must be what the line
// says ([Import] refuses it otherwise). What was sealed is not covered by
// that: the line has a salted commitment to it only.
//
// # What stays sealed
//
// The sealed part of an entry is exported only if the entry is opened, by the
// caller or by [Config.Open]. Otherwise a data-absent-reason says masked, and
// the patient is the token of the line, in the system of [TokenSystem]: the
// same for all entries about one patient, and without meaning to who has no
// key.
//
// # Reading
//
// [Parse] is strict about what FHIR forbids, with all errors at once and a FHIR
// path for each, and tolerant of what this package has no field for, which it
// names in [AuditEvent.Ignored]. It refuses modifierExtension and implicitRules.
// [Import] needs an action, an outcome and an actor, as every entry does. An
// actor that is only a display name, "John Smith", is refused: lines hold no
// names. [ImportOptions.Actor] may map it.
package auditfhir
