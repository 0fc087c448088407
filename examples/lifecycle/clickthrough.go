package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/baakit/baakit/baa"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// clickThrough mounts the handlers on a server of this machine, and is the
// person in front of it.
func clickThrough(ctx context.Context, c *caseFile, offer baa.OfferedVersion, now time.Time, deliver func(context.Context, string, []byte) (time.Time, error)) (baa.Evidence, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return baa.Evidence{}, err
	}
	kept := make(chan baa.Evidence, 1)
	address, stop, err := loopback(ctx, func(address string) (http.Handler, error) {
		click, err := baa.NewClickthrough(baa.ClickthroughConfig{
			Origin: address, Key: key, Zone: c.Zone.String(), Now: func() time.Time { return now },
			Offer: func(*http.Request) (baa.OfferedVersion, baa.Visitor, error) {
				return offer, baa.Visitor{Session: "session-1", LegalName: c.customer.LegalName, Account: "account-1", Email: c.customer.NoticeEmail, Authn: "password"}, nil
			},
			Deliver: deliver,
			Keep:    func(_ context.Context, e baa.Evidence, _ baa.Assessment) error { kept <- e; return nil },
		})
		if err != nil {
			return nil, err
		}
		mux := http.NewServeMux()
		mux.Handle("GET /agreement", click.Show())
		mux.Handle("POST /agreement", click.Accept())
		return mux, nil
	})
	if err != nil {
		return baa.Evidence{}, err
	}
	defer stop() //nolint:errcheck // nothing is served any more

	shown, err := fetch(ctx, http.MethodGet, address, nil)
	if err != nil {
		return baa.Evidence{}, err
	}
	form := url.Values{"name": {"Robin Vale"}, "title": {"Practice manager"}, "authority": {"yes"}, "consent": {"yes"}, "accept": {"yes"}}
	for _, field := range hiddenField.FindAllStringSubmatch(shown, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	if _, err := fetch(ctx, http.MethodPost, address, form); err != nil {
		return baa.Evidence{}, err
	}
	select {
	case e := <-kept:
		return e, nil
	default:
		return baa.Evidence{}, errors.New("the acceptance was answered and not kept")
	}
}

func fetch(ctx context.Context, method, address string, form url.Values) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, address+"/agreement", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", address)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, resp.Body); err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", method, resp.Status)
	}
	return body.String(), nil
}
