package baa

// A Chain is the answer of [CheckChain].
type Chain struct {
	// Flows: PHI may be disclosed from the covered entity to the last link.
	Flows bool `json:"flows"`
	// Broken is the number of the first link, from 0 at the covered entity,
	// over which it may not; -1 if there is none.
	Broken   int           `json:"broken"`
	Findings []LifeFinding `json:"findings,omitempty"`
}

// CheckChain says whether PHI may flow down a chain of agreements at one
// instant: the first link is that of the covered entity, every further one is
// between a business associate and its subcontractor, which needs the same
// assurance (45 CFR 164.502(e)(1)(ii), 164.504(e)(5)). Each state must be of
// the same instant, as [Lifecycle.StateAt] gives it. A link without any
// agreement is the zero State. A finding LC-CHAIN of each broken link has the
// number of the link, from 1, as Seq; findings of the links about earlier
// disclosures (LC-FLOW) are repeated, since an agreement that came later does
// not undo them. A chain without links does not flow.
func CheckChain(links ...State) Chain {
	c := Chain{Flows: len(links) > 0, Broken: -1}
	for i, s := range links {
		if !s.PHI.Yes || !s.Valid.Equal(links[0].Valid) {
			if c.Broken < 0 {
				c.Broken = i
			}
			c.Flows = false
			finding := lives().finding("LC-CHAIN")
			finding.Seq = i + 1
			c.Findings = append(c.Findings, finding)
		}
		for _, f := range s.Findings {
			if f.ID == "LC-FLOW" {
				c.Findings = append(c.Findings, f)
			}
		}
	}
	return c
}
