package sqlast

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	g := Graph{"c": {"a", "b"}, "b": {"a", "raw"}, "a": nil, "d": {"c", "a"}}
	got, err := g.Order()
	if err != nil || !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestCycle(t *testing.T) {
	g := Graph{"a": {"b"}, "b": {"c"}, "c": {"b"}, "x": {"x"}}
	_, err := g.Order()
	var cycle *CycleError
	if !errors.As(err, &cycle) || strings.Join(cycle.Path, " ") != "b c b" {
		t.Errorf("got %v", err)
	}
	if _, err := (Graph{"x": {"x"}}).Order(); !errors.As(err, &cycle) || len(cycle.Path) != 2 {
		t.Errorf("a model that reads itself: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	for tree, want := range map[string]string{
		`{`: "cannot be read",
		`{"error":true,"error_type":"not implemented"}`:                                        "only a plain SELECT",
		`{"error":true,"error_type":"parser","error_message":"syntax error","position":"7"}`:   "syntax error",
		`{"error":false,"statements":[]}`:                                                      "no SELECT",
		`{"error":false,"statements":[{},{}]}`:                                                 "2 statements",
		`{"error":false,"statements":[{"node":{"type":"SHOW_REF"}}]}`:                          "SHOW",
		`{"error":false,"statements":[{"node":{"type":"BASE_TABLE","table_name":"foo.csv"}}]}`: "has no schema",
	} {
		_, problems := Read([]byte(tree))
		if len(problems) != 1 || !strings.Contains(problems[0].Message, want) {
			t.Errorf("%s: %v, want %q", tree, problems, want)
		}
	}
}
