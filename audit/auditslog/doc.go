// Package auditslog joins the audit log and log/slog, in both directions. It
// is not legal advice.
//
// # From the log to a SIEM
//
// A [Sink] writes every entry of a store to a slog.Logger, as it is durable,
// without anything that is sealed, and remembers how far it came:
//
//	sink, err := auditslog.NewSink(log.Store(), slog.New(slog.NewJSONHandler(conn, nil)), positions, nil)
//	go sink.Run(ctx, time.Second)
//
// Each entry arrives at least once: the position is kept behind what the
// logger's handler took without an error, so that after a crash or an error
// entries are written again, never left out. Chain and seq tell repetitions.
//
// # From slog to the log
//
// A [Handler] turns every record with a group named "audit", at any depth, into
// an event of the log, and hands all records on to another handler:
//
//	logger.InfoContext(ctx, "chart opened", slog.Group("audit",
//		"action", "R", "outcome", "0", "actor", "u-9", "patient", "p-1"))
//	logger.InfoContext(ctx, "chart opened", "audit", audit.Event{…})
//
// This does not fail closed. slog.Logger drops the error of its handler, so
// that the code that logs goes on as if the entry were there: what must not
// happen unlogged needs Log.Append or package audithttp. [NewHandler] therefore
// demands a function that is told of every event that could not be appended.
//
// The names in the group are those of the line and its sealed part:
//
//	action  actor{id,kind,org,role,for}  client{addr,kind}  disclosure  emergency
//	extra  kind  object{type,category,lifecycle,labels}  object_id  occurred  outcome
//	patient  payload  policy  purpose  query  reason  request{id,route,span,token,trace}
//	subjects  subtype  type
//
// A plain value of actor is its id. A list is a slice or one value. Any other
// name goes into Extra, where it is sealed: a misspelt name hides nothing and
// shows nothing. Without occurred it is the record's time, without reason its
// message. Groups of one name that meet at one place, from Logger.With and the
// record, are one event; attributes of Logger.With in such a group thereby make
// every record of that logger an event.
//
// What the other handler gets of the group is the clear part and "[sealed]", or
// why the event was refused. The handler takes records of every level, because
// an event must not depend on one; records without an audit group go on only if
// the other handler is enabled for theirs.
package auditslog
