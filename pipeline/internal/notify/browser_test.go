package notify

import (
	"context"
	"encoding/json"
	"html"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"inbeeld/pipeline/testing/need"
)

// browse runs headless Chromium on a page and returns what it prints.
func browse(t *testing.T, page string, arguments ...string) string {
	t.Helper()
	chromium := need.Program(t, "chromium fonts-liberation", "chromium", "chromium-browser", "google-chrome")
	dir := t.TempDir()
	// Processes of the browser may still write in its profile when it has ended, so it is taken away as
	// far as that goes.
	profile, err := os.MkdirTemp("", "chromium-*") //nolint:usetesting // t.TempDir fails when it cannot be emptied
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1", "--font-render-hinting=none",
		"--user-data-dir=" + profile,
	}, append(arguments, "file://"+file)...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return string(out)
}

// looks are the messages that are looked at: one that tells of everything, and a sign of life.
func looks(t *testing.T) map[string]Message {
	script, s := newStory(t)
	full := s.told(t, script, "06 opgelost", "sturing")
	full.Changed[0].Note = "Bevestigd door Jan de Boer: wij zijn ermee bezig."
	full.Changed[1].Ernst, full.Changed[1].Value = Alarm, "minder dan 15,6%"
	full.Open = append(full.Open, full.Changed[2])
	full.Open[0].Ernst = Waarschuwing
	full.Attachments = []string{"sonar.xlsx"}
	if err := render(&full, s.in.Marts, s.in.Settings, storyZone(t)); err != nil {
		t.Fatal(err)
	}
	script, s = newStory(t)
	return map[string]Message{"melding": full, "levensteken": s.told(t, script, "17 een maand stil", "sturing")}
}

// TestAccessible: axe finds nothing against WCAG 2.1 A and AA, at the width of a desktop and of a phone.
func TestAccessible(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("..", "..", "testdata", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	const run = `<script>window.addEventListener("load", function () {
		axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}).then(function (r) {
			var found = {passes: r.passes.length, violations: r.violations.map(function (v) { return v.id + ": " + v.help + " " + v.nodes.map(function (n) { return n.html; }).join(" "); })};
			var out = document.createElement("pre"); out.id = "axe"; out.textContent = JSON.stringify(found); document.body.appendChild(out);
		});
	});</script>`
	check := func(t *testing.T, page, width string) (passes int, violations []string) {
		t.Helper()
		page = strings.Replace(page, "</body>", "<script>"+string(axe)+"</script>"+run+"</body>", 1)
		dom := browse(t, page, "--window-size="+width+",1600", "--virtual-time-budget=20000", "--dump-dom")
		_, rest, ok := strings.Cut(dom, `<pre id="axe">`)
		text, _, closed := strings.Cut(rest, "</pre>")
		if !ok || !closed {
			t.Fatal("axe has not run")
		}
		var found struct {
			Passes     int
			Violations []string
		}
		if err := json.Unmarshal([]byte(html.UnescapeString(text)), &found); err != nil {
			t.Fatal(err)
		}
		return found.Passes, found.Violations
	}
	for name, m := range looks(t) {
		widths := []string{"390"}
		if name == "melding" {
			widths = append(widths, "800")
		}
		for _, width := range widths {
			if passes, violations := check(t, m.HTML, width); passes < 10 || len(violations) > 0 {
				t.Errorf("%s at %s: %d rules pass, violations: %s", name, width, passes, strings.Join(violations, "\n"))
			}
		}
	}
	// It sees what it should: grey on white, and a page in no language.
	bad := strings.Replace(strings.Replace(looks(t)["melding"].HTML, "color: #1d2733", "color: #bbbbbb", 1), `lang="nl"`, "", 1)
	if _, violations := check(t, bad, "800"); len(violations) < 2 {
		t.Errorf("a page that cannot be read passes: %v", violations)
	}
}

// TestLooks compares screenshots with those in testdata/looks, cell by cell of 20 pixels: fonts differ a little
// between machines, a missing table does not pass. -update takes them anew.
func TestLooks(t *testing.T) {
	for name, m := range looks(t) {
		for width, height := range map[int]int{800: 1500, 390: 1800} {
			shot := filepath.Join(t.TempDir(), "shot.png")
			browse(t, m.HTML, "--window-size="+strconv.Itoa(width)+","+strconv.Itoa(height), "--screenshot="+shot)
			kept := filepath.Join("testdata", "looks", name+"-"+strconv.Itoa(width)+".png")
			text, err := os.ReadFile(shot)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(kept, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if mean, worst := difference(t, kept, shot); mean > 6 || worst > 110 {
				t.Errorf("%s looks different: %.1f on average, %.1f at most, of 255; look at %s", kept, mean, worst, shot)
			}
		}
	}
	if mean, worst := difference(t, filepath.Join("testdata", "looks", "melding-800.png"), filepath.Join("testdata", "looks", "levensteken-800.png")); mean < 6 && worst < 110 {
		t.Error("two different mails look the same to this test")
	}
}

// cell is the side of the squares that are compared, in pixels.
const cell = 20

// difference compares the brightness of two pictures by cell: the average difference and the largest.
func difference(t *testing.T, first, second string) (mean, worst float64) {
	t.Helper()
	a, b := cells(t, first), cells(t, second)
	if len(a) != len(b) {
		return 255, 255
	}
	for i := range a {
		d := math.Abs(a[i] - b[i])
		mean += d / float64(len(a))
		worst = max(worst, d)
	}
	return mean, worst
}

func cells(t *testing.T, file string) []float64 {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []float64
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y += cell {
		for x := bounds.Min.X; x < bounds.Max.X; x += cell {
			out = append(out, brightness(picture, image.Rect(x, y, x+cell, y+cell).Intersect(bounds)))
		}
	}
	return out
}

func brightness(picture image.Image, in image.Rectangle) float64 {
	sum := 0.0
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			sum += float64(r+g+b) / 3 / 257
		}
	}
	return sum / float64(in.Dx()*in.Dy())
}
