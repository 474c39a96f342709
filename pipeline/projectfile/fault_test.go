package projectfile_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/pipeline/projectfile"
)

func TestFaultError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault projectfile.Fault
		want  string
	}{
		{projectfile.Fault{Path: "a.yaml", Message: "m"}, "a.yaml: m"},
		{projectfile.Fault{Path: "a.yaml", Line: 3, Message: "m"}, "a.yaml:3: m"},
		{projectfile.Fault{Path: "a.yaml", Line: 3, Col: 2, Message: "m", Hint: "h"}, "a.yaml:3:2: m; h"},
		{projectfile.Fault{Path: "a.yaml", Col: 2, Message: "m", Hint: "h"}, "a.yaml: m; h"},
	} {
		if got := c.fault.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestFaultsErr(t *testing.T) {
	t.Parallel()
	if err := (projectfile.Faults{}).Err(); err != nil {
		t.Errorf("no faults are an error: %v", err)
	}
	err := projectfile.Faults{{Path: "a", Message: "m"}, {Path: "b", Line: 1, Message: "n"}}.Err()
	var faults projectfile.Faults
	if !errors.As(err, &faults) || err.Error() != "a: m\nb:1: n" {
		t.Errorf("got error %v", err)
	}
}

func TestFaultsSorted(t *testing.T) {
	t.Parallel()
	faults := projectfile.Faults{
		{Path: "b", Line: 1, Message: "m"},
		{Path: "a", Line: 10, Message: "m"},
		{Path: "a", Line: 2, Col: 3, Message: "m"},
		{Path: "a", Line: 2, Col: 1, Message: "n"},
		{Path: "a", Line: 2, Col: 1, Message: "m"},
		{Path: "a", Line: 10, Message: "m"},
		{Path: "a", Message: "m"},
	}
	want := "a: m\na:2:1: m\na:2:1: n\na:2:3: m\na:10: m\nb:1: m"
	if got := faults.Sorted().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if faults[0].Path != "b" {
		t.Error("sorting changed the faults it was given")
	}
}

func TestFaultJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(projectfile.Fault{Path: "a.yaml", Line: 3, Col: 2, Message: "m", Hint: "h"})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(got, &fields); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"path": "a.yaml", "line": 3.0, "col": 2.0, "message": "m", "hint": "h"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	gemeenten := []string{"Gooise Meren", "Hilversum", "Huizen", "Laren", "Blaricum", "Eemnes", "Weesp", "Wijdemeren"}
	for _, c := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"Wijdmeren", gemeenten, "Wijdemeren"},
		{"Wijdereen", gemeenten, "Wijdemeren"},
		{"hilversum", gemeenten, "Hilversum"}, // case is no distance
		{"Parijs", gemeenten, ""},
		{"", gemeenten, ""},
		{"Laren", nil, ""},
		{"ab", []string{"cd"}, ""},
		{"a", []string{"b"}, "b"}, // one change in one letter is near
		{"tabel", []string{"tabed", "tabec"}, "tabec"},
		{"tabel", []string{"tabec", "tabed"}, "tabec"},
		{"per", []string{"peildatum", "per"}, "per"},
	} {
		if got := projectfile.Nearest(c.name, c.candidates); got != c.want {
			t.Errorf("Nearest(%q, %q) = %q, want %q", c.name, c.candidates, got, c.want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	many := []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", "a16", "a17"}
	for _, c := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"descriptioon", []string{"description", "grain"}, `did you mean "description"?`},
		{"xxxx", []string{"description", "grain"}, "known: description, grain"},
		{"xxxxxx", many[:16], "known: a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16"},
		{"xxxxxx", many, ""},
		{"x", nil, ""},
	} {
		if got := projectfile.DidYouMean(c.name, c.candidates); got != c.want {
			t.Errorf("DidYouMean(%q, %q) = %q, want %q", c.name, c.candidates, got, c.want)
		}
	}
}
