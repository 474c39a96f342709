package notify

import "testing"

// What there is to do is said once: of all groups when it differs in their names only.
func TestAction(t *testing.T) {
	for _, c := range []struct {
		entries []Entry
		want    string
	}{
		{[]Entry{{Condition: Condition{Group: "Laren", Action: "Vraag Laren."}}}, "Vraag Laren."},
		{[]Entry{{Condition: Condition{Group: "Laren", Action: "Vraag Laren."}}, {Condition: Condition{Group: "Huizen", Action: "Vraag Huizen."}}}, "Vraag Laren en Huizen."},
		{[]Entry{{Condition: Condition{Group: "a", Action: "Kijk."}}, {Condition: Condition{Group: "b", Action: "Kijk."}}}, "Kijk."},
		{[]Entry{{Condition: Condition{Group: "a", Action: "Meld 3."}}, {Condition: Condition{Group: "b", Action: "Meld 4."}}}, "Meld 3. Meld 4."},
	} {
		if got := action(c.entries); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}
