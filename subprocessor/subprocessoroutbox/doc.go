// Package subprocessoroutbox delivers the notices of package subprocessor: an
// outbox in a folder that survives restarts.
//
// A message is handed to the [subprocessor.Sender] at least once, with its key,
// and never after the record that it was accepted or acknowledged is durable.
// Between the acceptance and its record a crash can happen: then the message
// is handed over once more under the same key, which is its Message-ID in
// mail. Attempts that fail are repeated with growing pauses, which survive
// restarts too; an error that is [subprocessor.ErrRejected] is a bounce.
//
// The folder is a journal of events, one JSON object each:
//
//	{"event":"queued","key":"...","at":"...","from":"...","to":"...","data":"<base64>"}
//	{"event":"failed","key":"...","at":"...","next":"..."}
//	{"event":"sent" | "bounced" | "acknowledged","key":"...","at":"..."}
package subprocessoroutbox
