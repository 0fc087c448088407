package journal

// FSOf returns the file system that a journal uses.
func FSOf(j *Journal) FS { return j.fs }
