// Package baakit is the vocabulary of a library of HIPAA business-associate
// primitives: the dates, periods, calendars, citations and errors that its
// packages share.
package baakit
