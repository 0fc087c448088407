// Package deidhl7 applies a policy of package deid to HL7 v2 messages, of
// versions 2.1 to 2.8 in the vertical bar encoding: 45 CFR 164.514. What
// package deid says of its engine holds here too, above all that it applies
// transforms and never says that data are de-identified. Nothing here is legal
// advice.
//
// # What stays and what goes
//
// A table lists segments, their fields and the data types of the fields; a
// second one lists the components of the types. What is listed has a kind, and
// the policy's own action for the kind is applied to it: the policy's rules
// without a path, such as {"kind": "mrn", "action": "code:mrn"}, change it, and
// those with a path are about other formats. What is not listed goes, and is
// counted: other segments, Z-segments among them, with their line; other fields
// and components with their value. All that stays keeps its bytes, and every
// segment that is listed, every separator and every end of a line stays where it
// was. So does the null of HL7, "".
//
//	PID|1||900142^^^NORTH^MR||Quillfeather^Zebulon||19600502|F|||9 Elm St^^Wobbleton^MA^02139
//	PID|1||Q7N2LVXJ3WXC5N3OQ5XJGJ2U6A^^^^MR||^||1960|F|||^^^MA^021
//
// By data type:
//
//	XPN PN            names go
//	XAD AD            the State and three digits of the ZIP code stay, and the country
//	XTN TN            telephone, fax and e-mail go
//	CX CK             the number by its type in CX-5 and else by its field: a record
//	                  number, social security number, license, plan or account number
//	EI EIP            an identifier, KindID
//	TS DTM DT DR      the year, unless it shows an age over 89 (deid); a time alone goes
//	XCN CN PPN NDL    providers go, unless Options.KeepProviders
//	XON HD PL         organisations, applications, wards and rooms go
//	CE CWE CNE CF     see below
//	ID IS             a word of at most 12 characters and 4 digits
//	SI NM SN CQ MO    a number, if it is one, of no more digits than 8 and no date
//	ST TX FT          free text: through the text scrubber, and without one it goes
//
// # Codes and displays
//
// A display stays if its system is a published one of HL7 table 0396, or one of
// Options.Systems, and its code has the form of a code of that system; LOINC and
// SNOMED CT are held to their check digits. Any other display, and the original
// text of CWE-9, is free text. A code without such a system stays if it has the
// form of an ID. Displays are searched for the names of the record, unlike terms
// elsewhere, since nobody loses by it: a message whose self-check finds an
// identifier is transformed again without its displays, and fails only if that
// does not help.
//
// # Identifiers
//
// Where the policy's action for the kind is a code, it is that of the number
// together with the authority that assigned it, in CX-4 or EI-2: record number
// 123 of two hospitals has two codes. For an authority in Options.Namespaces it
// is that of the number alone in the namespace given there, so that it joins the
// numbers of other data. The id that the vault keeps is "HOSP^123" in the first
// case and "123" in the second, and where a number has no authority.
//
// # OBX-5
//
// The value of an observation is treated by its type in OBX-2. A type that is
// missing or not listed, an attachment (ED, RP) and a time alone go. A number, a
// date or a text that is an identifier by its code or by a word of its display in
// OBX-3, such as "Patient age" or "Date of birth", is treated as one; an age
// takes its unit from OBX-6. An age over 89 becomes 90+ in a text and goes from a
// number, which cannot say it.
//
// # Separators and escapes
//
// The separators are those of MSH-1 and MSH-2, whatever they are, with the fifth
// of version 2.7 ([Adapter.Transform] refuses letters, digits and doubles).
// Values are read with their escapes resolved: \F\ \S\ \T\ \R\ \E\ \P\, \Xdd..\,
// the commands of formatted text, and highlighting, which may stand in the middle
// of a word. What cannot be read whole goes: other character sets (\C..\, \M..\),
// escapes of a site's own (\Z..\), unclosed ones, control characters. What takes
// the place of a value is escaped where it needs to be; a line end becomes \.br\.
//
// # Character sets
//
// A message is UTF-8 if its bytes are. If they are not, it must declare one of
// ISO 8859 in MSH-18 (8859/1 to 8859/9, 8859/15). Others are refused, even where
// all bytes are ASCII: in the sets of Japan, China and Korea a byte that looks
// like a separator may be half of a character, and an escape may hide a name.
//
// # Streams
//
// A stream has any number of messages: one after another, in the frames of MLLP
// (0x0B before, 0x1C 0x0D behind), or in the batches and files of FHS, BHS, BTS and
// FTS, whose own segments are records of the report as well. A segment ends with a
// carriage return, a line feed, or both. The counts of BTS-1 and FTS-1 stay as they
// were, so that who reads the output sees that a message was left out. A line that
// is no segment, as a line feed inside a text makes one, goes and is counted.
package deidhl7
