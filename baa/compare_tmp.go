package baa

import "github.com/baakit/baakit"

func compare(p, q baakit.Period) baakit.Comparison { return p.Compare(q, nil) }

type Severity string
