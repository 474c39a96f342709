package sources

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
)

func TestParsePakbon(t *testing.T) {
	n := func(n int64) *int64 { return &n }
	const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	unreadable := &delivery.Pakbon{Onleesbaar: true}
	tests := []struct {
		name, file, text string
		want             *delivery.Pakbon
	}{
		{"json", "x.pakbon.json", `{"rijen": 12, "sha256": "` + hash + `", "sommen": {"Uren": 1234.5, "Bedrag": "1,25"}}`, &delivery.Pakbon{Rijen: n(12), SHA256: hash, Sommen: map[string]string{"Uren": "1234.5", "Bedrag": "1.25"}}},
		{"upper case", "X.PAKBON.JSON", "\xEF\xBB\xBF" + `{"sha256": "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"}`, &delivery.Pakbon{SHA256: hash}},
		{"csv", "x.pakbon.csv", "Rijen;12\r\nsom Uren ; -3,5\r\n", &delivery.Pakbon{Rijen: n(12), Sommen: map[string]string{"Uren": "-3.5"}}},
		{"no rows at all", "x.pakbon.csv", "rijen;0\n", &delivery.Pakbon{Rijen: n(0)}},
		{"empty", "x.pakbon.json", "", unreadable},
		{"nothing said", "x.pakbon.json", "{}", unreadable},
		{"another key", "x.pakbon.json", `{"aantal": 1}`, unreadable},
		{"another line", "x.pakbon.csv", "aantal;1\n", unreadable},
		{"a number that is none", "x.pakbon.csv", "rijen;1.000\n", unreadable},
		{"less than nothing", "x.pakbon.json", `{"rijen": -1}`, unreadable},
		{"a sum that is none", "x.pakbon.csv", "som Uren;1.234,5\n", unreadable},
		{"a sum with an exponent", "x.pakbon.json", `{"sommen": {"Uren": 1e9}}`, unreadable},
		{"a hash that is none", "x.pakbon.csv", "sha256;abc\n", unreadable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := delivery.ParsePakbon(tt.file, []byte(tt.text))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPullPakbon pulls files whose contract requires a pakbon, a day after new year.
func TestPullPakbon(t *testing.T) {
	const day = 24 * 60
	b := newBench(t)
	b.contracts = []*contract.Contract{contractFor(t, "sonar", "pakbon: {required: true, wait: 2d}\n"), contractFor(t, "register", "")}
	b.drop("inbox/sonar/sonar_20201231.csv", "abc", 3)
	b.drop("inbox/sonar/sonar_20200930.csv", "def", -2*day)
	b.drop("inbox/register/register_20201231.csv", "abc", 3)
	b.drop("inbox/register/register_20200930.csv.pakbon.csv", "rijen;1\n", 3)
	b.want(b.pull(), "landed register register_20201231.csv as 1", "landed sonar sonar_20200930.csv as 2",
		"growing inbox/sonar sonar_20201231.csv: wacht op de pakbon",
		"left inbox/register register_20200930.csv.pakbon.csv: pakbon zonder levering; lever beide opnieuw, samen")
	b.inbox("inbox/register/register_20200930.csv.pakbon.csv", "inbox/sonar/sonar_20201231.csv")

	b.drop("inbox/sonar/sonar_20201231.csv.PAKBON.json", `{"rijen": 7}`, 9)
	b.drop("inbox/register/register_20200930.csv", "ghi", 9)
	b.want(b.pull(), "landed register register_20200930.csv as 3", "landed sonar sonar_20201231.csv as 4")
	b.inbox()
	b.nothingHidden()
	rows := map[string]int64{}
	for _, d := range b.deliveries() {
		if d.Pakbon != nil {
			rows[d.Source+" "+d.Peildatum] = *d.Pakbon.Rijen
		}
	}
	if diff := cmp.Diff(map[string]int64{"sonar 2020-12-31": 7, "register 2020-09-30": 1}, rows); diff != "" {
		t.Error(diff)
	}
}
