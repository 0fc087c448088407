package deid

// ParseTag lets a test fuzz the tag compiler.
func ParseTag(s string) (kind Kind, action Action, reason string, dive, keys bool, wrong string) {
	t, wrong := parseTag(s)
	return t.rule.Kind, t.rule.Action, t.rule.Reason, t.dive, t.keys, wrong
}

// ParsePath lets a test read a path and write it again.
func ParsePath(s string) (string, error) {
	steps, err := parsePath(s)
	return pathString(steps), err
}

// ShapeOf lets a test compare shapes with expressions.
func ShapeOf(s string) bool { return shapeOf([]byte(s)) != plain }
