package deidslog_test

import (
	"log/slog"
	"os"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidslog"
)

func Example() {
	type visit struct {
		Patient string             `json:"patient" deid:"name"`
		Code    string             `json:"code" deid:"term"`
		Ward    string             `json:"ward" deid:"keep,reason=a few words"`
		Bed     string             `json:"bed"`
		SSN     deid.Value[string] `json:"ssn" deid:"ssn"`
	}
	logger := slog.New(deidslog.NewHandler(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				return slog.Attr{}
			}
			return a
		},
	}), &deidslog.Options{Keys: []string{"status"}}))

	v := visit{Patient: "Orla Pennywhistle", Code: "E11.9", Ward: "west", Bed: "12", SSN: deid.Hide("078-05-1120")}
	logger.Info("visit stored", "visit", v, "status", 201, "by", "Cosmo Thistledown", "ssn", v.SSN)
	logger.Info("no record of orla@pennywhistle.example", "status", "try orla@pennywhistle.example")
	// Output:
	// level=INFO msg="visit stored" visit.patient=[redacted] visit.code=E11.9 visit.ward=west visit.bed=[redacted] visit.ssn=[redacted] status=201 by=[redacted] ssn=[redacted]
	// level=INFO msg=[redacted] status=[redacted]
}

// The same for a handler of log/slog that is configured elsewhere.
func ExampleReplaceAttr() {
	redact := deidslog.ReplaceAttr(nil)
	handler := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				return slog.Attr{}
			}
			return redact(groups, a)
		},
	})
	slog.New(handler).Info("signed in", "user", "Orla Pennywhistle", "first", true)
	// Output: {"level":"INFO","msg":"signed in","user":"[redacted]","first":true}
}
