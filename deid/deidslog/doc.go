// Package deidslog keeps identifiers out of application logs, by type and by
// struct tag: a [slog.Handler] to put around another one, and a ReplaceAttr
// function for the handlers of log/slog.
//
//	logger := slog.New(deidslog.NewHandler(slog.NewJSONHandler(os.Stderr, nil), &deidslog.Options{
//		Keys: []string{"method", "status", "http.path"},
//	}))
//	logger.Info("visit stored", "visit", visit, "status", 201, "by", user)
//
// logs of visit what the tags of its type let through, 201, and "[redacted]"
// for the user. It is an allow-list: what neither a tag nor a key vouches for
// does not reach the log.
//
// # What is logged
//
//   - A struct type with deid tags becomes a group of its exported fields. A
//     field shows if its tag says keep, or the kind term, without an identifier
//     or free text as its kind; "dive" goes on inside. All other fields, those
//     without a tag among them, show as "[redacted]". No key changes that.
//   - A [deid.Value] shows as "[redacted]".
//   - Everything else, a string, a number, a time, an error, a struct without
//     tags, shows if its key is one of [Options].Keys, or it stands inside such
//     a key: the program's author vouches for it. A tagged struct inside is
//     treated by its tags nevertheless.
//   - Whatever is vouched for, text in which [deid.ShapeOf] sees an identifier
//     (an e-mail, web or IP address, a telephone or social security number, a
//     full date) shows as "[redacted]" as a whole. So does the message of the
//     record, and a key or the name of a group.
//   - bool, time.Duration, nil and the level, the time and the source of the
//     record show always. Of an error that is not vouched for the type shows.
//
// A slog.LogValuer is resolved first, at any depth, and its result is treated
// like any other value. Pointers and interfaces are followed; slices and maps
// are treated by their elements, and the keys of a map that nothing vouches for
// take the whole map with them. Fields are named as encoding/json names them.
// Whatever a method of a logged value does, panic included, no call of the
// handler panics: the value shows as "[redacted]".
//
// # What it cannot do
//
// Names, streets and plain numbers have no shape: in a message, or in text
// under a listed key, they are logged. Messages should be constants, and
// identifiers stand in tagged fields or in a [deid.Value]; the analyzer of
// deidvet finds those that are printed. What a handler is given by WithAttrs
// is treated then, not when a record is logged. A map that another goroutine
// writes to meanwhile crashes the program, as it does under any handler.
//
// Nothing here is legal advice, and a log treated in this way is not
// de-identified.
package deidslog
