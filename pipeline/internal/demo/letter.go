package demo

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxClients keeps the population well below the 90,909 valid BSNs that begin with 999.
const maxClients = 20_000

// The organisations that a person in Sonar may be a client of.
const (
	klantVanGemeente = "GEMEENTE"
	klantVanUWV      = "UWV"
)

// clientCount is the number of people in Sonar with one gemeente and klant_van, with or without profile.
type clientCount struct {
	gemeente, klantVan string
	metProfiel         bool
	n                  int
}

// letterColumns says what each column of the letter counts.
var letterColumns = []struct {
	name string
	cell clientCount
}{
	{"gemeente_met_profiel", clientCount{klantVan: klantVanGemeente, metProfiel: true}},
	{"gemeente_zonder_profiel", clientCount{klantVan: klantVanGemeente}},
	{"uwv_met_profiel", clientCount{klantVan: klantVanUWV, metProfiel: true}},
	{"uwv_zonder_profiel", clientCount{klantVan: klantVanUWV}},
}

// parseLetter returns the cells of the letter, four per gemeente. It ignores the totals.
func parseLetter(letter []byte) ([]clientCount, error) {
	r, header, err := openCSV(letter)
	if err != nil {
		return nil, err
	}
	index := map[string]int{}
	for i, name := range header {
		index[strings.ToLower(strings.TrimSpace(name))] = i
	}
	at, ok := index["gemeente"]
	if !ok {
		return nil, errors.New("line 1: column gemeente is missing")
	}
	for _, c := range letterColumns {
		if _, ok := index[c.name]; !ok {
			return nil, fmt.Errorf("line 1: column %s is missing", c.name)
		}
	}

	var cells []clientCount
	seen := map[string]bool{}
	total := 0
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		gemeente := strings.TrimSpace(row[at])
		if strings.HasPrefix(strings.ToUpper(gemeente), "TOTAAL") {
			continue
		}
		if gemeente == "" {
			return nil, fmt.Errorf("line %d: gemeente is empty", line)
		}
		if seen[gemeente] {
			return nil, fmt.Errorf("line %d: gemeente %s occurs twice", line, gemeente)
		}
		seen[gemeente] = true
		for _, c := range letterColumns {
			text := strings.TrimSpace(row[index[c.name]])
			n, err := strconv.ParseUint(text, 10, 31)
			if err != nil {
				return nil, fmt.Errorf("line %d: %s %q is not a count of people", line, c.name, text)
			}
			cell := c.cell
			cell.gemeente, cell.n = gemeente, int(n)
			cells = append(cells, cell)
			if total += cell.n; total > maxClients {
				return nil, fmt.Errorf("line %d: more than %d people; there are no synthetic BSNs for them", line, maxClients)
			}
		}
	}
	if total == 0 {
		return nil, errors.New("its counts are all zero")
	}
	return cells, nil
}

// openCSV returns a reader of CSV with `;` that has read the header.
func openCSV(text []byte) (r *csv.Reader, header []string, err error) {
	r = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.Comma = ';'
	if header, err = r.Read(); errors.Is(err, io.EOF) {
		err = errors.New("the file is empty")
	}
	return r, header, err
}
