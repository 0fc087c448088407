// Package deidvet finds, before a program runs, the struct fields that
// [deid.Struct] would refuse or that its tags do not mean, and identifiers on
// their way into output. It is an [analysis.Analyzer]; the command
// cmd/deidvet runs it alone or under go vet.
//
// # Struct types
//
// A type is judged as a whole if it is the type argument of deid.Struct or
// deid.CheckStruct, given or inferred, also through generic functions that pass
// their own type parameter on, in this package or an imported one; or if a
// comment directive stands above its declaration:
//
//	//deid:check
//	type Patient struct { ... }
//
// Every exported field that could carry an identifier then needs a deid tag,
// also those of embedded structs, of structs that a field with "dive" leads to,
// of type arguments, and of types of other packages, which are reported where
// they are used.
//
// Wherever a deid tag stands, whether the type is judged or not, these are
// found: a tag that does not follow the grammar, or is written so that
// reflection does not see it; a tag on a field that is not exported; and a tag
// that contradicts the type of its field under every policy, such as year on a
// name, zip on a struct, or a map without keys=keep. What one policy allows and
// another does not is for [deid.CheckStruct] to find, in a test: the analyzer
// does not know the policy.
//
// # Output
//
// The text of a field whose tag is an identifier, free text or drop, and what
// Reveal returns, must not reach fmt.Print, fmt.Fprint to the standard streams,
// fmt.Errorf, errors.New, package log, package log/slog or panic; nor may a
// struct with such fields reach fmt or log as a whole, unless its type prints
// itself. Such a struct may reach log/slog, where a handler of package deidslog
// treats it by its tags; a single field has lost them. The value is followed
// through conversions, concatenation, methods, package strings and strconv,
// fmt.Sprint, local variables, and functions that return it or print their
// parameters, of other packages too; not through fields of other structs,
// channels and interfaces. Files of tests may print what they like.
//
// # Exceptions
//
// A comment directive at the end of the line, or alone above it, takes a
// finding back and says why:
//
//	log.Print(p.Name) //deid:ignore the console of the clinic's own staff
//
// # Fixes
//
// With -fix a field without a tag gets deid:"drop", which lets nothing through
// until a person decides; a tag with spaces or capitals is written as it should
// be; a tag goes from a field that is not exported; and .Reveal() goes where its
// result was printed. With -dropuntagged fields without a tag are no findings,
// for engines with that option.
//
// The package stands in a module of its own and imports nothing of the library.
// Nothing here is legal advice.
//
// [deid.Struct]: https://pkg.go.dev/github.com/baakit/baakit/deid#Struct
// [deid.CheckStruct]: https://pkg.go.dev/github.com/baakit/baakit/deid#CheckStruct
package deidvet
