package subprocessoroutbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"time"

	"github.com/baakit/baakit/subprocessor"
)

// SMTP is a [subprocessor.Sender] that hands messages to one mail server. It
// opens one connection a message. A 5xx answer is a rejection, everything else
// is tried again.
type SMTP struct {
	Addr string // host:port
	Auth smtp.Auth
	// TLS, if not nil, is required: the session goes over STARTTLS.
	TLS *tls.Config
	// Timeout of a whole session; 0 is a minute.
	Timeout time.Duration
}

var _ subprocessor.Sender = SMTP{}

// Send implements [subprocessor.Sender].
func (s SMTP) Send(ctx context.Context, m subprocessor.Message) error {
	timeout := s.Timeout
	if timeout <= 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("subprocessoroutbox: connect: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	host, _, _ := net.SplitHostPort(s.Addr)
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return rejection(err)
	}
	if s.TLS != nil {
		if err := c.StartTLS(s.TLS); err != nil {
			return fmt.Errorf("subprocessoroutbox: TLS: %w", err)
		}
	}
	if s.Auth != nil {
		if err := c.Auth(s.Auth); err != nil {
			return fmt.Errorf("subprocessoroutbox: the server refused to let us in: %w", errRetry)
		}
	}
	if err := c.Mail(m.From); err != nil {
		return rejection(err)
	}
	if err := c.Rcpt(m.To); err != nil {
		return rejection(err)
	}
	w, err := c.Data()
	if err != nil {
		return rejection(err)
	}
	if _, err := w.Write(m.Data); err != nil {
		return rejection(err)
	}
	if err := w.Close(); err != nil {
		return rejection(err)
	}
	_ = c.Quit() // the message was accepted whatever comes now
	return nil
}

var errRetry = errors.New("try again")

// rejection tells a final answer from one that is worth another try, without
// the server's words, which may repeat an address.
func rejection(err error) error {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		if reply.Code >= 500 && reply.Code < 600 {
			return fmt.Errorf("%w: code %d", subprocessor.ErrRejected, reply.Code)
		}
		return fmt.Errorf("subprocessoroutbox: code %d: %w", reply.Code, errRetry)
	}
	return fmt.Errorf("subprocessoroutbox: session: %w", errRetry)
}
