package notify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"inbeeld/pipeline/dutch"
)

// longestSubject is the limit of a subject in characters; phones show less than half of it.
const longestSubject = 120

// subject returns the subject of a message, the most serious entry first.
func subject(m Message, name string) string {
	lead := name + ": "
	switch m.Kind {
	case SignOfLife:
		if n := len(m.Open); n == 1 {
			return lead + "geen nieuws, 1 melding staat nog open"
		} else if n > 1 {
			return lead + fmt.Sprintf("geen nieuws, %d meldingen staan nog open", n)
		}
		return lead + "geen nieuws, alles loopt"
	case Definition:
		alerts := slices.DeleteFunc(slices.Clone(m.Changed), func(e Entry) bool { return e.Check == Redefined })
		if len(alerts) < len(m.Changed) {
			lead += "cijfers wachten op goedkeuring"
			if len(alerts) == 0 {
				return lead
			}
			lead += ", "
		}
		if len(alerts) == 1 {
			return lead + "1 melding veranderd door een andere regel of definitie"
		}
		return lead + fmt.Sprintf("%d meldingen veranderd door een andere regel of definitie", len(alerts))
	case Test:
		return lead + "testbericht"
	case Digest:
	}
	if slices.ContainsFunc(m.Changed, Entry.blocksAnew) {
		lead += "publicatie tegengehouden, "
	}
	return oneLine(lead + phrase(m.Changed, longestSubject-len([]rune(lead))))
}

// oneLine replaces line breaks and other control characters by spaces: in mail they would begin a header.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}

// phrase returns as many entries as fit in room characters.
func phrase(changed []Entry, room int) string {
	var said []string
	about := ""
	for i := 0; i < len(changed); {
		e := changed[i]
		n := 1
		for i+n < len(changed) && changed[i+n].alike(e) {
			n++
		}
		var labels []string
		for _, of := range changed[i : i+n] {
			if of.Preposition != "" {
				labels = append(labels, of.label())
			}
		}
		text := e.Title
		if len(labels) > 0 {
			text += " " + e.Preposition + " " + dutch.AndMore(labels)
		}
		if suffix := e.suffix(); suffix != "" {
			if about == e.Check && len(labels) > 0 {
				text = dutch.AndMore(labels)
			}
			text += " " + suffix
		}
		if rest := more(len(changed) - i); len(said) > 0 && len([]rune(strings.Join(said, ", ")))+len([]rune(text))+len(rest) > room {
			return strings.Join(said, ", ") + rest
		}
		said = append(said, text)
		about = e.Check
		i += n
	}
	return strings.Join(said, ", ")
}

func more(n int) string {
	if n == 1 {
		return " en nog 1 melding"
	}
	return fmt.Sprintf(" en nog %d meldingen", n)
}

// alike reports whether two entries differ in their group only.
func (e Entry) alike(other Entry) bool {
	return e.Check == other.Check && e.Title == other.Title && e.suffix() == other.suffix() && e.Preposition == other.Preposition
}

func (e Entry) suffix() string {
	switch e.State {
	case Opgelost:
		return "opgelost"
	case Vervallen:
		return "niet meer beoordeeld"
	case Beter:
		return "beter"
	case Wisselend:
		return "wisselt"
	case Nieuw, Erger, Open:
	}
	return ""
}

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
	label := cmp.Or(recipientWords[role], role)
	if role == Supplier && part != "" {
		label += " van"
	}
	return strings.TrimSpace(label + " " + strings.ReplaceAll(part, "_", " "))
}
