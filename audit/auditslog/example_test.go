package auditslog_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditslog"
)

// withoutTime leaves out what is different each time that the example runs.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case "time", "occurred", "leaf", "prev", "seal":
		return slog.Attr{}
	}
	return a
}

func ExampleNewHandler() {
	ctx := context.Background()
	log, err := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		panic(err)
	}
	handler, err := auditslog.NewHandler(log,
		func(context.Context) string { return "t/42" },
		slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}),
		func(_ context.Context, err error) { fmt.Println("page somebody:", err) }, nil)
	if err != nil {
		panic(err)
	}
	logger := slog.New(handler)
	logger.Info("cache filled", "items", 3)
	logger.Info("chart opened", slog.Group("audit", "action", "R", "outcome", "0", "actor", "u-9", "patient", "p-1"))
	logger.Info("chart opened", slog.Group("audit", "action", "R", "patient", "p-1"))
	// Output:
	// level=INFO msg="cache filled" items=3
	// level=INFO msg="chart opened" audit.action=R audit.actor.id=u-9 audit.outcome=0 audit.patient=[sealed] audit.reason=[sealed] audit.chain=t/42 audit.seq=0
	// page somebody: outcome: is required, one of 0, 4, 8, 12; actor.id: is required
	// level=INFO msg="chart opened" audit.error="outcome: is required, one of 0, 4, 8, 12; actor.id: is required"
}

func ExampleSink() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "auditslog-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	log, err := audit.New(ctx, audit.NewMemory(), audit.Config{
		Origin: "audit.example.com", Sealer: audit.Unencrypted{},
		Now: func() time.Time { return time.Date(2026, 11, 22, 3, 40, 14, 0, time.UTC) },
	})
	if err != nil {
		panic(err)
	}
	read := audit.Event{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Patient: "p-1"}
	if _, err := log.Append(ctx, "t/42", read); err != nil {
		panic(err)
	}
	positions, err := auditslog.OpenPositions(filepath.Join(dir, "positions.json"))
	if err != nil {
		panic(err)
	}
	siem := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	sink, err := auditslog.NewSink(log.Store(), siem, positions, nil)
	if err != nil {
		panic(err)
	}
	for range 2 { // the second time there is nothing new
		n, err := sink.Copy(ctx)
		if err != nil {
			panic(err)
		}
		fmt.Println(n)
	}
	// Output:
	// level=INFO msg="audit entry" entry.action=E entry.actor.id=audit entry.actor.kind=service entry.outcome=0 entry.subtype=[110134] entry.type=110113 entry.chain=system entry.seq=0
	// level=INFO msg="audit entry" entry.action=R entry.actor.id=u-9 entry.outcome=0 entry.chain=t/42 entry.seq=0
	// 2
	// 0
}
