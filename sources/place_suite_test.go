package sources

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
	"inbeeld/sources/place"
	"inbeeld/sources/pull"
)

// A host is a real server with a place on it. A nil function means that such a place lacks the feature.
type host struct {
	// from is the mapping in the contract; missing is that of a place that does not exist.
	from, missing string
	env           map[string]string
	// label is the name of the place in a result; file is the name of the delivery.
	label, file string
	// put adds the delivery, modified so many minutes after new year; gone removes it.
	put  func(text string, minutes int)
	gone func()
	// want returns the bytes that land for a text.
	want func(text string) string
	// other adds a file beside it; lies lists all files, with the archive.
	other func(name, text string, minutes int)
	lies  func() []string
	// deny denies us access to the place.
	deny func()
	wire *wire
	// enter adds what the place needs to a new data directory.
	enter func(b *sandbox)
	// single is a place with at most one file.
	single bool
	// made, whole and resumes are properties of a read: the request generates the file, the read returns one
	// version even if the file changes meanwhile, and it can resume in the middle.
	made, whole, resumes bool
	// says has the message of each fault, with HOST for the address.
	says map[string]string
}

// A placeSandbox is a sandbox with two sources: sonar comes from the host, register from a folder.
type placeSandbox struct {
	*sandbox
	*host
}

func newPlaceBench(t *testing.T, h *host, from string) placeSandbox {
	b := newBench(t)
	b.contracts = []*contract.Contract{contractFor(t, "register", ""), contractFor(t, "sonar", "from: "+from+"\n")}
	b.env = h.env
	if h.want == nil {
		h.want = func(text string) string { return text }
	}
	if err := os.Remove(filepath.Join(b.data, "inbox/sonar")); err != nil {
		t.Fatal(err)
	}
	b.drop("inbox/register/register_20201231.csv", "R", 1)
	b.pullRegister()
	if h.enter != nil {
		h.enter(b)
	}
	return placeSandbox{b, h}
}

// pullRegister lands only the other source.
func (b *sandbox) pullRegister() {
	b.Helper()
	all := b.contracts
	b.contracts = all[:1]
	b.want(b.pull(), "landed register register_20201231.csv as 1")
	b.contracts, b.waits = all, 0
}

// costs pulls with a new file of the other source, which must land whatever happens to the host.
func (b placeSandbox) costs(lines ...string) {
	b.Helper()
	b.drop("inbox/register/register_20210331.csv", "R2", 1)
	b.expect(b.pull(), append([]string{"landed register register_20210331.csv as 2"}, lines...)...)
	b.nothingHidden()
	if n := len(b.deliveries()); n != 2 {
		b.Errorf("%d deliveries, want those of register only", n)
	}
}

func (b placeSandbox) expect(res pull.Result, lines ...string) {
	b.Helper()
	got, want := describe(res), strings.Join(lines, "\n")
	if b.wire != nil {
		got, want = strings.ReplaceAll(got, b.wire.addr(), "HOST"), strings.ReplaceAll(want, b.wire.addr(), "HOST")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.Error(diff)
	}
}

func (b placeSandbox) failed(fault string) string {
	b.Helper()
	says, ok := b.says[fault]
	if !ok {
		b.Fatalf("the host has no message for %q", fault)
	}
	return "failed " + strings.TrimPrefix(says, "failed ")
}

func (b placeSandbox) landedAs(n int) string { return fmt.Sprintf("landed sonar %s as %d", b.file, n) }

// expectBytes checks that the newest delivery of sonar has the bytes of one of the texts.
func (b placeSandbox) expectBytes(texts ...string) {
	b.Helper()
	var last delivery.Delivery
	for _, d := range b.deliveries() {
		if d.Source == "sonar" && (last.ID == "" || d.Newest().Sequence > last.Newest().Sequence) {
			last = d
		}
	}
	if last.ID == "" {
		b.Fatal("sonar has no delivery")
	}
	got, err := os.ReadFile(last.Original(b.data))
	if err != nil {
		b.Fatal(err)
	}
	if !slices.ContainsFunc(texts, func(text string) bool { return b.host.want(text) == string(got) }) {
		b.Errorf("%d bytes that are none of the texts: %.80q", len(got), got)
	}
}

