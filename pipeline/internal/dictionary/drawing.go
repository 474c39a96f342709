package dictionary

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"inbeeld/pipeline/internal/graph"
	"inbeeld/sql/model"
)

// A Drawing shows which table reads which, from left to right: sources, staging, core, marts. Lengths are in
// pixels at its natural size.
type Drawing struct {
	Width, Height int
	BandHeight    int
	MinWidth      int // at which its text is still legible
	Bands         []DrawnBand
	Boxes         []DrawnBox
	Lines         []string // SVG paths
	Text          []DrawnRead
}

// A DrawnBand is the part of the drawing with one layer, or the sources.
type DrawnBand struct {
	Title                   string
	X, Width, TitleX, TextY int
}

// A DrawnBox is a table. Class is its schema.
type DrawnBox struct {
	Name, Label, Class  string
	X, Y, Width, Height int
	TextX, TextY        int
	Linked              bool // the dictionary describes it
}

// A DrawnRead lists what a table reads, as text.
type DrawnRead struct {
	Name  string
	Reads []string
}

// Measures of the drawing in pixels. LetterWidth is that of 12-pixel text in a wide font.
const (
	BoxHeight, boxGap = 26, 12
	bendHeight        = 4
	columnGap         = 32
	drawingMargin     = 16
	BandTop           = 40
	LetterWidth       = 7.7
)

// A vertex is a table or a bend.
type vertex struct {
	name     string // "" for a bend
	column   int
	y, rank  float64
	from, to []*vertex
}

func (v *vertex) height() float64 {
	if v.name == "" {
		return bendHeight
	}
	return BoxHeight
}

// draw draws the models and the tables that they read.
func draw(b *graph.Graph) *Drawing {
	columns, bands, all := vertices(b)
	runs := addBends(columns, all)
	reduceCrossings(columns)
	return toPixels(columns, bands, runs, readsInWords(b))
}

// A band is a range of columns with a title.
type band struct {
	title      string
	first, end int
}

// vertices returns the tables by column. A model is in a column of its layer, to the right of what it reads.
func vertices(b *graph.Graph) (columns [][]*vertex, bands []band, all map[string]*vertex) {
	all = map[string]*vertex{}
	depth := map[string]int{}
	levels := map[string]int{}
	for _, n := range b.Order {
		for _, r := range n.Reads {
			table := strings.TrimSuffix(r.Table(), graph.BeforeSuffix)
			of := b.ByName[r.Name]
			switch {
			case r.Kind != graph.ReadModel && r.Kind != graph.ReadBefore:
				all[table] = &vertex{name: table}
			case of.Model.Schema == n.Model.Schema:
				depth[n.Name] = max(depth[n.Name], depth[of.Name]+1)
			}
		}
		levels[n.Model.Schema] = max(levels[n.Model.Schema], depth[n.Name]+1)
	}
	bands = []band{{title: "Bronnen", end: 1}}
	first := map[string]int{}
	for _, layer := range model.Layers {
		first[layer] = bands[len(bands)-1].end
		if levels[layer] > 0 {
			bands = append(bands, band{title: layer, first: first[layer], end: first[layer] + levels[layer]})
		}
	}
	for _, n := range b.Order {
		all[n.Name] = &vertex{name: n.Name, column: first[n.Model.Schema] + depth[n.Name]}
	}
	for _, n := range b.Order {
		to := all[n.Name]
		for _, r := range n.Reads {
			from := all[strings.TrimSuffix(r.Table(), graph.BeforeSuffix)]
			if !slices.Contains(to.from, from) {
				to.from, from.to = append(to.from, from), append(from.to, to)
			}
		}
	}
	columns = make([][]*vertex, bands[len(bands)-1].end)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v := all[name]
		columns[v.column] = append(columns[v.column], v)
	}
	return columns, bands, all
}

// addBends adds a bend in every column that a line passes, and returns each line as a run of vertices.
func addBends(columns [][]*vertex, all map[string]*vertex) (runs [][]*vertex) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		to := all[name]
		froms := to.from
		to.from = nil
		for _, from := range froms {
			from.to = slices.DeleteFunc(from.to, func(v *vertex) bool { return v == to })
			run := []*vertex{from}
			for c := from.column + 1; c < to.column; c++ {
				v := &vertex{column: c}
				columns[c] = append(columns[c], v)
				run = append(run, v)
			}
			run = append(run, to)
			for i := range run[1:] {
				run[i].to, run[i+1].from = append(run[i].to, run[i+1]), append(run[i+1].from, run[i])
			}
			runs = append(runs, run)
		}
	}
	return runs
}

