package dashboard

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"inbeeld/pipeline/testing/need"
)

var screenshots = flag.String("screenshots", "", "write pictures of the pages to this directory, to be looked at")

// axePath is axe-core 4.10.3 (Deque Systems, MPL-2.0), which checks accessibility.
const axePath = "../../testdata/axe-core/axe.min.js"

// browser starts a headless Chromium.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := need.Program(t, "chromium fonts-liberation", "chromium", "chromium-browser", "google-chrome")
	// chromedp makes and removes the folder of the profile: processes of the browser may still write to it
	// after the test.
	options := append(append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// complaints are the errors of the browser about a page, and its requests to other sites.
type complaints struct {
	mu   sync.Mutex
	home string
	text []string
}

func (c *complaints) hear(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		c.text = append(c.text, fmt.Sprintf("console: %s", e.Args[0].Value))
	case *runtime.EventExceptionThrown:
		c.text = append(c.text, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		c.text = append(c.text, "log: "+e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, c.home) {
			c.text = append(c.text, "asked for "+e.Request.URL)
		}
	}
}

// TestBrowser looks at every page at two widths, with and without JavaScript.
func TestBrowser(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatal(err)
	}
	server, first := serveSource(t, sample(t), Access{}), serveSource(t, nothingYet(t), Access{})
	ctx := browser(t)
	heard := &complaints{home: server.URL}
	chromedp.ListenTarget(ctx, heard.hear)
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	run(log.Enable(), network.Enable())
	for _, width := range []int64{1280, 360} {
		run(chromedp.EmulateViewport(width, 900))
		for _, path := range pagePaths {
			var wide, title, with, without string
			var result []byte
			run(emulation.SetScriptExecutionDisabled(false), chromedp.Navigate(server.URL+path), chromedp.Title(&title), chromedp.InnerHTML("main", &with, chromedp.ByQuery),
				chromedp.Evaluate(`String(document.scrollingElement.scrollWidth - window.innerWidth)`, &wide))
			if title == "" || wide != "0" && !strings.HasPrefix(wide, "-") {
				t.Errorf("%s at %d: title %q, %s pixels too wide", path, width, title, wide)
			}
			run(chromedp.Evaluate(string(axe), nil), chromedp.Evaluate(
				`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => ({passes: r.passes.length, violations: r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" | "))}))`,
				&result, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
			var judged struct {
				Passes     int
				Violations []string
			}
			if err := json.Unmarshal(result, &judged); err != nil {
				t.Fatal(err)
			}
			if judged.Passes < 10 {
				t.Errorf("%s at %d: only %d rules were looked at", path, width, judged.Passes)
			}
			for _, v := range judged.Violations {
				t.Errorf("%s at %d: %s", path, width, v)
			}
			if *screenshots != "" {
				var picture []byte
				run(chromedp.FullScreenshot(&picture, 100))
				name := fmt.Sprintf("%d%s.png", width, strings.ReplaceAll(path, "/", "-"))
				if err := os.WriteFile(filepath.Join(*screenshots, name), picture, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(server.URL+path), chromedp.InnerHTML("main", &without, chromedp.ByQuery))
			if with != without || with == "" {
				t.Errorf("%s at %d: without JavaScript it says something else", path, width)
			}
		}
	}
	if len(heard.text) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(heard.text, "\n"))
	}
	heard.home = first.URL
	run(emulation.SetScriptExecutionDisabled(false), chromedp.Navigate(first.URL+"/"))
	if len(heard.text) > 0 {
		t.Errorf("on the first day the browser complains:\n%s", strings.Join(heard.text, "\n"))
	}
}
