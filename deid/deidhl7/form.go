package deidhl7

import "strings"

// A codeForm is what the codes of a coding system look like. No form lets a
// number pass that is as long as an identifier and not of the system's own
// shape.
type codeForm uint8

const (
	codeLocal  codeForm = iota // of a site, of a table of HL7, or of none
	codeShort                  // few characters
	codeLOINC                  // 12345-6
	codeSNOMED                 // 6 to 18 digits, with the check digit of SNOMED CT
	codeICD                    // E11.9, 250.00
	codeDrug                   // up to 11 digits, or the same divided
	codeUnit                   // mmol/L
	codeRace                   // 2106-3
	codeSite                   // of a site that the options trust
)

// The most characters and digits of a code of a site. Five digits are a ZIP
// code.
const (
	maxLocal       = 12
	maxLocalDigits = 4
)

func (f codeForm) fits(v []byte) bool {
	switch f {
	case codeLocal:
		return isCode(v, maxLocal, maxLocalDigits)
	case codeShort:
		return isCode(v, 10, 7)
	case codeLOINC:
		return isLOINC(v)
	case codeSNOMED:
		return isSNOMED(v)
	case codeICD:
		return isICD(v)
	case codeDrug:
		return isCode(v, 13, 11) && !isDay(v)
	case codeUnit:
		return isCode(v, 24, 6)
	case codeSite:
		return isCode(v, 20, 8) && !isDay(v)
	case codeRace:
		return len(v) == 6 && v[4] == '-' && digitsOf(v) == 5 || isCode(v, maxLocal, maxLocalDigits)
	}
	return false
}

func digitsOf(v []byte) int {
	n := 0
	for _, c := range v {
		if isDigit(c) {
			n++
		}
	}
	return n
}

// codeBytes may stand in a code.
var codeBytes = func() (t [256]bool) {
	for c := range t {
		b := byte(c)
		t[c] = isDigit(b) || isLetter(b)
	}
	for _, c := range []byte("._-/+%*[]{}()<>=:#'") {
		t[c] = true
	}
	return t
}()

// isCode reports whether v is one word of at most so many characters and
// digits.
func isCode(v []byte, length, digits int) bool {
	if len(v) == 0 || len(v) > length {
		return false
	}
	for _, c := range v {
		if !codeBytes[c] {
			return false
		}
		if isDigit(c) {
			digits--
		}
	}
	return digits >= 0
}

