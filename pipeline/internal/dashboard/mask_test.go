package dashboard

import "testing"

func TestFew(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"In Weesp hebben 4 van de 32 gemeenteklanten in Sonar een klantprofiel. Dat is 12,5%. De grens is 25,0%.", "In Weesp hebben minder dan 5 van de 32 gemeenteklanten in Sonar een klantprofiel. De grens is 25,0%."},
		{"In Eemnes staan 1 van de 44 klanten in Sonar (2,3%) niet in het doelgroepregister. De grens is 2,0%.", "In Eemnes staan minder dan 5 van de 44 klanten in Sonar niet in het doelgroepregister. De grens is 2,0%."},
		{"In Eemnes hebben 2 van de 14 gemeenteklanten in Sonar een klantprofiel. Dat is 14,3%; op de vorige peildatum was het onbekend. De grens is een daling van 3 procentpunten.", "In Eemnes hebben minder dan 5 van de 14 gemeenteklanten in Sonar een klantprofiel; op de vorige peildatum was het onbekend. De grens is een daling van 3 procentpunten."},
		{"Van 2 van de 3 personen is het profiel oud.", "Van minder dan 5 van de minder dan 5 personen is het profiel oud."},
		{"Regels te veel met dezelfde persoon: 2.", "Regels te veel met dezelfde persoon: minder dan 5."},
		{"Bij 1 personen, met 7,5% en nog 3.", "Bij minder dan 5 personen, met …% en nog minder dan 5."},
		{"In Hilversum hebben 55 van de 240 een profiel. Dat is 22,9%. De grens is 25,0%.", "In Hilversum hebben 55 van de 240 een profiel. Dat is 22,9%. De grens is 25,0%."},
		{"Dat is 3,5%.", "Dat is 3,5%."},
		{"De peildatum is 3 dagen geleden, op 3-4-2021. De grens is 4.", "De peildatum is 3 dagen geleden, op 3-4-2021. De grens is 4."},
		{"1.720 records in 2020-Q4, 10 en 14", "1.720 records in 2020-Q4, 10 en 14"},
	} {
		if got := Few(c.text); got != c.want {
			t.Errorf("%s\n gives %s\n  want %s", c.text, got, c.want)
		}
	}
}
