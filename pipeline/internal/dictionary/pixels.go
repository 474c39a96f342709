package dictionary

import (
	"fmt"
	"slices"
	"strings"

	"inbeeld/sql/model"
)

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
