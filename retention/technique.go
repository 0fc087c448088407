package retention

// A Technique is how media are sanitized: one of the techniques of the table
// of methods, such as "cryptographic_erase".
type Technique string
