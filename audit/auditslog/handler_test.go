package auditslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/slogtest"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditslog"
)

func newLog(tb testing.TB) *audit.Log {
	tb.Helper()
	log, err := audit.New(tb.Context(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{TokenKey: []byte("token key")}})
	if err != nil {
		tb.Fatal(err)
	}
	return log
}

func chain(context.Context) string { return "t/42" }

// The rules of log/slog hold for what the other handler gets.
func TestSlogtest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		out.Reset()
		h, err := auditslog.NewHandler(newLog(t), chain, slog.NewJSONHandler(&out, nil), func(_ context.Context, err error) { t.Error(err) }, nil)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}, func(t *testing.T) map[string]any {
		var m map[string]any
		if err := json.Unmarshal(out.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	})
}

// They hold too when the slow way is taken, because there is an audit group.
func TestSlogtestWithAudit(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		out.Reset()
		h, err := auditslog.NewHandler(newLog(t), chain, slog.NewJSONHandler(&out, nil), func(_ context.Context, err error) { t.Error(err) }, nil)
		if err != nil {
			t.Fatal(err)
		}
		return h.WithAttrs([]slog.Attr{slog.Group("audit", "action", "R", "outcome", "0", "actor", "u-9")})
	}, func(t *testing.T) map[string]any {
		var m map[string]any
		if err := json.Unmarshal(out.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		if g, ok := m["audit"].(map[string]any); !ok || g["seq"] == nil || g["reason"] != "[sealed]" {
			t.Errorf("audit group = %v, want an appended event", m["audit"])
		}
		delete(m, "audit")
		return m
	})
}
