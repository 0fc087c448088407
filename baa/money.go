package baa

import (
	"errors"
	"strings"

	"github.com/shopspring/decimal"
)

var errMoney = errors.New("must be an amount such as 1000000.00, above 0 and below 1000000000000, at most two decimals")

// Money is an amount of US dollars above zero, exact to the cent. The zero
// Money is no amount: none was agreed. Moneys are immutable; compare them with
// Equal. In JSON a Money is a string with two decimals.
type Money struct{ cents int64 }

// ParseMoney reads digits with at most two decimals, "1000000" or
// "1000000.50".
func ParseMoney(s string) (Money, error) {
	whole, frac, dot := strings.Cut(s, ".")
	digits := func(s string, most int) bool {
		return s != "" && len(s) <= most && strings.Trim(s, "0123456789") == ""
	}
	if !digits(whole, 12) || dot && !digits(frac, 2) {
		return Money{}, errMoney
	}
	d, err := decimal.NewFromString(s)
	if err != nil || !d.IsPositive() {
		return Money{}, errMoney
	}
	return Money{d.Shift(2).IntPart()}, nil
}

// MustParseMoney is ParseMoney for tests and package variables; it panics on
// an error.
func MustParseMoney(s string) Money {
	m, err := ParseMoney(s)
	if err != nil {
		panic(err)
	}
	return m
}

// Decimal returns the amount.
func (m Money) Decimal() decimal.Decimal { return decimal.New(m.cents, -2) }

// IsZero reports whether m is no amount.
func (m Money) IsZero() bool { return m.cents == 0 }

// Equal reports whether both are the same amount.
func (m Money) Equal(n Money) bool { return m == n }

// Compare returns -1, 0 or +1; no amount is the least.
func (m Money) Compare(n Money) int { return m.Decimal().Cmp(n.Decimal()) }

// String returns the amount with two decimals, or "no amount".
func (m Money) String() string {
	if m.IsZero() {
		return "no amount"
	}
	return m.Decimal().StringFixed(2)
}

// MarshalText implements encoding.TextMarshaler; no amount is an error.
func (m Money) MarshalText() ([]byte, error) {
	if m.IsZero() {
		return nil, errMoney
	}
	return []byte(m.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler as [ParseMoney] reads.
func (m *Money) UnmarshalText(text []byte) error {
	read, err := ParseMoney(string(text))
	if err == nil {
		*m = read
	}
	return err
}
