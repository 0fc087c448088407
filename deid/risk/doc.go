// Package risk measures how easily the records of a table could be told apart,
// as material for the expert of 45 CFR 164.514(b)(1). It renders no
// determination: whether a risk is "very small" is the expert's to say, with
// the recipient and the means of attack in view, and no number here says it.
// Nothing here is legal advice.
//
// # Equivalence classes
//
// The caller names the quasi-identifiers, the columns that somebody outside
// could know of a person: year of birth, sex, three digits of a ZIP code. The
// records that agree on all of them are one equivalence class. A record whose
// class has size f can be picked out of it with chance 1/f.
//
//	k            the size of the smallest class
//	unique       records that are alone in their class
//	small        records in classes below the threshold, 11 unless told
//
// # Three attackers
//
// The prosecutor knows that a certain person is in the table: the chance for
// a record is 1/f. The journalist does not, and must tell the person from all
// of a population who would be in the class: the chance is 1/F, with F the
// size of the class in the population. The marketer wants to match as many
// records as possible: the share expected to be right is the mean of 1/F over
// the records. Where no population is given the table is taken for one, F = f;
// this is never below the truth, and the result says so.
//
// # Sensitive columns
//
// That a person is in a class tells what all of its records share. For every
// sensitive column the result has l, the fewest distinct values in a class,
// the least entropy of a class as the number of equally frequent values that
// would have it, and t, the greatest distance between the distribution in a
// class and in the whole table: half the sum of the absolute differences,
// which is the earth mover's distance when all values are equally far apart.
//
// # Ladders
//
// [Pareto] tries every combination of the steps of some ladders, such as year,
// five years, ten years and three digits of a ZIP code, State, nothing, and
// returns those between which there is a choice: each less risky than all that
// lose less. [Years], [Prefix], [Map] and [Suppress] are the usual steps.
//
// # Output
//
// A [Result] and a [Front] have JSON forms, read by [ParseResult] and
// [ParseFront], and Text and Markdown for the expert's documents.
//
// # Memory
//
// Records are streamed. A class takes a hash of 128 bits, a count and a
// number; no value is kept, so none can appear in a result or an error.
package risk
