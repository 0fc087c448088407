package baakit

import (
	"database/sql/driver"
	"encoding"
	"fmt"
)

// must serves the Must functions, whose arguments are constants of a program.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// scanText is the Scan of every type whose column is its text form.
func scanText(src any, name string, unmarshal func([]byte) error) error {
	switch src := src.(type) {
	case string:
		return unmarshal([]byte(src))
	case []byte:
		return unmarshal(src)
	}
	// The kind of src is named, never its value.
	return fmt.Errorf("baakit: scan %s: cannot read a column of type %T", name, src)
}

// textValue is the Value of every type whose column is its text form.
func textValue(m encoding.TextMarshaler) (driver.Value, error) {
	text, err := m.MarshalText()
	if err != nil {
		return nil, err
	}
	return string(text), nil
}
