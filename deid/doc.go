// Package deid takes identifiers out of health records by a policy of 45 CFR
// 164.514: the safe harbor of paragraph (b)(2), the limited data set of
// paragraph (e), or what an expert has determined under paragraph (b)(1). It
// works on structs, JSON, NDJSON and CSV, in sub-packages on FHIR and HL7 v2,
// and counts what it did in a report that holds no value.
//
// It applies transforms. It never says that data are de-identified: that also
// takes the absence of actual knowledge, which only a person can state, and a
// policy that names every field rightly, which only a person who knows the data
// can write. Nothing here is legal advice.
//
// # Identifiers
//
// An [Identifier] is one of the eighteen that 164.514(b)(2)(i) lists from (A)
// to (R), of the individual or of relatives, employers or household members
// ([Covered]). A [Kind] is what a field holds, more finely: dob, date and age
// are all (C). The words of kinds are those of rules and of struct tags:
//
//	(A) name
//	(B) street city county precinct zip geocode state country
//	(C) date dob death age
//	(D) phone  (E) fax  (F) email  (G) ssn  (H) mrn  (I) plan  (J) account
//	(K) license  (L) vehicle  (M) device  (N) url  (O) ip  (P) biometric
//	(Q) photo  (R) id
//	    text   free text, which may hold any of them
//	    term   a code, its system or its display, of a published vocabulary
//
// # Policies
//
// A [Definition] is written down, as Go or as JSON, and compiled to a [Policy],
// which is immutable. A [Rule] says of a place what is there and, if the
// policy's own action for the kind is not wanted, what becomes of it:
//
//	drop      the value goes, with its member; a cell becomes empty
//	tag       a fixed word stands in its place: [NAME]
//	year      a date keeps its year, unless that shows an age over 89
//	age_cap   an age over 89 becomes 90+
//	zip3      three digits of a ZIP code, or 000
//	state     a State stays, anything else goes
//	code:NS   a random code from the vault, the same within scope and NS
//	scrub     free text through the TextScrubber; it goes if there is none
//	keep      the value stays, for a reason that the rule states
//
// and for policies other than the safe harbor hash, hmac, format_preserving and
// shift_date. [SafeHarbor] refuses to compile with these four: a code must not
// be derived from information about the individual (164.514(c)(1)), and a
// shifted date still has a month and a day (164.514(b)(2)(i)(C)). It also
// refuses to keep a value of a kind that is an identifier. [LimitedDataSet]
// refuses to keep one of its sixteen direct identifiers, and to compile without
// the data use agreement of 164.514(e)(4). [ExpertDetermination] refuses
// nothing, but needs the expert, the day and the document.
//
// What no rule names is unknown, and goes. Text that a rule keeps is looked at
// once more under the safe harbor: what has the shape of a telephone or social
// security number, an e-mail, web or IP address or a full date goes in spite of
// the rule.
//
// # Dates and ages
//
// The year is all of a date that stays; month, day, weekday, quarter and week
// go ([ParseYear], [ParseHL7Year]). A year goes too where it shows an age over
// 89, judged on the record as a whole and by years alone, since years are all
// that is left:
//
//   - a year of birth, if 90 years or more lie between it and the year of
//     Options.AsOf, of the latest date in the record, or of the known death;
//     every year of birth, if none of these is known or an age over 89 stands
//     in the record;
//   - the years of birth and of death both, if 90 years or more lie between
//     them;
//   - any other year that lies 90 years or more behind a year of birth that
//     stays;
//   - an age that another year of the record would make one over 89.
//
// So with a reference day in 2026 a birth in 1937 keeps its year (88 or 89 years
// old) and a birth in 1936 does not (89 or 90). Ages over 89 become "90+"
// ([ParseAge]). Ages in months, weeks or days stay.
//
// # Geography
//
// The State stays ([IsState]). Three digits of a ZIP code stay if the table of
// [ZIPTable] proves that more than 20,000 people live behind them; any other
// prefix, a military or an unassigned one too, becomes 000
// (164.514(b)(2)(i)(B)). The default table takes the 2020 Census and the list
// that HHS drew from Census 2000 together. The report names the table, its
// years and its hash.
//
// # Codes
//
// A [Code] is 128 bits of a cryptographic random generator, kept in a [Vault].
// It is the same for equal values within a scope and a namespace, nowhere else,
// and derived from nothing (164.514(c)). [NewMemoryVault] forgets;
// [OpenFileVault] keeps an encrypted journal on disk; package deidsql uses a
// database. Spaces around a value do not count. The mapping is in no output,
// report or error.
//
// # Struct tags
//
//	Name   string          `deid:"name"`          // the policy's own action
//	MRN    string          `deid:"mrn,tag"`       // a kind and an action
//	Ref    string          `deid:"code=mrn"`      // kind mrn, code of namespace mrn
//	Sex    string          `deid:"keep,reason=two values"`
//	Home   *Address        `deid:"dive"`          // go on inside
//	Labs   map[string]Lab  `deid:"dive,keys=keep"`
//	Raw    json.RawMessage `deid:"dive"`          // a record under the policy's rules
//	Secret any             `deid:"drop"`
//	Active bool                                   // cannot carry an identifier
//
// An exported field that could carry an identifier and has no tag makes the
// whole type an error ([Struct], [CheckStruct]). Tags of slices, arrays,
// pointers, maps, sql.Null types and [Value] are about what is in them.
//
// # Output
//
// A [Value] is a field that prints, logs and marshals as "[redacted]", whatever
// becomes of the struct around it. What the tags say of a field also decides
// about logs, in package deidslog, and in CI, where the analyzer of deidvet
// finds fields without a tag and identifiers on their way into output.
//
// # JSON and CSV
//
// The path of a rule begins at the record: $.patient.name[*].family, or
// $["first name"] for names of other characters. In a CSV file the columns are
// the members of the record ([Column]). What stays keeps its bytes and its
// order. Memory is in proportion to the longest record, whatever the length of
// the file. [ProposeCSV] helps to write rules and decides nothing.
//
// # Self-check
//
// After each record a second pass reads the finished output for every
// identifier of the [Subject], and for every name, number, address and contact
// that was removed from that record: in any case, with any separators, split
// over neighbouring values, in base64, hexadecimal or percent escapes. A hit
// fails the record, which is not written ([ErrIdentifierLeft]). Names shorter
// than three letters and numbers shorter than five digits stand in too much
// else and are not looked for by themselves. Displays of published terms are
// searched for numbers but not for names, since a disease may be called after
// anybody.
//
// # Report
//
// A [Report] counts by identifier, rule and place; unknown paths by position
// and number only, since a key can be an identifier. [Report.Statement] adds
// the hashes of the policy and of the tables and the version of the library;
// it has canonical JSON (RFC 8785), a SHA-256, and can be signed with the
// signer's own statement about actual knowledge.
//
// # Adapters
//
// A [Record] is what a format is built on: package documentation of [Record]
// gives the order of the calls. [Engine.Place] gives a place its rule;
// [Engine.Values] and [Engine.Lines] read and write records for a [RecordFunc];
// [Engine.Run] takes the adapter's transform in a [Document].
//
// # Sub-packages
//
//	deidfhir  FHIR R4: a Bundle, any resource, bulk export; references resolve
//	deidhl7   HL7 v2 messages, by segment, field and data type
//	deidslog  a handler for log/slog that logs by the tags and an allow-list
//	deidsql   the vault in a database
//	deidtest  tests for vaults and text scrubbers of one's own
//	risk      what an expert asks of a table: k, unique rows, l-diversity, t-closeness
//
// The analyzer is a module of its own, so that nothing of it is in a program:
//
//	go install github.com/baakit/baakit/deid/deidvet/cmd/deidvet@latest
//	go vet -vettool=$(which deidvet) ./...
package deid
