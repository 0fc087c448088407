package deid

import "bytes"

// ParsePath lets a test read a path and write it again.
func ParsePath(s string) (string, error) {
	steps, err := parsePath(s)
	return pathString(steps), err
}

// A Checker lets a test compare the self-check with one that reads everything.
type Checker struct{ k checker }

// Removed adds a removed value, Look one of the output.
func (c *Checker) Removed(kind Kind, v string) { c.k.removed(kind, []byte(v)) }

// Look adds a value of the output.
func (c *Checker) Look(kind Kind, v string) { c.k.look(kind, []byte(v)) }

// Reset makes it ready for the next record.
func (c *Checker) Reset() { c.k.reset() }

// Found is the answer of the self-check.
func (c *Checker) Found() bool { return c.k.found() }

// FoundSlowly is the answer without any of its short cuts: every value is
// read, and every needle looked for.
func (c *Checker) FoundSlowly() bool {
	c.k.readAll()
	c.k.seen = ^uint64(0)
	for i := range c.k.rows {
		c.k.rows[i] = ^uint64(0)
	}
	c.k.prepare()
	for _, n := range c.k.list {
		text := c.k.needles[n.start:n.end]
		for bit, in := range [...][]byte{c.k.words, c.k.terms, c.k.squeezed, c.k.joined} {
			if n.form&(1<<bit) != 0 && bytes.Contains(in, text) {
				return true
			}
		}
	}
	return false
}
