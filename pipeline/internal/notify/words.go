package notify

import (
	"fmt"
	"strings"

	"inbeeld/pipeline/dutch"
)

// All Dutch that is not in templates stands here.
var words = phrases{
	NotFound:    "Niet meer gevonden.",
	NoCheck:     "Deze controle bestaat niet meer.",
	SnoozeEnded: "Het uitstel is voorbij en er is nog niets veranderd.",
}

type phrases struct{ NotFound, NoCheck, SnoozeEnded string }

func (phrases) snoozed(d Decision) string {
	return fmt.Sprintf("Uitgesteld tot %s door %s: %s", dutch.Date(d.Until), d.Who, dutch.Sentence(d.Reason))
}

func (phrases) acknowledged(d Decision) string {
	return fmt.Sprintf("Bevestigd door %s: %s", d.Who, dutch.Sentence(d.Reason))
}

func (phrases) resolved(d Decision) string {
	return fmt.Sprintf("Afgesloten door %s: %s", d.Who, dutch.Sentence(d.Reason))
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
		return fmt.Sprintf("%s: van %s naar %s", dutch.Capital(string(e.State)), ernstWords[e.Was], ernst)
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
