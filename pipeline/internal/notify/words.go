package notify

import (
	"fmt"
	"strings"
	"time"
)

// All Dutch that is not in templates stands here.
var words = phrases{
	NotFound:    "Niet meer gevonden.",
	NoCheck:     "Deze controle bestaat niet meer.",
	SnoozeEnded: "Het uitstel is voorbij en er is nog niets veranderd.",
}

type phrases struct{ NotFound, NoCheck, SnoozeEnded string }

func (phrases) snoozed(d Decision) string {
	return fmt.Sprintf("Uitgesteld tot %s door %s: %s", Date(d.Until), d.Who, sentence(d.Reason))
}

func (phrases) acknowledged(d Decision) string {
	return fmt.Sprintf("Bevestigd door %s: %s", d.Who, sentence(d.Reason))
}

func (phrases) resolved(d Decision) string {
	return fmt.Sprintf("Afgesloten door %s: %s", d.Who, sentence(d.Reason))
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// ernstWords are how people read an ernst.
var ernstWords = map[string]string{
	Waarschuwing: "waarschuwing", Alarm: "alarm", Blokkerend: "blokkade", okay: "in orde", geenOordeel: "geen oordeel",
}

// change says what happened to an alert.
func (e Entry) change() string {
	ernst := ernstWords[e.Ernst]
	switch e.State {
	case Nieuw:
		if e.Again {
			return "Opnieuw " + ernst
		}
		if e.Ernst == Alarm {
			return "Nieuw " + ernst
		}
		return "Nieuwe " + ernst
	case Erger, Beter:
		return fmt.Sprintf("%s: van %s naar %s", capital(string(e.State)), ernstWords[e.Was], ernst)
	case Opgelost:
		return "Opgelost"
	case Vervallen:
		return "Geen oordeel meer"
	case Wisselend:
		return "Wisselt: u krijgt pas weer bericht als het rustig is"
	case Open:
	}
	return "Nog open (" + ernst + ")"
}

var recipientWords = map[string]string{
	DataTeam: "het datateam", Supplier: "de leverancier", Uitvoeringsdienst: "de uitvoeringsdienst", "sturing": "regionale sturing", "werkkamer": "de Werkkamer",
}

// recipientLabel is a recipient as people read it.
func recipientLabel(recipient string) string {
	role, part, _ := strings.Cut(recipient, "/")
	label := role
	if known, ok := recipientWords[role]; ok {
		label = known
	}
	if role == Supplier && part != "" {
		label += " van"
	}
	return strings.TrimSpace(label + " " + strings.ReplaceAll(part, "_", " "))
}

var months = [...]string{
	"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december",
}

// Date writes an ISO date out; other text stays as it is.
func Date(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return fmt.Sprintf("%d %s %d", t.Day(), months[t.Month()-1], t.Year())
}

// list joins words as in "Blaricum, Laren en Weesp"; beyond four it counts the rest.
func list(items []string) string {
	if len(items) > 4 {
		return fmt.Sprintf("%s en nog %d", strings.Join(items[:3], ", "), len(items)-3)
	}
	return joined(items)
}

// joined joins all words, as in "Blaricum, Laren en Weesp".
func joined(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " en " + items[len(items)-1]
}

func capital(text string) string {
	for i, r := range text {
		return strings.ToUpper(string(r)) + text[i+len(string(r)):]
	}
	return text
}
