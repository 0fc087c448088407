// Deidentify applies a policy of 45 CFR 164.514 to records.
//
// Usage:
//
//	deidentify -policy FILE [-format json|ndjson|csv] [-as-of DATE] [-vault DIR -key FILE -scope NAME]
//	           [-o FILE] [-report FILE] [-json] [FILE...]
//	deidentify -format fhir|fhir-ndjson|hl7 [-policy FILE] [-as-of DATE] [-vault DIR -key FILE -scope NAME]
//	           [-o FILE] [-report FILE] [-json] [FILE...]
//	deidentify -propose [FILE]
//
// It reads the files, or standard input, and writes what the policy leaves of
// them to standard output, or to FILE. The format of a file is that of its
// ending unless -format says otherwise. On standard error it prints what was
// found, removed, replaced and left of each identifier, without any value; with
// -json it prints the whole report as JSON instead, and -report writes the same
// to a file. Rules with codes need a vault, a folder in which they are kept, a
// key of 64 hexadecimal digits in a file, and a scope, the name of the release.
//
// With -format fhir a file is one resource of FHIR R4 in JSON, a Bundle or any
// other, or one on each line if its name ends in .ndjson, as with fhir-ndjson;
// with -format hl7, or where the name ends in .hl7, it is HL7 v2 messages. Their
// fields are known: a policy only says what becomes of a kind of identifier, and
// without one it is the safe harbor. The ids of FHIR become codes, as record
// numbers of HL7 do where the policy has code:mrn for them; without a vault these
// are the same within one run, and nobody can lead them back.
//
// With -propose it reads CSV and writes a policy to correct and use: proposals
// decide nothing.
//
// The exit code is 0; 1 when some records could not be written, all others
// having been; and 2 when the command line, the policy or a file is wrong: then
// one line names what is wrong, and nothing is written.
//
// Nothing here is legal advice.
package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidfhir"
	"github.com/baakit/baakit/deid/deidhl7"
)

// The formats whose fields are known, besides those of package deid.
const (
	formatFHIR     deid.Format = "fhir"
	formatFHIRBulk deid.Format = "fhir-ndjson"
	formatHL7      deid.Format = "hl7"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

type options struct {
	policy, format, asOf string
	vault, key, scope    string
	output, report       string
	asJSON, propose      bool
	files                []string
	stdin                io.Reader
	stdout, stderr       io.Writer
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := options{stdin: stdin, stdout: stdout, stderr: stderr}
	flags := flag.NewFlagSet("deidentify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.policy, "policy", "", "read the policy from `FILE`")
	flags.StringVar(&o.format, "format", "", "json, ndjson, csv, fhir, fhir-ndjson or hl7, instead of the ending of the file")
	flags.StringVar(&o.asOf, "as-of", "", "judge birth dates against `DATE`, the day of the release")
	flags.StringVar(&o.vault, "vault", "", "keep codes in `DIR`")
	flags.StringVar(&o.key, "key", "", "read the vault's key from `FILE`: 64 hexadecimal digits")
	flags.StringVar(&o.scope, "scope", "", "the `NAME` of the release, within which codes are the same")
	flags.StringVar(&o.output, "o", "", "write the records to `FILE`")
	flags.StringVar(&o.report, "report", "", "write the report to `FILE`, as JSON")
	flags.BoolVar(&o.asJSON, "json", false, "print the report as JSON instead of the summary")
	flags.BoolVar(&o.propose, "propose", false, "propose a policy for the columns of a CSV file")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stderr)
			flags.Usage()
			return 0
		}
		return refuse(stderr, err)
	}
	o.files = flags.Args()
	work := o.transform
	if o.propose {
		work = o.proposal
	}
	failed, err := work(ctx)
	if err != nil {
		return refuse(stderr, err)
	}
	if failed > 0 {
		return 1
	}
	return 0
}

// refuse prints one line.
func refuse(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, "deidentify:", strings.ReplaceAll(err.Error(), "\n", "; "))
	return 2
}

// An input is one file to read.
type input struct {
	name   string
	format deid.Format
}

// known reports whether the format says what is in its fields.
func (in input) known() bool {
	return in.format == formatFHIR || in.format == formatFHIRBulk || in.format == formatHL7
}

func (o *options) inputs() ([]input, error) {
	names := o.files
	if len(names) == 0 {
		names = []string{"-"}
	}
	list := make([]input, 0, len(names))
	for _, name := range names {
		format := o.format
		if format == "" {
			format = strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
		}
		switch f := deid.Format(format); f {
		case formatFHIR:
			if strings.EqualFold(filepath.Ext(name), ".ndjson") {
				f = formatFHIRBulk
			}
			list = append(list, input{name, f})
		case deid.FormatJSON, deid.FormatNDJSON, deid.FormatCSV, formatFHIRBulk, formatHL7:
			list = append(list, input{name, f})
		default:
			return nil, errors.New("-format must be json, ndjson, csv, fhir, fhir-ndjson or hl7 where the name of the file does not end in one of json, ndjson, csv and hl7")
		}
	}
	return list, nil
}

func (o *options) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(o.stdin), nil
	}
	return os.Open(name)
}

// definition reads the policy. Only the known formats do without a file.
func (o *options) definition(known bool) (*deid.Policy, error) {
	if o.policy == "" {
		if !known {
			return nil, errors.New("-policy is required")
		}
		return deid.SafeHarbor().Compile()
	}
	data, err := os.ReadFile(o.policy)
	if err != nil {
		return nil, err
	}
	def, err := deid.ParseDefinition(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.policy, err)
	}
	policy, err := def.Compile()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.policy, err)
	}
	return policy, nil
}

