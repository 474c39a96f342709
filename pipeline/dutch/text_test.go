package dutch_test

import (
	"testing"
	"time"

	"inbeeld/pipeline/dutch"
)

func TestTexts(t *testing.T) {
	noon := time.Date(2021, 3, 5, 12, 4, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{dutch.Day(noon), "5 maart 2021"},
		{dutch.Day(time.Time{}), "onbekend"},
		{dutch.Moment(noon), "5 maart 2021, 12.04 uur"},
		{dutch.Weekday(noon), "vrijdag"},
		{dutch.Date("2020-12-31"), "31 december 2020"},
		{dutch.Date("2020-Q4"), "2020-Q4"},
		{dutch.ShortDate("2020-12-01"), "01-12-2020"},
		{dutch.ShortDate(""), ""},
		{dutch.Age(59 * time.Second), "minder dan een minuut"},
		{dutch.Age(90 * time.Second), "1 minuut"},
		{dutch.Age(47 * time.Hour), "47 uur"},
		{dutch.Age(3000 * 24 * time.Hour), "3.000 dagen"},
		{dutch.Duration(-time.Second), "0,0 s"},
		{dutch.Duration(2*time.Minute + 5*time.Second), "2 min 05 s"},
		{dutch.Integer(-1720), "-1.720"},
		{dutch.Float(65.25, 1), "65,3"},
		{dutch.Percentage(rat(t, "24.45")), "24,5%"},
		{dutch.Percentage(nil), "onbekend"},
		{dutch.Amount(rat(t, "12.5")), "12,50"},
		{dutch.Exact(rat(t, "0.25"), 0, 6), "0,25"},
		{dutch.Exact(rat(t, "25"), 1, 6), "25,0"},
		{dutch.Exact(rat(t, "1/3"), 0, 6), "0"},
		{dutch.Exact(rat(t, "0.12345"), 0, 2), "0,12"},
		{dutch.Plain("1000.50"), "1000,5"},
		{dutch.Plain("1000"), "1000"},
		{dutch.Plain("-"), "-"},
		{dutch.Size(612), "612 bytes"},
		{dutch.Size(84_740), "84,7 kB"},
		{dutch.Size(1_200_000), "1,2 MB"},
		{dutch.Size(5_000_000_000_000_000), "5.000,0 TB"},
		{dutch.And(nil), ""},
		{dutch.And([]string{"a", "b", "c"}), "a, b en c"},
		{dutch.AndMore([]string{"a", "b", "c", "d"}), "a, b, c en d"},
		{dutch.AndMore([]string{"a", "b", "c", "d", "e"}), "a, b, c en nog 2"},
		{dutch.Counted(1, "rij", "rijen"), "1 rij"},
		{dutch.Counted(0, "rij", "rijen"), "0 rijen"},
		{dutch.Capital("één rij"), "Één rij"},
		{dutch.Capital(""), ""},
		{dutch.Sentence(" klopt niet "), "klopt niet."},
		{dutch.Sentence("klopt het?"), "klopt het?"},
		{dutch.Figure("24.45", true), "24,5%"},
		{dutch.Figure("1200.10", false), "1.200,1"},
		{dutch.Figure("", false), "-"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestOneOrMore(t *testing.T) {
	if one, more, ok := dutch.OneOrMore("staat|staan"); one != "staat" || more != "staan" || !ok {
		t.Errorf("got %q, %q, %v", one, more, ok)
	}
	for _, text := range []string{"", "staat", "|", "a| ", " |b", "a|b|c"} {
		if _, _, ok := dutch.OneOrMore(text); ok {
			t.Errorf("%q is taken", text)
		}
	}
}
