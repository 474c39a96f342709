package pipeline

import "testing"

func TestTwoNights(t *testing.T) {
	t.Parallel()
	n := newNight(t, nightProject(t, nil))
	n.first(t)
	n.publishes(t)
	n.second(t)
	n.publishes(t)
	for _, l := range n.deliveries(t) {
		t.Log(l)
	}
	for _, l := range n.rows(t, "select peildatum::varchar, gemeente, personen::varchar, werkenden::varchar, uren::varchar from marts.werk order by all") {
		t.Log(l)
	}
	remains, err := nightRemains(n.data)
	t.Log(remains, err, nightWarehouse(t.Context(), n.data))
}
