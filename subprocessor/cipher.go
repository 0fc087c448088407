package subprocessor

import "slices"

// A Cipher is what stored data is encrypted with. The zero Cipher is that none
// was stated.
type Cipher string

// The ciphers, by the length of their key. Whether another one is as strong is
// not decided here: it counts as nothing until somebody did.
const (
	AES128      Cipher = "AES-128"
	AES192      Cipher = "AES-192"
	AES256      Cipher = "AES-256"
	OtherCipher Cipher = "other"
)

// strength is from 1 for those that can be compared, otherwise 0.
func (c Cipher) strength() int { return 1 + slices.Index([]Cipher{AES128, AES192, AES256}, c) }

func (c Cipher) valid() bool { return c == OtherCipher || c.strength() > 0 }

// A TLSVersion is a version of TLS. The zero TLSVersion is that none was
// stated.
type TLSVersion string

// The versions.
const (
	TLS10 TLSVersion = "1.0"
	TLS11 TLSVersion = "1.1"
	TLS12 TLSVersion = "1.2"
	TLS13 TLSVersion = "1.3"
)

// order is from 1 for a version, otherwise 0.
func (v TLSVersion) order() int { return 1 + slices.Index([]TLSVersion{TLS10, TLS11, TLS12, TLS13}, v) }
