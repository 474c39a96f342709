package pipeline

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"inbeeld/sql"
)

// A Drawing shows which table is made from which, from left to right: sources, staging, core, marts.
// Lengths are in pixels at its natural size.
type Drawing struct {
	Width, Height int
	BandHeight    int
	MinWidth      int // at which its text can still be read
	Bands         []DrawnBand
	Boxes         []DrawnBox
	Lines         []string // paths in the notation of SVG
	Text          []DrawnRead
}

// A DrawnBand is the part of the drawing with one kind of table.
type DrawnBand struct {
	Title                   string
	X, Width, TitleX, TextY int
}

// A DrawnBox is a table. Class is its schema.
type DrawnBox struct {
	Name, Label, Class  string
	X, Y, Width, Height int
	TextX, TextY        int
	Linked              bool // the dictionary has a place for it
}

// A DrawnRead says in words what the lines say.
type DrawnRead struct {
	Name  string
	Reads []string
}

const (
	boxHeight, boxGap = 26, 12
	bendHeight        = 4 // room for a line that passes a column
	columnGap         = 32
	drawingMargin     = 16
	bandTop           = 40
	letterWidth       = 7.7 // of text of 12 pixels in a wide font
)

// A vertex is a table, or the place where a line passes a column.
type vertex struct {
	name     string // "" for a passing line
	column   int
	y, place float64
	from, to []*vertex
}

func (v *vertex) height() float64 {
	if v.name == "" {
		return bendHeight
	}
	return boxHeight
}

// draw lays out the tables that models read, and the models.
func (b *Bound) draw() *Drawing {
	columns, bands, all := b.vertices()
	edges := bend(columns, all)
	untangle(columns)
	return picture(columns, bands, edges, b.readsInWords())
}

// A band is a range of columns with a title.
type band struct {
	title      string
	first, end int
}

// vertices gives the tables by column; a model stands in a column of its layer, right of what it reads.
func (b *Bound) vertices() (columns [][]*vertex, bands []band, all map[string]*vertex) {
	all = map[string]*vertex{}
	depth := map[string]int{}
	levels := map[string]int{}
	for _, n := range b.order {
		for _, r := range n.reads {
			table := strings.TrimSuffix(r.table(), beforeSuffix)
			of := b.nodes[r.name]
			switch {
			case r.kind != readModel && r.kind != readBefore:
				all[table] = &vertex{name: table}
			case of.model.Schema == n.model.Schema:
				depth[n.name] = max(depth[n.name], depth[of.name]+1)
			}
		}
		levels[n.model.Schema] = max(levels[n.model.Schema], depth[n.name]+1)
	}
	bands = []band{{title: "Bronnen", end: 1}}
	first := map[string]int{}
	for _, layer := range sql.Layers {
		first[layer] = bands[len(bands)-1].end
		if levels[layer] > 0 {
			bands = append(bands, band{title: layer, first: first[layer], end: first[layer] + levels[layer]})
		}
	}
	for _, n := range b.order {
		all[n.name] = &vertex{name: n.name, column: first[n.model.Schema] + depth[n.name]}
	}
	for _, n := range b.order {
		to := all[n.name]
		for _, r := range n.reads {
			from := all[strings.TrimSuffix(r.table(), beforeSuffix)]
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

// bend lets each line stop in every column that it passes, and gives the lines as runs of vertices.
func bend(columns [][]*vertex, all map[string]*vertex) (edges [][]*vertex) {
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
			edges = append(edges, run)
		}
	}
	return edges
}

// untangle orders each column by the middle of its neighbours, there and back, so that few lines cross.
func untangle(columns [][]*vertex) {
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
			v.place = v.y
			if near := neighbours(v); len(near) > 0 {
				v.place = 0
				for _, n := range near {
					v.place += n.y / float64(len(near))
				}
			}
		}
		slices.SortStableFunc(column, func(a, b *vertex) int { return cmp.Compare(a.place, b.place) })
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

// readsInWords says what each model reads, in the order in which they are made.
func (b *Bound) readsInWords() []DrawnRead {
	var text []DrawnRead
	for _, n := range b.order {
		r := DrawnRead{Name: n.name}
		for _, of := range n.reads {
			r.Reads = append(r.Reads, of.table())
		}
		slices.Sort(r.Reads)
		text = append(text, r)
	}
	return text
}
