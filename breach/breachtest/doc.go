// Package breachtest helps a program that uses package breach to test its own
// deadline rules: assertions whose failures explain the rule, scenarios with
// outcomes worked out by hand, and generators of incidents for property tests.
//
// A test of a vendor that promises to report within 48 hours:
//
//	func TestReport(t *testing.T) {
//		in := incidentOf(report) // the program's own mapping
//		breachtest.MustNotifyBy(t, in, breach.Individuals, baakit.MustParseDate("2027-03-01"))
//		breachtest.MustNotNotify(t, in, breach.Media)
//	}
package breachtest
