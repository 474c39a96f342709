package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// mostCard is the largest card in bytes of JSON; the limit of Teams is 28 KB.
const mostCard = 24_000

// cards returns a message as Adaptive Cards, each below mostCard.
func cards(m Message) []json.RawMessage {
	blocks := blocksOf(m)
	var parts [][]cardBlock
	for _, b := range blocks {
		if n := len(parts); n > 0 && cardSize(append(slices.Clone(parts[n-1]), b)) <= mostCard {
			parts[n-1] = append(parts[n-1], b)
			continue
		}
		parts = append(parts, []cardBlock{b})
	}
	out := make([]json.RawMessage, len(parts))
	for i, part := range parts {
		title := m.Subject
		if len(parts) > 1 {
			title = fmt.Sprintf("%s (%d van %d)", m.Subject, i+1, len(parts))
		}
		out[i] = adaptive(append([]cardBlock{heading(title)}, part...))
	}
	return out
}

func cardSize(blocks []cardBlock) int { return len(adaptive(blocks)) + 2*longestSubject }

// shortCard stands in for a card that Teams finds too large.
func shortCard(m Message) json.RawMessage {
	return adaptive([]cardBlock{heading(m.Subject), paragraph("Dit bericht is te groot voor Teams. De beheerder ziet alle meldingen met: inbeeld alerts list")})
}

// A cardBlock is an element of an Adaptive Card.
type cardBlock struct {
	Type   string      `json:"type"`
	Text   string      `json:"text,omitempty"`
	Wrap   bool        `json:"wrap,omitempty"`
	Weight string      `json:"weight,omitempty"`
	Size   string      `json:"size,omitempty"`
	Style  string      `json:"style,omitempty"`
	Facts  []cardFact  `json:"facts,omitempty"`
	Space  string      `json:"spacing,omitempty"`
	Items  []cardBlock `json:"items,omitempty"`
}

type cardFact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

func heading(text string) cardBlock {
	return cardBlock{Type: "TextBlock", Text: markdownSafe(text), Wrap: true, Weight: "Bolder", Size: "Large", Style: "heading"}
}

func paragraph(text string) cardBlock {
	return cardBlock{Type: "TextBlock", Text: markdownSafe(text), Wrap: true}
}

// markdownSafe escapes Markdown in text, and cuts it at 2,000 characters.
func markdownSafe(text string) string {
	if r := []rune(text); len(r) > 2_000 {
		text = string(r[:2_000]) + "…"
	}
	return strings.NewReplacer("[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`, "`", "'", "<", "‹", ">", "›").Replace(text)
}

// blocksOf returns a message as blocks, which cards does not split.
func blocksOf(m Message) []cardBlock {
	blocks := []cardBlock{paragraph("Dit bericht is voor " + recipientLabel(m.Recipient) + ".")}
	parts, _ := sections(m.Changed)
	for _, s := range parts {
		blocks = append(blocks, cardBlock{Type: "TextBlock", Text: markdownSafe(s.Title), Wrap: true, Weight: "Bolder", Space: "Large"})
		for _, c := range s.Cards {
			title := c.Change
			if c.Label != "" {
				title = c.Label + ": " + c.Change
			}
			items := []cardBlock{{Type: "TextBlock", Text: markdownSafe(title), Wrap: true, Weight: "Bolder"}}
			for _, text := range []string{c.Text, c.Note} {
				if text != "" {
					items = append(items, paragraph(text))
				}
			}
			var facts []cardFact
			for _, f := range []cardFact{{"Waarde", c.Value}, {"Grens", c.Limit}, {"Vorige keer", c.Previous}, {"Sinds", c.Since}} {
				if f.Value != "" {
					facts = append(facts, cardFact{f.Title, markdownSafe(f.Value)})
				}
			}
			if facts != nil {
				items = append(items, cardBlock{Type: "FactSet", Facts: facts})
			}
			blocks = append(blocks, cardBlock{Type: "Container", Items: items})
		}
		if s.Action != "" {
			blocks = append(blocks, paragraph("Wat kunt u doen? "+s.Action))
		}
	}
	if n := len(m.Open); n > 0 {
		blocks = append(blocks, paragraph(fmt.Sprintf("Nog open: %d.", n)))
	}
	return blocks
}

// adaptive returns the request of a Teams workflow with one card of blocks.
func adaptive(blocks []cardBlock) json.RawMessage {
	payload := map[string]any{
		"type": "message",
		"attachments": []any{map[string]any{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content": map[string]any{
				"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "lang": "nl", "body": blocks,
			},
		}},
	}
	text, err := json.Marshal(payload)
	if err != nil {
		panic("a card is plain JSON: " + err.Error())
	}
	return text
}
