// Package saas_test works the example service with a real browser, as its
// users would.
package saas_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/baakit/baakit/internal/conformance/browser"
	"github.com/chromedp/chromedp"
)

// serve builds the service, starts it on a fresh folder and returns its
// address.
func serve(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "saas.exe")
	if out, err := exec.Command("go", "build", "-o", name, "github.com/baakit/baakit/examples/saas").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(name, "-addr", "127.0.0.1:0", "-dir", filepath.Join(dir, "data"), "-for", "2m")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // so that it never waits for a reader
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt) //nolint:errcheck // Wait says
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "open "), "/")
}

// keep writes a picture of the page where SAAS_PICTURES names a folder.
func keep(name string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		dir := os.Getenv("SAAS_PICTURES")
		if dir == "" {
			return nil
		}
		var picture []byte
		if err := chromedp.FullScreenshot(&picture, 100).Do(ctx); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	})
}

const facts = `{"schema": "baakit.breach.incident/1", "id": "INC-7", "zone": "America/Chicago",
 "parties": [
  {"name": "Fernhill Cloud Records", "role": "business_associate", "knowledge": [{"at": "2026-11-20T09:20:00-06:00", "by": "workforce"}], "agency": "independent_contractor"},
  {"name": "Larkspur Family Practice", "role": "covered_entity"}],
 "people": {"total": 640, "residents": {"IA": 600, "IL": 40}}, "information": {"kinds": ["name_and_contact", "medical"]}, "security": "successful"}`

func signIn(key string) chromedp.Tasks {
	return chromedp.Tasks{
		chromedp.SendKeys("#key", key, chromedp.ByQuery), chromedp.Click("main button", chromedp.ByQuery), chromedp.WaitVisible("header form", chromedp.ByQuery),
	}
}

func signOut() chromedp.Tasks {
	return chromedp.Tasks{chromedp.Click("header button", chromedp.ByQuery), chromedp.WaitVisible("#key", chromedp.ByQuery)}
}

// A manager is turned away, reads and accepts the agreement, reads a record and
// sees that in the log; the vendor's officer records an incident; all without
// JavaScript.
func TestInABrowser(t *testing.T) {
	base := serve(t)
	tab := browser.Tab(t, &browser.Options{NoJavaScript: true})
	var flow, closed, open, record, accesses, incident, due string
	var figures, stranger string
	err := chromedp.Run(tab,
		chromedp.Navigate(base+"/"), keep("login"), signIn("larkspur-manager"),
		chromedp.Text("#flow", &flow, chromedp.ByQuery), keep("home-before"),
		chromedp.Navigate(base+"/patients"), chromedp.Text("main", &closed, chromedp.ByQuery), keep("closed"),
		chromedp.Click(`main a[href="/agreement"]`, chromedp.ByQuery), chromedp.WaitVisible("#accept", chromedp.ByQuery), keep("agreement"),
		chromedp.SendKeys(`input[name="name"]`, "Robin Vale", chromedp.ByQuery), chromedp.SendKeys(`input[name="title"]`, "Practice manager", chromedp.ByQuery),
		chromedp.Click(`input[name="authority"]`, chromedp.ByQuery), chromedp.Click(`input[name="consent"]`, chromedp.ByQuery),
		chromedp.Click("#accept", chromedp.ByQuery), chromedp.Click(`button[type="submit"]`, chromedp.ByQuery),
		chromedp.Text("#flow", &open, chromedp.ByQuery), keep("home-after"),
		chromedp.Click(`main a[href="/patients"]`, chromedp.ByQuery), chromedp.WaitVisible(`a[href="/patients/p-1001"]`, chromedp.ByQuery), keep("patients"),
		chromedp.Click(`a[href="/patients/p-1001"]`, chromedp.ByQuery), chromedp.WaitVisible("dl", chromedp.ByQuery), chromedp.Text("main", &record, chromedp.ByQuery), keep("record"),
		chromedp.Navigate(base+"/accesses"), chromedp.Text("main", &accesses, chromedp.ByQuery), keep("accesses"),
		signOut(), signIn("fernhill-officer"), keep("staff"),
		chromedp.SendKeys("#facts", facts, chromedp.ByQuery), chromedp.Click("main button", chromedp.ByQuery), chromedp.WaitVisible("main img", chromedp.ByQuery),
		chromedp.Text("main h1", &incident, chromedp.ByQuery), chromedp.Text("main table", &due, chromedp.ByQuery), keep("incident"),
		signOut(), signIn("cedar-manager-1"),
		chromedp.Navigate(base+"/customers/larkspur/incidents/INC-7"), chromedp.Text("body", &stranger, chromedp.ByQuery),
		chromedp.Navigate(base+"/subprocessors/"), chromedp.Text("main", &figures, chromedp.ByQuery), keep("subprocessors"),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ shown, want string }{
		{flow, "No PHI may flow yet."},
		{closed, "no signed agreement was in effect"},
		{open, "PHI may flow."},
		{record, "Ada Quillfeather"},
		{accesses, "u-vale"},
		{accesses, "p-1001"},
		{incident, "Incident INC-7"},
		{due, "2026-11-30"},
		{stranger, "404 page not found"},
		{figures, "Ironrack Data Centers, Inc."},
	} {
		if !strings.Contains(x.shown, x.want) {
			t.Errorf("the page does not show %q: %s", x.want, x.shown)
		}
	}
}