// engine makes the engine, and returns what ends the use of its vault.
func (o *options) engine(inputs []input) (e *deid.Engine, done func() error, err error) {
	done = func() error { return nil }
	policy, err := o.definition(!slices.ContainsFunc(inputs, func(in input) bool { return !in.known() }))
	if err != nil {
		return nil, done, err
	}
	opts := &deid.Options{Scope: o.scope}
	if o.asOf != "" {
		if opts.AsOf, err = baakit.ParseDate(o.asOf); err != nil {
			return nil, done, fmt.Errorf("-as-of: %w", err)
		}
	}
	switch {
	case o.vault != "":
		key, err := readKey(o.key)
		if err != nil {
			return nil, done, err
		}
		if o.scope == "" {
			return nil, done, errors.New("-vault needs -scope")
		}
		vault, err := deid.OpenFileVault(o.vault, key)
		if err != nil {
			return nil, done, err
		}
		opts.Vault, done = vault, vault.Close
	case slices.ContainsFunc(inputs, input.known):
		opts.Vault = deid.NewMemoryVault()
		if opts.Scope == "" {
			opts.Scope = "run"
		}
	}
	if e, err = deid.New(policy, opts); err != nil {
		done()
		return nil, done, fmt.Errorf("%s: %w", orSafeHarbor(o.policy), err)
	}
	return e, done, nil
}

func orSafeHarbor(name string) string {
	if name == "" {
		return "the safe harbor"
	}
	return name
}

func readKey(name string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("-vault needs -key")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(data)))
	if err != nil || len(key) != 32 {
		return nil, errors.New("the key file must hold 64 hexadecimal digits")
	}
	return key, nil
}

func (o *options) transform(ctx context.Context) (failed int64, err error) {
	inputs, err := o.inputs()
	if err != nil {
		return 0, err
	}
	e, done, err := o.engine(inputs)
	if err != nil {
		return 0, err
	}
	defer done()
	// The output is whole before any of it is shown: a malformed file leaves
	// nothing behind.
	dir := ""
	if o.output != "" {
		dir = filepath.Dir(o.output)
	}
	out, err := os.CreateTemp(dir, ".deidentify-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	report := e.NewReport()
	for _, in := range inputs {
		if err := o.one(ctx, e, in, out, report); err != nil {
			return 0, err
		}
	}
	statement := report.Statement()
	asJSON, err := json.MarshalIndent(statement, "", "  ")
	if err != nil {
		return 0, err
	}
	asJSON = append(asJSON, '\n')
	if o.report != "" {
		if err := os.WriteFile(o.report, asJSON, 0o600); err != nil {
			return 0, err
		}
	}
	if err := o.release(out); err != nil {
		return 0, err
	}
	if o.asJSON {
		_, err = o.stderr.Write(asJSON)
	} else {
		_, err = io.WriteString(o.stderr, statement.Text())
	}
	return statement.RecordsFailed, err
}

// A transform is what walks over a file of some format.
type transform func(context.Context, io.Writer, io.Reader, *deid.Subject, *deid.Report) error

func (o *options) transformer(e *deid.Engine, f deid.Format) (transform, error) {
	switch f {
	case deid.FormatJSON:
		return e.JSON, nil
	case deid.FormatNDJSON:
		return e.NDJSON, nil
	case deid.FormatCSV:
		return e.CSV, nil
	case formatHL7:
		t, err := deidhl7.New(e, nil)
		if err != nil {
			return nil, err
		}
		return t.Transform, nil
	}
	w, err := deidfhir.New(e, &deidfhir.Options{Forgotten: o.vault == ""})
	if err != nil {
		return nil, err
	}
	if f == formatFHIRBulk {
		return w.NDJSON, nil
	}
	return w.JSON, nil
}

// one transforms a file. Records that failed are counted in the report, but a
// file of which nothing could be written is a wrong one.
func (o *options) one(ctx context.Context, e *deid.Engine, in input, out io.Writer, report *deid.Report) error {
	walk, err := o.transformer(e, in.format)
	if err != nil {
		return fmt.Errorf("%s: %w", orSafeHarbor(o.policy), err)
	}
	src, err := o.open(in.name)
	if err != nil {
		return err
	}
	defer src.Close()
	before := written(report)
	err = walk(ctx, out, src, nil, report)
	if _, partly := errors.AsType[*deid.FailedError](err); err != nil && (!partly || written(report) == before) {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	return nil
}

func written(report *deid.Report) int64 {
	s := report.Statement()
	return s.Records - s.RecordsFailed
}

// release shows the finished output.
func (o *options) release(out *os.File) error {
	if o.output != "" {
		if err := out.Sync(); err != nil {
			return err
		}
		return os.Rename(out.Name(), o.output)
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(o.stdout, out)
	return err
}

func (o *options) proposal(ctx context.Context) (int64, error) {
	if len(o.files) > 1 {
		return 0, errors.New("-propose reads one file")
	}
	name := "-"
	if len(o.files) == 1 {
		name = o.files[0]
	}
	src, err := o.open(name)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	proposals, err := deid.ProposeCSV(ctx, src)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	def, err := deid.DefinitionOf(proposals)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	asJSON, err := json.MarshalIndent(def, "", "  ")
	if err != nil {
		return 0, err
	}
	_, err = o.stdout.Write(append(asJSON, '\n'))
	return 0, err
}
