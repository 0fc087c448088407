package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// loopback serves a handler, which may need to know its own address, on this
// machine until it is stopped.
func loopback(ctx context.Context, handler func(address string) (http.Handler, error)) (address string, stop func() error, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = "http://" + listener.Addr().String()
	h, err := handler(address)
	if err != nil {
		return "", nil, errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) //nolint:errcheck // it ends when it is closed
	return address, server.Close, nil
}
