// Package deid stands in for the real one: the analyzer looks at nothing else
// of it.
package deid

import "context"

type Engine struct{}

type Subject struct{}

type Report struct{}

func Struct[T any](ctx context.Context, e *Engine, v *T, s *Subject, r *Report) error { return nil }

func CheckStruct[T any](e *Engine) ([]string, error) { return nil, nil }

type Value[T any] struct{ handle *any }

func Hide[T any](v T) Value[T] { return Value[T]{} }

func (v Value[T]) Reveal() (t T) { return t }

func (v Value[T]) IsZero() bool { return true }

func (v Value[T]) String() string { return "[redacted]" }
