package demo_test

import (
	"strings"
	"testing"
)

// TestExtractsSayWhatIsMadeUp checks that extracts list their published figures and say that all else is
// fictitious.
func TestExtractsSayWhatIsMadeUp(t *testing.T) {
	all := extracts(t, publishedLetter)
	for name, note := range map[string]string{
		"doelgroepregister_20160630.csv": `"Gepubliceerd zijn de aantallen 1860, 235 en 92 (voorstel 16-06-2017); de personen zijn verzonnen"`,
		"aanvragen_20200930.csv":         `"Gepubliceerd zijn de aantallen van 2016, 8 door gemeenten en 152 door inwoners (voorstel 16-06-2017); al het andere is verzonnen"`,
		"aanvragen_20201231.csv":         `"Gepubliceerd zijn de aantallen van 2016, 8 door gemeenten en 152 door inwoners (voorstel 16-06-2017); al het andere is verzonnen"`,
		"clientenbestand_20200930.csv":   "",
		"clientenbestand_20201231.csv":   "",
		"uwv_trend_20200930.csv":         "",
		"uwv_trend_20201231.csv":         `"Gepubliceerd zijn extra_banen en norm_extra_banen van het laatste kwartaal (brief 30-06-2021, UWV trendrapportage Q4-2020); al het andere is verzonnen"`,
	} {
		text := decode(t, all[name].Data)
		first, rest, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
		second, _, _ := strings.Cut(rest, "\n")
		if !strings.Contains(first, "SYNTHETISCHE VOORBEELDDATA") {
			t.Errorf("%s begins with %q", name, first)
		}
		if note != "" && second != note || note == "" && strings.Contains(text, "Gepubliceerd") {
			t.Errorf("%s: the note is %q, want %q", name, second, note)
		}
	}
}
