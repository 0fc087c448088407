// Deidentify applies a policy of 45 CFR 164.514 to records.
//
// Usage:
//
//	deidentify -policy FILE [-format json|ndjson|csv] [-as-of DATE] [-vault DIR -key FILE -scope NAME]
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
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
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
	flags.StringVar(&o.format, "format", "", "json, ndjson or csv, instead of the ending of the file")
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
		case deid.FormatJSON, deid.FormatNDJSON, deid.FormatCSV:
			list = append(list, input{name, f})
		default:
			return nil, errors.New("-format must be json, ndjson or csv where the name of the file does not end in one")
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

// engine makes the engine, and returns what ends the use of its vault.
func (o *options) engine() (e *deid.Engine, done func() error, err error) {
	done = func() error { return nil }
	if o.policy == "" {
		return nil, done, errors.New("-policy is required")
	}
	data, err := os.ReadFile(o.policy)
	if err != nil {
		return nil, done, err
	}
	def, err := deid.ParseDefinition(data)
	if err != nil {
		return nil, done, fmt.Errorf("%s: %w", o.policy, err)
	}
	policy, err := def.Compile()
	if err != nil {
		return nil, done, fmt.Errorf("%s: %w", o.policy, err)
	}
	opts := &deid.Options{Scope: o.scope}
	if o.asOf != "" {
		if opts.AsOf, err = baakit.ParseDate(o.asOf); err != nil {
			return nil, done, fmt.Errorf("-as-of: %w", err)
		}
	}
	if o.vault != "" {
		key, err := readKey(o.key)
		if err != nil {
			return nil, done, err
		}
		vault, err := deid.OpenFileVault(o.vault, key)
		if err != nil {
			return nil, done, err
		}
		opts.Vault, done = vault, vault.Close
	}
	if e, err = deid.New(policy, opts); err != nil {
		done()
		return nil, done, fmt.Errorf("%s: %w", o.policy, err)
	}
	return e, done, nil
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
	e, done, err := o.engine()
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

// one transforms a file. Records that failed are counted in the report.
func (o *options) one(ctx context.Context, e *deid.Engine, in input, out io.Writer, report *deid.Report) error {
	src, err := o.open(in.name)
	if err != nil {
		return err
	}
	defer src.Close()
	walk := map[deid.Format]func(context.Context, io.Writer, io.Reader, *deid.Subject, *deid.Report) error{
		deid.FormatJSON: e.JSON, deid.FormatNDJSON: e.NDJSON, deid.FormatCSV: e.CSV,
	}[in.format]
	err = walk(ctx, out, src, nil, report)
	if _, partly := errors.AsType[*deid.FailedError](err); err != nil && !partly {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	return nil
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
