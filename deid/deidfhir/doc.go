// Package deidfhir applies a policy of package deid to FHIR R4 in JSON: a
// Bundle, any other resource, or one resource on each line as bulk export
// writes them.
//
// A [Walker] works by a table of elements that may stay, embedded as r4.json:
// those of Bundle, of the resources of US Core, and of those that are usual
// beside them. An element that the table does not name is dropped and counted,
// with all that is in it. What stays keeps its order and its bytes. What the
// policy says of a [deid.Kind] is done; rules for paths are not for FHIR.
// Nothing here is legal advice.
//
// # What becomes of what
//
// Under the safe harbor, 45 CFR 164.514(b)(2):
//
//	date, dateTime         the year, unless it shows an age over 89
//	instant, time          dropped: they have no form for a year
//	Age, Quantity in years dropped where it is an age over 89 (no form for 90+)
//	id, Reference          a code in the place of each id, the same everywhere
//	Identifier             a code for the value within its system; the system
//	                       goes unless it is a national one
//	HumanName, Contact-    dropped; the State, three digits of the ZIP code and
//	Point, Address         the country of an Address stay
//	name of a facility     dropped, and counted as a place (B)
//	text, note, string     through the text scrubber, dropped if there is none
//	Coding                 stays if its system is published and its code looks
//	                       like one of that system, dropped otherwise
//	CodeableConcept.text   stays if a display that stays says the same,
//	                       otherwise as other text
//	code                   stays if R4 has such a code, dropped otherwise
//	decimal, integer,      stay, byte for byte
//	boolean
//	Extension              dropped, but for US Core's race, ethnicity and birth
//	                       sex, and the reason why data are absent; also beside
//	                       a primitive, as in _birthDate
//	modifierExtension      dropped
//	contained              treated as any resource
//	Attachment, Binary     data, address and hash dropped
//
// A resource of a type that the table does not have leaves its type and its
// id, so that what referred to it still does. An object of which nothing stays
// goes, as FHIR has no empty ones.
//
// A limited data set (45 CFR 164.514(e)) keeps dates, instants, ages, town or
// city and ZIP codes as well, since its policy keeps these kinds.
//
// # References
//
// An id has one code within the scope of the engine, so references resolve over
// all documents of a job as they did before:
//
//	Patient/17                          Patient/4TWB…
//	Patient/17/_history/3               Patient/4TWB…/_history/QX2M…
//	urn:uuid:0b5c…                      urn:uuid:… (the code as a UUID)
//	#p1                                 #M7KA…
//	https://ehr.example/r4/Patient/17   https://….invalid/Patient/4TWB…
//	Patient?identifier=17               dropped: it says what it looks for
//
// An id that is a UUID becomes a code in the form of one. [ParseCode] reads
// both forms. The server is a code too, since its address may be one's own.
//
// # Label
//
// meta.security of each resource says that it was pseudonymised (PSEUDED of
// HL7's v3-ObservationValue), or anonymised (ANONYED) where Options.Forgotten
// says that nobody keeps the vault; that of the outermost resource also names
// the method and the hash of the policy ([PolicySystem]). Contained resources
// have no label, as FHIR has it.
//
// # What stays to be known
//
// Displays of published codes are taken for what they claim to be: they are
// searched for numbers that were removed elsewhere, not for names. A coded
// system of one's own has to be named in Options.Systems. Dropping a
// modifierExtension can change what a resource means; the report counts it.
// Dates of one resource are judged by what is in the same record: in a Bundle
// all that is in it, in bulk export one line and the engine's AsOf.
package deidfhir
