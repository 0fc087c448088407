// Package baakit stands in for the real one.
package baakit

type Date struct{ days int32 }
