package baakit

import (
	"errors"
	"strings"
)

// A FieldError says where an input is wrong and which rule it breaks, and
// never what the wrong value is: the value may be protected health
// information, and errors end up in logs.
//
// Path names the field as the input names it: JSON names joined by dots, and
// list positions in brackets, as in "parties[1].notice_address". Rule is the
// sentence that the value would have to satisfy, as in "must not be before
// occurred_from". The zero FieldError names nothing and is not used.
// FieldErrors are comparable and safe for concurrent use.
type FieldError struct {
	Path string `json:"path"`
	Rule string `json:"rule"`
}

// Error returns "path: rule", or the rule alone where the whole input is
// meant and the path is empty.
func (e FieldError) Error() string {
	if e.Path == "" {
		return e.Rule
	}
	return e.Path + ": " + e.Rule
}

// FieldErrors is all that is wrong with one input, in the order of its
// fields, as one error. The zero value is an empty list, which is no error:
// build it with Add and Merge and return [FieldErrors.Err].
// errors.As finds the first FieldError in it, and the list itself. It is not
// safe for concurrent use while it is being built.
type FieldErrors []FieldError

// Error returns the field errors joined by "; ".
func (e FieldErrors) Error() string {
	if len(e) == 0 {
		return "no field errors"
	}
	var b strings.Builder
	for i, f := range e {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Error())
	}
	return b.String()
}

// Unwrap returns the field errors as errors, for errors.Is and errors.As.
func (e FieldErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, f := range e {
		errs[i] = f
	}
	return errs
}

// Err returns the list as an error, or nil if it is empty.
func (e FieldErrors) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// Add appends that the field at path breaks rule. Neither may hold a value of
// the input.
func (e *FieldErrors) Add(path, rule string) {
	*e = append(*e, FieldError{Path: path, Rule: rule})
}

// Merge appends the field errors inside err, each with its path set under
// prefix: "roles" becomes "parties[1].roles", and "[2]" becomes
// "parties[2]" under "parties". A nil err adds nothing. An err that holds no
// field errors adds its text as the rule of prefix, so it must be one that
// carries no value.
func (e *FieldErrors) Merge(prefix string, err error) {
	if err == nil {
		return
	}
	if list, ok := errors.AsType[FieldErrors](err); ok {
		for _, f := range list {
			e.Add(joinPath(prefix, f.Path), f.Rule)
		}
		return
	}
	if f, ok := errors.AsType[FieldError](err); ok {
		e.Add(joinPath(prefix, f.Path), f.Rule)
		return
	}
	e.Add(prefix, err.Error())
}

func joinPath(prefix, path string) string {
	switch {
	case prefix == "":
		return path
	case path == "":
		return prefix
	case path[0] == '[':
		return prefix + path
	}
	return prefix + "." + path
}
