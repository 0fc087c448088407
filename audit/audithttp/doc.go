// Package audithttp is net/http middleware that logs every access before the
// first byte of its answer is sent. It is not legal advice.
//
//	audited, err := audithttp.New(log, tenant, access, nil)
//	http.ListenAndServe(addr, audited.Handler(mux))
//
// where tenant chooses the chain of a request and access says who it is:
//
//	func access(r *http.Request) (audit.Event, bool) {
//		return audit.Event{Actor: audit.Actor{ID: userOf(r)}, Purpose: []audit.Purpose{audit.Treatment}}, r.URL.Path != "/healthz"
//	}
//
// A handler imports package audit only, and says whose information it shows:
//
//	if err := audit.From(r.Context()).SetPatient(id); err != nil {
//		http.Error(w, "try again", http.StatusServiceUnavailable)
//		return
//	}
//
// # When the entry is written
//
// The handler's first WriteHeader, Write, WriteString, ReadFrom, Flush or
// Hijack appends one entry for each patient, or one for none, with the outcome
// of the status ([OutcomeOf]), and waits until they are durable; so does its
// return if it wrote nothing. Only then is anything given to the server. The
// body is not held in memory. The handler's ResponseWriter has no Unwrap, so
// that neither it nor http.ResponseController leads around that.
//
// The append does not end because the client goes away; it ends after
// Options.Timeout. Besides it a request costs at most 20 allocations and, on a
// quiet machine, three to four microseconds.
//
// If the entry cannot be written the answer is 503, the header that the
// handler made is dropped, and what it writes fails with [ErrWithheld].
//
//	informational answers   102, 103 and an explicit 100 carry the header, and are
//	                        recorded before they are sent, as outcome 0. The 100
//	                        Continue that the server sends by itself when a body is
//	                        read carries nothing and goes out before.
//	another patient later   SetPatient appends a further entry before it returns.
//	                        If that fails, the answer is cut off there.
//	a panic                 outcome 12, and the panic goes on
//	http.ErrAbortHandler    outcome 8, and the panic goes on
//	an answer that breaks   a second entry with the same request.id and outcome 4:
//	off                     a failed write, a client that went away, fewer bytes than
//	                        Content-Length. What the server still buffers when the
//	                        handler returns may fail to arrive unnoticed.
//	a worse end             a second entry, after an early one (103, or
//	                        [audit.Scope.Record] by the handler)
//	Hijack                  one entry before the connection is handed over; it is
//	                        closed if a later one cannot be written
//
// What a handler changed in a database is not undone by a 503. A handler that
// changes something calls audit.From(ctx).Record(audit.Success, "") before it
// commits the change, or appends within its transaction.
//
// # What is in clear
//
// Of the request, the log's lines hold the pattern that http.ServeMux chose
// (r.Pattern), never the path; the client's address without its port; the
// action that the method stands for; an identifier from X-Request-Id if it is
// a UUID, or a new one; and trace and span of a valid traceparent. Path and
// query are sealed, and therefore the log needs a sealer. No other header is
// looked at. A middleware between this one and the mux that copies the request
// hides the pattern.
//
// # When the log fails
//
// A [Mode] decides. Require, the default, is the 503. Spill is for break-glass
// (45 CFR 164.312(a)(2)(ii)) and the default for Event.Emergency if there is a
// [SpillJournal]: the entry is encrypted and made durable there, the answer
// says so in the header Audit-Spilled, [WasSpilled] says so to the handler, and
// Options.Alarm, which is required then, to the people who have to know.
// [SpillJournal.Merge] carries it into the log later. BestEffort is for what
// concerns no patient.
package audithttp
