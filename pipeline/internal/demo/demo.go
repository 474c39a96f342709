// Package demo makes the deliveries with which a region can try inbeeld: made up from the first
// digit to the last, and as untidy as real ones.
//
// Words: the letter is the published table of klantprofielen per gemeente that the last Sonar
// delivery has to reproduce; a quarter is one of eight peildata, counted from zero; the
// population is who there is, and when, without a fault in it; a notation is how one supplier
// writes a date or a name in one file; dirt is what goes wrong on the way from the population to
// the extract; an extract is one file as the supplier gives it; a figure is a number that was
// published, of those that the kerncijfers list; the earlier register is that of 2016, of which
// figures are known.
//
// Nobody in it exists. The BSNs pass the elfproef and come from 999…… and, for those that show a
// lost leading zero, from 01000…. .
package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Clock is the moment at which the demo takes place: all extracts have been received by then.
var Clock = time.Date(2021, 1, 4, 1, 30, 0, 0, time.UTC)

// seed fixes everything that is drawn.
const seed = 20201231

// An Extract is one file in the inbox of Source, last written at Modified (UTC, before Clock).
type Extract struct {
	Source, Name string
	Modified     time.Time
	Data         []byte
}

// Extracts returns the deliveries of doelgroepregister, sonar and plaatsingen over the eight
// quarters from 2019-03-31 to 2020-12-31, those of aanvragen, clientenbestand and uwv_trend of the
// last two, and the register of 2016-06-30, in the order of their peildatum.
//
// The last Sonar delivery yields, once loaded, exactly the table in letter: CSV with `;` and the
// columns gemeente, gemeente_met_profiel, gemeente_zonder_profiel, uwv_met_profiel and
// uwv_zonder_profiel, where a row that begins with TOTAAL is passed over. The register of 2016, the
// applications of 2016 and the last quarterly figures yield what kerncijfers says (ParseFigures). All
// else is made up, and the extracts say so where they have room for it.
//
// The same input gives the same bytes. An error names what in it cannot be read.
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
			if d.quarter == earlier {
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
		extracts = append(extracts, Extract{
			Source:   d.source,
			Name:     d.name(),
			Modified: peildatumOf(d.quarter).Add(d.after),
			Data:     data,
		})
	}
	return extracts, nil
}
