package deid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"github.com/baakit/baakit"
)

// ErrNoSubjectKey is the error of ShiftDate for a record whose subject has no
// Key: dates of one individual must move together.
var ErrNoSubjectKey = errors.New("shift_date needs a subject with a key")

// derive computes what stands in the place of a value under a method that
// allows it. SafeHarbor never gets here: its rules do not compile.
func (e *Engine) derive(dst []byte, p *Place, v []byte) ([]byte, error) {
	switch p.action {
	case Hash:
		sum := sha256.Sum256(v)
		return hex.AppendEncode(dst, sum[:]), nil
	case HMAC:
		sum := e.mac("hmac", p.kind.String(), v)
		return hex.AppendEncode(dst, sum[:]), nil
	}
	return e.sameFormat(dst, p.kind, v), nil
}

func (e *Engine) mac(use, kind string, v []byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, e.opts.Key)
	mac.Write(AppendVaultKey(nil, "deid."+use, kind, v))
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	return sum
}

// sameFormat puts a keyed digit for each digit and a keyed letter of the same
// case for each ASCII letter; other bytes stay if they are ASCII, and become
// x otherwise.
func (e *Engine) sameFormat(dst []byte, k Kind, v []byte) []byte {
	var block [sha256.Size]byte
	for i, c := range v {
		if i%sha256.Size == 0 {
			block = e.mac("format", k.String(), binary.BigEndian.AppendUint32(append([]byte(nil), v...), uint32(i)))
		}
		r := block[i%sha256.Size]
		switch {
		case isDigit(c):
			c = '0' + r%10
		case isAlpha(c):
			c = c&^0x1f | 1 + r%26
		case c >= 0x80:
			c = 'x'
		}
		dst = append(dst, c)
	}
	return dst
}

// shift moves a date of the form 2006-01-02, whatever follows it, by the
// number of days of its subject: 1 to 365 back or forth.
func (c *Record) shift(dst, v []byte) ([]byte, Outcome, error) {
	if c.subject == nil || c.subject.Key == "" {
		return dst, 0, ErrNoSubjectKey
	}
	v = trimSpace(v)
	if len(v) < 10 || !isTimeSuffix(v[10:]) {
		return dst, RemovedUnread, nil
	}
	date, err := baakit.ParseDate(string(v[:10]))
	if err != nil {
		return dst, RemovedUnread, nil
	}
	sum := c.e.mac("shift", "", []byte(c.subject.Key))
	days := 1 + int(binary.BigEndian.Uint32(sum[:4])%365)
	if sum[4]&1 == 1 {
		days = -days
	}
	moved := date.AddDays(days)
	if moved.IsZero() {
		return dst, RemovedUnread, nil
	}
	dst, err = moved.AppendText(dst)
	return append(dst, v[10:]...), Shifted, err
}

// shiftTime is shift for a time.Time; the zero time stays.
func (c *Record) shiftTime(t time.Time) (time.Time, error) {
	var buf [10]byte
	text := t.AppendFormat(buf[:0], time.DateOnly)
	out, o, err := c.shift(nil, text)
	if err != nil || o != Shifted {
		return time.Time{}, err
	}
	d, err := time.Parse(time.DateOnly, string(out))
	if err != nil {
		return time.Time{}, nil
	}
	h, m, s := t.Clock()
	return time.Date(d.Year(), d.Month(), d.Day(), h, m, s, t.Nanosecond(), t.Location()), nil
}
