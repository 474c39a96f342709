package dashboard

import (
	"cmp"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/internal/ledger"
	"inbeeld/pipeline/internal/mart"
)

const (
	maxWindows   = 10  // windows shown
	overviewRuns = 8   // on the overview
	maxRuns      = 500 // runs on their page
)

// opgelost is the state of a solved finding.
const opgelost = "opgelost"

type overview struct {
	Status     *mart.Status
	Service    Service
	Runs       []*ledger.Run
	Windows    []Window
	Late       []Delivery
	Events     []ledger.Event
	Severities map[string]int
	Now        time.Time
}

func (s *site) overview(*http.Request) (any, error) {
	v := overview{Service: s.Service(), Windows: s.Windows(maxWindows), Severities: map[string]int{}, Now: s.Now()}
	var err error
	if v.Status, err = s.Status(); err != nil {
		return nil, err
	}
	if v.Runs, _, err = s.Runs(); err != nil {
		return nil, err
	}
	events, err := s.Events()
	if err != nil {
		return nil, err
	}
	v.Events = ledger.Unresolved(events, v.Runs)
	v.Runs = v.Runs[:min(overviewRuns, len(v.Runs))]
	last, err := s.lastFindings()
	if err != nil {
		return nil, err
	}
	for _, f := range last.Findings {
		if f.State != opgelost {
			v.Severities[f.Ernst]++
		}
	}
	deliveries, err := s.Deliveries()
	if err != nil {
		return nil, err
	}
	for _, d := range deliveries {
		if d.State == "late" || d.State == "never" || d.Refused != "" {
			v.Late = append(v.Late, d)
		}
	}
	return v, nil
}

type calendar struct {
	Deliveries []Delivery
	Now        time.Time
}

func (s *site) deliveries(*http.Request) (any, error) {
	list, err := s.Deliveries()
	return calendar{Deliveries: list, Now: s.Now()}, err
}

// A judgement has the findings of the last run that ran its checks.
type judgement struct {
	Run      string           `json:"run,omitempty"`
	At       time.Time        `json:"at,omitzero"`
	Findings []ledger.Finding `json:"findings"`
}

func (s *site) lastFindings() (judgement, error) {
	none := judgement{Findings: []ledger.Finding{}}
	runs, _, err := s.Runs()
	if err != nil {
		return none, err
	}
	for _, r := range runs {
		if r.Checks == nil {
			continue
		}
		full, err := s.Run(r.ID)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return none, err
		}
		return judgement{Run: full.ID, At: full.Ended(), Findings: shown(full.Findings)}, nil
	}
	return none, nil
}

// shown returns findings as anybody may see them, the most serious first: without the queries behind
// them, and without texts that may reveal small counts.
func shown(all []ledger.Finding) []ledger.Finding {
	list := slices.Clone(all)
	for i := range list {
		list[i].Query = ""
		if list[i].Title == "" {
			list[i].Text = "De uitleg is van een eerdere versie van inbeeld en wordt niet getoond."
		}
	}
	slices.SortStableFunc(list, func(a, b ledger.Finding) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}

// severities lists every ernst, the most serious first.
var severities = []string{"blokkerend", "alarm", "waarschuwing", "info", "geen_oordeel", "ok"}

func rank(f ledger.Finding) int { return slices.Index(severities, f.Ernst) }

// A group is a gemeente, an area or a source, with its findings.
type group struct {
	Name            string
	Open, Undecided []ledger.Finding
	Solved          []ledger.Finding
}

type findings struct {
	Run    string
	At     time.Time
	Groups []*group
}

// allGroup is the group of checks that are not judged per group.
const allGroup = "alle"

func (s *site) findings(*http.Request) (any, error) {
	all, err := s.lastFindings()
	if err != nil {
		return nil, err
	}
	v := findings{Run: all.Run, At: all.At}
	byName := map[string]*group{}
	for _, f := range all.Findings {
		g := byName[f.Group]
		if g == nil {
			g = &group{Name: f.Group}
			byName[f.Group] = g
			v.Groups = append(v.Groups, g)
		}
		switch {
		case f.State == opgelost:
			g.Solved = append(g.Solved, f)
		case f.Ernst == "geen_oordeel":
			g.Undecided = append(g.Undecided, f)
		default:
			g.Open = append(g.Open, f)
		}
	}
	sources, err := s.Deliveries()
	if err != nil {
		return nil, err
	}
	// The group of everything comes first, groups of sources last.
	place := func(g *group) int {
		switch {
		case g.Name == allGroup:
			return 0
		case slices.ContainsFunc(sources, func(d Delivery) bool { return d.Source == g.Name }):
			return 2
		}
		return 1
	}
	slices.SortFunc(v.Groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	return v, nil
}

type marts struct {
	Manifest *mart.Manifest
	Pinned   *mart.PinStatus // nil if runs may publish
	Total    int64
	Now      time.Time
}

func (s *site) marts(*http.Request) (any, error) {
	m, err := s.Marts()
	if err != nil || m == nil {
		return marts{Now: s.Now()}, err
	}
	v := marts{Manifest: m, Now: s.Now()}
	st, err := s.Status()
	if err != nil {
		return nil, err
	}
	if st != nil {
		v.Pinned = st.Pinned
	}
	for _, f := range m.Files {
		v.Total += f.Size
	}
	return v, nil
}

type runList struct {
	Runs    []*ledger.Run
	Damaged []string
	Going   string
	More    int
}

func (s *site) runs(*http.Request) (any, error) {
	runs, damaged, err := s.Runs()
	v := runList{Runs: runs[:min(maxRuns, len(runs))], Damaged: damaged, Going: s.Service().Run}
	v.More = len(runs) - len(v.Runs)
	return v, err
}

type runView struct {
	*ledger.Run
	Shown []ledger.Finding
	Log   string
	Going bool
}

func (s *site) run(r *http.Request) (any, error) {
	run, err := s.Run(r.PathValue("run"))
	if err != nil {
		return nil, err
	}
	v := runView{Run: run, Shown: shown(run.Findings), Going: s.Service().Run == run.ID}
	v.Log, err = s.Log(run.ID)
	return v, err
}