// large is a text of more than a megabyte with different lines, in order.
func large(first string) string {
	var text strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&text, "%s%06d;%048d\n", first, i, i*i)
	}
	return text.String()
}

// testPlace tests a connector, and a pull with it, on a server that open starts.
func testPlace(t *testing.T, open func(t *testing.T) *host) {
	for name, test := range map[string]func(t *testing.T, h *host){
		"lands once": placeLandsOnce, "stable": placeStable, "changes": placeChanges, "gone": placeGone,
		"withdrawn": placeWithdrawn, "resumes": placeResumes, "drops": placeDrops, "silent": placeSilent,
		"refuses": placeRefuses, "size cap": placeSizeCap, "empty": placeEmpty, "missing": placeMissing, "denied": placeDenied,
		"others": placeOthers, "archive": placeArchive, "ends early": placeEndsEarly, "full disk": placeFullDisk,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func placeLandsOnce(t *testing.T, h *host) {
	b := newPlaceBench(t, h, h.from)
	again := func(reason place.Reason) []string {
		return []string{fmt.Sprintf("repeated sonar %s: %s", h.file, reason)}
	}
	h.put("aap\n", 1)
	b.expect(b.pull(), b.landedAs(2))
	b.expectBytes("aap\n")
	var nothing []string
	if h.made {
		nothing = again(place.AlreadyLanded)
	}
	b.waits = 0
	b.expect(b.pull(), nothing...)
	if b.waits > 0 != h.made {
		b.Errorf("looked twice at what it has: %d", b.waits)
	}
	h.put("noot\n", 2)
	b.expect(b.pull(), b.landedAs(3))
	b.expectBytes("noot\n")
	h.put("noot\n", 3)
	if h.made {
		b.expect(b.pull(), nothing...)
	} else {
		b.expect(b.pull(), again(place.SameAsInForce)...)
	}
	b.expect(b.pull(), nothing...)
	if n := len(b.deliveries()); n != 3 {
		b.Errorf("%d deliveries", n)
	}
	b.nothingHidden()
}

func placeStable(t *testing.T, h *host) {
	b := newPlaceBench(t, h, h.from)
	h.put("aap\n", 1)
	b.wait = func() { h.put("aap\nnoot\n", 2) }
	if h.made {
		b.expect(b.pull(), b.landedAs(2))
		b.expectBytes("aap\nnoot\n")
		return
	}
	b.expect(b.pull(), "growing "+h.label+" "+h.file+": groeit nog")
	b.wait = func() {}
	b.expect(b.pull(), b.landedAs(2))
	b.expectBytes("aap\nnoot\n")
}

// placeChanges changes the file during a read. Either version may land, but not if the place cannot guarantee
// that it is one version.
func placeChanges(t *testing.T, h *host) {
	b := newPlaceBench(t, h, h.from)
	before, after := large("a"), large("b")
	h.put(before, 1)
	b.fault = func(inner place.Connector) place.Connector {
		return broken{Connector: inner, read: func(string) error { h.put(after, 2); return nil }}
	}
	res := b.pull()
	if h.whole {
		b.expect(res, b.landedAs(2))
		b.expectBytes(before)
	} else {
		b.expect(res, "growing "+h.label+" "+h.file+": groeit nog")
	}
	b.nothingHidden()
	if h.made {
		return
	}
	b.fault = func(inner place.Connector) place.Connector {
		return broken{Connector: inner, open: func(string) error { h.put(before+"c\n", 3); return nil }}
	}
	b.expect(b.pull(), "growing "+h.label+" "+h.file+": groeit nog")
	b.nothingHidden()
}

func placeGone(t *testing.T, h *host) {
	if h.gone == nil {
		return
	}
	b := newPlaceBench(t, h, h.from)
	h.put("aap\n", 1)
	b.fault = func(inner place.Connector) place.Connector {
		return broken{Connector: inner, open: func(string) error { h.gone(); return nil }}
	}
	b.expect(b.pull(), "growing "+h.label+" "+h.file+": groeit nog")
	b.nothingHidden()
}

// placeWithdrawn: a withdrawn file is still in the place, but does not land again.
func placeWithdrawn(t *testing.T, h *host) {
	if h.wire == nil {
		return
	}
	b := newPlaceBench(t, h, h.from)
	h.put("aap\n", 1)
	res := b.pull()
	if err := delivery.WriteDecision(b.data, withdrawal(3, res.Landed[0].ID)); err != nil {
		t.Fatal(err)
	}
	if res := b.pull(); len(res.Landed) > 0 {
		t.Errorf("it came back: %+v", res.Landed)
	}
}

func placeSizeCap(t *testing.T, h *host) {
	b := newPlaceBench(t, h, h.from)
	b.max = 100_000
	text := large("a")
	h.put(text, 1)
	if h.made {
		b.costs("failed " + h.label + " " + h.file + ": the file exceeds the limit of 100000 bytes; split it or raise the limit")
		return
	}
	b.costs(fmt.Sprintf("failed %s %s: the file has %d bytes, which exceeds the limit of 100000; split it or raise the limit", h.label, h.file, len(text)))
}

func placeEmpty(t *testing.T, h *host) {
	if h.single || h.made {
		return
	}
	b := newPlaceBench(t, h, h.from)
	b.costs()
}

func placeMissing(t *testing.T, h *host) {
	if h.missing == "" {
		return
	}
	b := newPlaceBench(t, h, h.missing)
	b.costs(b.failed("missing"))
}

func placeDenied(t *testing.T, h *host) {
	if h.deny == nil {
		return
	}
	b := newPlaceBench(t, h, h.from)
	h.put("aap\n", 1)
	h.deny()
	b.costs(b.failed("denied"))
	if b.pauses > 0 {
		t.Errorf("what is forbidden was tried %d times again", b.pauses)
	}
}

func placeOthers(t *testing.T, h *host) {
	if h.other == nil {
		return
	}
	b := newPlaceBench(t, h, h.from)
	h.put("aap\n", 1)
	h.other("sonar.csv", "x", 1)
	h.other("sonar_20210331.csv.tmp", "x", 1)
	h.other("oud/sonar_20200331.csv", "x", 1)
	b.expect(b.pull(), b.landedAs(2),
		"left "+h.label+" oud: is een map",
		"left "+h.label+" sonar.csv: naam niet herkend",
		"left "+h.label+" sonar_20210331.csv.tmp: tijdelijk bestand")

	deep := newPlaceBench(t, h, strings.TrimSuffix(h.from, "}")+", glob: '**/*.csv'}")
	h.put("aap\n", 1)
	deep.expect(deep.pull(), "landed sonar oud/sonar_20200331.csv as 2", deep.landedAs(3),
		"left "+h.label+" sonar.csv: naam niet herkend",
		"left "+h.label+" sonar_20210331.csv.tmp: tijdelijk bestand")
}

func placeArchive(t *testing.T, h *host) {
	if h.lies == nil {
		return
	}
	b := newPlaceBench(t, h, strings.TrimSuffix(h.from, "}")+", archive: gedaan/uwv}")
	h.put("aap\n", 1)
	h.other("sonar_20200930.csv", "slecht\n", 2)
	b.expect(b.pull(), b.landedAs(2), "landed sonar sonar_20200930.csv as 3")
	lies := func(want ...string) {
		t.Helper()
		got := h.lies()
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	lies("sonar_20200930.csv", h.file)
	// After a crash before the move, or after the copy of a place that cannot rename, it is still listed.
	b.expect(b.pull())
	archived := "gedaan/uwv/20210101T000100Z-" + h.file
	lies(archived, "sonar_20200930.csv")
	b.expect(b.pull())
	h.put("aap\n", 1)
	b.expect(b.pull())
	lies(archived, "sonar_20200930.csv")
	h.put("noot\n", 5)
	b.expect(b.pull(), b.landedAs(4))
	b.expect(b.pull())
	lies(archived, "gedaan/uwv/20210101T000500Z-"+h.file, "sonar_20200930.csv")
}
