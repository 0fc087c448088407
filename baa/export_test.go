package baa

// HashOf is how versions are hashed.
var HashOf = hashOf
