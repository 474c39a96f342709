package pipeline

import (
	"testing"

	"inbeeld/pipeline/internal/testing/truth"
)

// properties holds what is published against itself and against how many were delivered: over all
// gemeenten, categorieën and buckets nobody is missing and nobody counts twice, on every peildatum,
// and a join of a fact with its dims loses no row.
func (s *truthStory) properties(t *testing.T, marts map[string]readTable) {
	t.Helper()
	checkDims(t, marts)
	every := func(map[string]string) bool { return true }
	for _, of := range []struct {
		mart, measure string
		rows          func(map[string]string) bool
		size          func(truth.Size) int
	}{
		{"doelgroep_stand", "personen", every, func(n truth.Size) int { return n.Personen }},
		{"doelgroep_mutaties", "stand", every, func(n truth.Size) int { return n.Personen }},
		{"trechter", "personen", on("stap", "in_register"), func(n truth.Size) int { return n.Personen }},
		{"transparantie_klantprofielen", "totaal", every, func(n truth.Size) int { return n.Klanten }},
		{"transparantie_regio", "totaal", func(row map[string]string) bool {
			return row["gebied"] != "Gooi en Vechtstreek" && row["klant_van"] != "ALLE"
		}, func(n truth.Size) int { return n.Klanten }},
		{"transparantie_regio", "totaal", func(row map[string]string) bool {
			return row["gebied"] == "Gooi en Vechtstreek" && row["klant_van"] == "ALLE"
		}, func(n truth.Size) int { return n.Klanten }},
		{"screening", "clienten", every, func(n truth.Size) int { return n.Clienten }},
		{"plaatsingen_stand", "lopende_plaatsingen", every, func(n truth.Size) int { return n.Lopend }},
	} {
		for _, date := range marts[of.mart].distinct("peildatum") {
			got := marts[of.mart].sum(t, of.measure, func(row map[string]string) bool { return row["peildatum"] == date && of.rows(row) })
			if want := of.size(s.world.Size(date)); got != want {
				t.Errorf("%s of %s: %s adds up to %d, of %d", of.mart, date, of.measure, got, want)
			}
		}
	}
}