// isLOINC reads up to seven digits, a hyphen and the check digit of the code
// by the method of Luhn.
func isLOINC(v []byte) bool {
	n := len(v) - 2
	if n < 1 || n > 7 || v[n] != '-' || !isDigit(v[n+1]) {
		return false
	}
	sum, double := 0, true
	for i := n - 1; i >= 0; i-- {
		if !isDigit(v[i]) {
			return false
		}
		d := int(v[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return (sum+int(v[n+1]-'0'))%10 == 0
}

// isSNOMED reads an identifier of SNOMED CT: 6 to 18 digits, of which the last
// is the check digit by the method of Verhoeff.
func isSNOMED(v []byte) bool {
	if len(v) < 6 || len(v) > 18 || v[0] == '0' {
		return false
	}
	check := byte(0)
	for i := range v {
		c := v[len(v)-1-i]
		if !isDigit(c) {
			return false
		}
		check = verhoeffProduct[check][verhoeffPermuted[i%8][c-'0']]
	}
	return check == 0
}

// verhoeffProduct is the product of the dihedral group of ten elements.
var verhoeffProduct = func() (t [10][10]byte) {
	for a := range t {
		for b := range t[a] {
			switch {
			case a < 5 && b < 5:
				t[a][b] = byte((a + b) % 5)
			case a < 5:
				t[a][b] = byte((a+b-5)%5 + 5)
			case b < 5:
				t[a][b] = byte((a-5-b+5)%5 + 5)
			default:
				t[a][b] = byte((a - b + 5) % 5)
			}
		}
	}
	return t
}()

// verhoeffPermuted is the permutation of Verhoeff, applied 0 to 7 times.
var verhoeffPermuted = func() (t [8][10]byte) {
	first := [10]byte{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	for d := range t[0] {
		t[0][d] = byte(d)
	}
	for i := 1; i < len(t); i++ {
		for d := range t[i] {
			t[i][d] = first[t[i-1][d]]
		}
	}
	return t
}()

// isICD reads a code of ICD-9 or ICD-10, with or without its point.
func isICD(v []byte) bool {
	if len(v) < 3 || len(v) > 8 {
		return false
	}
	for i, c := range v {
		if !isDigit(c) && !isLetter(c) && (c != '.' || i < 2 || i > 4) {
			return false
		}
	}
	if isDigit(v[0]) || len(v) == 7 && v[3] != '.' { // ICD-9, or a procedure of ICD-10
		return len(v) != 5 && digitsOf(v) <= 5 || v[2] == '.' || v[3] == '.' || len(v) == 7 && digitsOf(v) < 7
	}
	return digitsOf(v[1:3]) >= 1
}

// isDay reports whether v is eight digits that are a day.
func isDay(v []byte) bool {
	if len(v) != 8 || digitsOf(v) != 8 {
		return false
	}
	two := func(i int) int { return int(v[i]-'0')*10 + int(v[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(4), two(6)
	us := two(4)*100 + two(6)
	return year >= 1850 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31 ||
		us >= 1850 && us <= 2100 && (two(0) <= 12 && two(2) <= 31 || two(0) <= 31 && two(2) <= 12)
}

// The most digits before the point of a number that counts and of one that
// measures. No telephone or social security number has so few, and no record
// number in a field that counts.
const (
	maxCount   = 6
	maxMeasure = 8
)

// isNumber reads an NM: a sign, digits and a point; no day, and above four
// digits no leading zero, which a ZIP code may have.
func isNumber(v []byte, limit int) bool {
	if len(v) > 0 && (v[0] == '+' || v[0] == '-') {
		v = v[1:]
	}
	n := 0
	for n < len(v) && isDigit(v[n]) {
		n++
	}
	if n > limit || n > 4 && v[0] == '0' || n == 8 && isDay(v[:8]) {
		return false
	}
	if n == len(v) {
		return n > 0
	}
	return v[n] == '.' && digitsOf(v[n+1:]) == len(v)-n-1 && len(v)-n-1 <= 6 && len(v) > 1
}

// isRange reads a reference range: a word without digits, a number, or one or
// two numbers with a comparator or a hyphen.
func isRange(v []byte) bool {
	if len(v) > 24 {
		return false
	}
	if digitsOf(v) == 0 {
		return isCode(v, maxLocal, 0)
	}
	for len(v) > 0 && (v[0] == '<' || v[0] == '>' || v[0] == '=' || v[0] == ' ') {
		v = v[1:]
	}
	lo, rest, ok := rangeNumber(v)
	if !ok {
		return false
	}
	if len(rest) == 0 {
		return true
	}
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	if len(rest) == 0 || rest[0] != '-' {
		return false
	}
	for rest = rest[1:]; len(rest) > 0 && rest[0] == ' '; {
		rest = rest[1:]
	}
	hi, rest, ok := rangeNumber(rest)
	return ok && len(rest) == 0 && lo <= hi
}

// rangeNumber reads a number without a needless zero, which the parts of a
// ZIP code or of a telephone number may have, and returns its whole part.
func rangeNumber(v []byte) (whole int, rest []byte, ok bool) {
	n := 0
	for n < len(v) && isDigit(v[n]) {
		whole = whole*10 + int(v[n]-'0')
		if n++; n > 7 {
			return 0, nil, false
		}
	}
	if n == 0 || n > 1 && v[0] == '0' {
		return 0, nil, false
	}
	if n < len(v) && v[n] == '.' {
		m := n + 1
		for m < len(v) && isDigit(v[m]) {
			m++
		}
		if m == n+1 || m > n+5 {
			return 0, nil, false
		}
		n = m
	}
	return whole, v[n:], true
}

// isCountry reads a code of two or three letters.
func isCountry(v []byte) bool {
	for _, c := range v {
		if !isLetter(c) {
			return false
		}
	}
	return len(v) == 2 || len(v) == 3
}

// hasDay reports whether a text has the name of a month beside a number.
func hasDay(v []byte) bool {
	digit := false
	for _, c := range v {
		digit = digit || isDigit(c)
	}
	if !digit {
		return false
	}
	month, number := false, false // of the word before
	for i := 0; i < len(v); {
		n := i
		switch {
		case isLetter(v[i]):
			for n < len(v) && isLetter(v[n]) {
				n++
			}
			is := isMonth(v[i:n])
			if is && number {
				return true
			}
			// Of 17th of May the number is still before the month.
			month, number = is, number && n-i == 2
		case isDigit(v[i]):
			for n < len(v) && isDigit(v[n]) {
				n++
			}
			if month {
				return true
			}
			month, number = false, true
		default:
			n++
		}
		i = n
	}
	return false
}

// isMonth reads the English name of a month, in full or in three letters.
func isMonth(word []byte) bool {
	if len(word) < 3 || len(word) > 9 {
		return false
	}
	month := months[uint32(word[0]|0x20)<<16|uint32(word[1]|0x20)<<8|uint32(word[2]|0x20)]
	switch {
	case month == "":
		return false
	case len(word) == 3, month == "september" && len(word) == 4 && word[3]|0x20 == 't':
		return true
	}
	return len(word) == len(month) && strings.EqualFold(string(word), month)
}

// months are the months by their first three letters.
var months = func() map[uint32]string {
	m := make(map[uint32]string)
	for _, name := range [...]string{
		"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
	} {
		m[uint32(name[0])<<16|uint32(name[1])<<8|uint32(name[2])] = name
	}
	return m
}()
