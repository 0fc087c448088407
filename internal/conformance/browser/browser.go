// Package browser gives tests a real browser, headless Chromium, a process
// for each tab. Where none is installed the test is skipped and says
// so.
package browser

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Options are the settings of a tab; nil is a desk-sized window with
// JavaScript.
type Options struct {
	Width, Height int // 1280 by 900 if zero
	NoJavaScript  bool
}

// Tab returns the context of a new tab, to be used with chromedp.Run. It ends
// with the test, and at the latest after a minute.
func Tab(t testing.TB, opt *Options) context.Context {
	t.Helper()
	name := find()
	if name == "" {
		t.Skip("skipped: no browser is installed")
	}
	var o Options
	if opt != nil {
		o = *opt
	}
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1280, 900
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(name), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(o.Width, o.Height))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(stop)
	ctx, stopBrowser := chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(stopBrowser)
	ctx, stopTab := chromedp.NewContext(ctx)
	t.Cleanup(stopTab)
	err := chromedp.Run(ctx,
		chromedp.EmulateViewport(int64(o.Width), int64(o.Height)),
		emulation.SetScriptExecutionDisabled(o.NoJavaScript))
	if err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	return ctx
}

// PDF is an action that prints the page as a reader would, and keeps the
// document.
func PDF(document *[]byte) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var err error
		*document, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
		return err
	})
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