// reduceCrossings orders each column by the mean position of its neighbours, left to right and back.
func reduceCrossings(columns [][]*vertex) {
	stack := func(column []*vertex) {
		y := 0.0
		for _, v := range column {
			v.y = y + v.height()/2
			y += v.height() + boxGap
		}
		for _, v := range column {
			v.y -= y / 2
		}
	}
	sort := func(column []*vertex, neighbours func(*vertex) []*vertex) {
		for _, v := range column {
			v.rank = v.y
			if near := neighbours(v); len(near) > 0 {
				v.rank = 0
				for _, n := range near {
					v.rank += n.y / float64(len(near))
				}
			}
		}
		slices.SortStableFunc(column, func(a, b *vertex) int { return cmp.Compare(a.rank, b.rank) })
		stack(column)
	}
	for _, column := range columns {
		stack(column)
	}
	for range 12 {
		for _, column := range columns[1:] {
			sort(column, func(v *vertex) []*vertex { return v.from })
		}
		for _, column := range slices.Backward(columns[:len(columns)-1]) {
			sort(column, func(v *vertex) []*vertex { return v.to })
		}
	}
}

// readsInWords lists what each model reads, in the order in which models run.
func readsInWords(b *graph.Graph) []DrawnRead {
	var text []DrawnRead
	for _, n := range b.Order {
		r := DrawnRead{Name: n.Name}
		for _, of := range n.Reads {
			r.Reads = append(r.Reads, of.Table())
		}
		slices.Sort(r.Reads)
		text = append(text, r)
	}
	return text
}

// toPixels converts positions to pixels.
func toPixels(columns [][]*vertex, bands []band, runs [][]*vertex, text []DrawnRead) *Drawing {
	top := 0.0
	for _, column := range columns {
		for _, v := range column {
			top = min(top, v.y-v.height()/2)
		}
	}
	d := &Drawing{Text: text}
	lefts, widths := make([]int, len(columns)), make([]int, len(columns))
	x := drawingMargin
	for i, column := range columns {
		width := 60
		for _, v := range column {
			width = max(width, int(float64(len(label(v.name)))*LetterWidth)+20)
		}
		lefts[i], widths[i] = x, width
		x += width + columnGap
		for _, v := range column {
			y := int(v.y-top) + BandTop
			d.Height = max(d.Height, y+BoxHeight/2+drawingMargin)
			if v.name == "" {
				continue
			}
			schema, _, _ := strings.Cut(v.name, ".")
			d.Boxes = append(d.Boxes, DrawnBox{
				Name: v.name, Label: label(v.name), Class: schema, Linked: schema != "meta",
				X: lefts[i], Y: y - BoxHeight/2, Width: width, Height: BoxHeight, TextX: lefts[i] + 10, TextY: y + 5,
			})
		}
	}
	d.Width = x - columnGap + drawingMargin
	d.BandHeight, d.MinWidth = d.Height-12, d.Width*9/10
	for _, b := range bands {
		last := b.end - 1
		d.Bands = append(d.Bands, DrawnBand{
			Title: b.title, X: lefts[b.first] - columnGap/4, Width: lefts[last] + widths[last] - lefts[b.first] + columnGap/2,
			TitleX: lefts[b.first], TextY: BandTop - 18,
		})
	}
	for _, run := range runs {
		d.Lines = append(d.Lines, curve(run, lefts, widths, top))
	}
	return d
}

// label returns the text in a box: without the layer, which the band shows.
func label(name string) string {
	schema, table, _ := strings.Cut(name, ".")
	if slices.Contains(model.Layers, schema) {
		return table
	}
	return name
}

// curve returns an SVG path through a run of vertices. It is level where it passes a column.
func curve(run []*vertex, lefts, widths []int, top float64) string {
	var p strings.Builder
	y := func(v *vertex) int { return int(v.y-top) + BandTop }
	first := run[0]
	fmt.Fprintf(&p, "M%d %d", lefts[first.column]+widths[first.column], y(first))
	for i, v := range run[1:] {
		before := run[i]
		x0, x1 := lefts[before.column]+widths[before.column], lefts[v.column]
		middle := (x0 + x1) / 2
		fmt.Fprintf(&p, "C%d %d %d %d %d %d", middle, y(before), middle, y(v), x1, y(v))
		if v.name == "" {
			fmt.Fprintf(&p, "H%d", lefts[v.column]+widths[v.column])
		}
	}
	return p.String()
}
