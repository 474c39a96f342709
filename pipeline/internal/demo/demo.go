package demo

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Clock is the time of the demo. All extracts were received before it.
var Clock = time.Date(2021, 1, 4, 1, 30, 0, 0, time.UTC)

// seed is the seed of all random draws.
const seed = 20201231

// An Extract is one file in the inbox of Source, last written at Modified (UTC, before Clock).
type Extract struct {
	Source, Name string
	Modified     time.Time
	Data         []byte
}

// SHA256 returns the hash of the bytes, in hexadecimal.
func (e Extract) SHA256() string {
	sum := sha256.Sum256(e.Data)
	return hex.EncodeToString(sum[:])
}

// Save writes the extract into dir, with its own name and time.
func (e Extract) Save(dir string) error {
	path := filepath.Join(dir, e.Name)
	if err := os.WriteFile(path, e.Data, 0o600); err != nil {
		return err
	}
	return os.Chtimes(path, e.Modified, e.Modified)
}

// The reference tables that the demo reproduces: the published letter, and other published figures.
const (
	letterFile  = "sources/reference/transparantie_klantprofielen_brief_2021.csv"
	figuresFile = "sources/reference/kerncijfers.csv"
)

// Read returns the extracts and the published figures, made from the reference tables of a project; file
// returns one of its files. An error names the missing or wrong file.
func Read(file func(path string) (text []byte, ok bool)) ([]Extract, []Figure, error) {
	letter, ok := file(letterFile)
	if !ok {
		return nil, nil, fmt.Errorf("the project has no %s, which the demo reproduces", letterFile)
	}
	kerncijfers, ok := file(figuresFile)
	if !ok {
		return nil, nil, fmt.Errorf("the project has no %s, which the demo reproduces", figuresFile)
	}
	extracts, err := Extracts(letter, kerncijfers)
	if err != nil {
		return nil, nil, fmt.Errorf("make the demo from %s and %s: %w", letterFile, figuresFile, err)
	}
	published, err := ParseFigures(kerncijfers)
	return extracts, published, err
}

// Extracts returns the deliveries of doelgroepregister, sonar and plaatsingen over the eight
// quarters from 2019-03-31 to 2020-12-31, those of aanvragen, clientenbestand and uwv_trend of the
// last two, and the register of 2016-06-30, in order of peildatum.
//
// The last Sonar delivery yields, once loaded, exactly the table in letter: CSV with `;` and the
// columns gemeente, gemeente_met_profiel, gemeente_zonder_profiel, uwv_met_profiel and
// uwv_zonder_profiel; rows that begin with TOTAAL are ignored. The register of 2016, the applications
// of 2016 and the last quarterly figures yield the numbers in kerncijfers (see ParseFigures). All else is
// fictitious, and the extracts say so if their format allows it.
//
// The same input gives the same bytes. An error names the input that cannot be read, and its line.
func Extracts(letter, kerncijfers []byte) ([]Extract, error) {
	rows, err := parseLetter(letter)
	if err != nil {
		return nil, fmt.Errorf("read letter: %w", err)
	}
	list, err := ParseFigures(kerncijfers)
	if err != nil {
		return nil, fmt.Errorf("read kerncijfers: %w", err)
	}
	published, err := newFigures(list)
	if err != nil {
		return nil, fmt.Errorf("read kerncijfers: %w", err)
	}
	people := newPopulation(rows, rand.New(rand.NewPCG(seed, 1)))
	jobs := newPlacements(people.persons, rand.New(rand.NewPCG(seed, 2)))
	before := people.earlierRegister(published, rand.New(rand.NewPCG(seed, 3)))
	applications := newApplications(people, published, rand.New(rand.NewPCG(seed, 4)))
	clients := newClients(people, rand.New(rand.NewPCG(seed, 5)))
	extracts := make([]Extract, 0, len(deliveries))
	for _, d := range deliveries {
		var t table
		s := newSpeller(d.notation)
		switch d.source {
		case sourceRegister:
			in := people.persons
			if d.quarter == earlierQuarter {
				in = before
			}
			t = registerTable(in, d.quarter, s)
		case sourceSonar:
			t = sonarTable(people.persons, d.quarter, s)
		case sourcePlaatsingen:
			t = plaatsingenTable(jobs, d.quarter, s)
		case sourceAanvragen:
			t = aanvragenTable(applications, d.quarter, s)
		case sourceClienten:
			t = clientenTable(clients, d.quarter, s)
		case sourceTrend:
			t = trendTable(published, d.quarter, s)
		}
		if note := published.note(d.source, d.quarter); note != "" {
			d.form.preamble = append(slices.Clone(d.form.preamble), record([]string{note}))
		}
		data, err := d.render(t, people.reserve)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", d.name(), err)
		}
		modified := peildatumOf(d.quarter).Add(d.after)
		extracts = append(extracts, Extract{Source: d.source, Name: d.name(), Modified: modified, Data: data})
	}
	return extracts, nil
}

// TableQuery selects the table of the letter on the last peildatum from the published marts: all columns
// text, one row per gemeente and one of totals.
//
//go:embed tabel.sql
var TableQuery string

// FigureQuery selects the figures that the deliveries yield from the published marts: indicator, peildatum,
// gebied and waarde, all text, with the names of the kerncijfers.
//
//go:embed cijfers.sql
var FigureQuery string

// Config is the inbeeld.yaml of the demo directory. It publishes person-level marts too.
const Config = "# The persons of the demo do not exist, so their marts and their deliveries may be looked at.\npublish:\n  intern: true\nretention:\n  landing: 36500\n"
