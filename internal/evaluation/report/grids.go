package report

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"sort"

	"crosssum/internal/mining/gold"
)

// gridSize of cells: fewer languages get larger cells.
func gridSize(languages int) float64 {
	switch {
	case languages <= 14:
		return 30
	case languages <= 28:
		return 23
	case languages <= 48:
		return 17
	}
	return 13
}

// places are the languages by the samples of their pairs, largest first, ties by name, and where each stands among them.
func places(weight map[string]int64) (names []string, place map[string]int) {
	names = slices.SortedFunc(maps.Keys(weight), func(a, b string) int { return cmp.Or(cmp.Compare(weight[b], weight[a]), cmp.Compare(a, b)) })
	place = map[string]int{}
	for i, n := range names {
		place[n] = i
	}
	return names, place
}

// grid draws the lines and names of a square of languages and returns the centre of a cell.
func grid(c *canvas, names []string, left, top, cell float64, xTitle, yTitle string) func(column, row int) (x, y float64) {
	side, size := cell*float64(len(names)), "name"
	if cell < 17 {
		size = "name small"
	}
	for i, name := range names {
		x := left + (float64(i)+0.5)*cell
		c.line("grid", x, top, x, top+side)
		c.turned(size, "start", x+4, top-8, -58, name)
	}
	for i, name := range names {
		y := top + (float64(i)+0.5)*cell
		c.line("grid", left, y, left+side, y)
		c.text(size, "end", left-8, y+4, name)
	}
	c.text("title", "middle", left+side/2, 16, xTitle)
	c.turned("title", "middle", 14, top+side/2, -90, yTitle)
	return func(column, row int) (float64, float64) {
		return left + (float64(column)+0.5)*cell, top + (float64(row)+0.5)*cell
	}
}

// margins leave room for the names of languages.
func margins(names []string) (left, top float64) {
	longest := 0
	for _, n := range names {
		longest = max(longest, len([]rune(n)))
	}
	return float64(longest)*6.8 + 38, float64(longest)*5.8 + 40
}

// bubbleChart places every directed pair by source (x) and target (y); a bubble's area is its number of samples.
func bubbleChart(pairs []PairSize, lowBelow, midBelow int) template.HTML {
	if len(pairs) == 0 {
		return ""
	}
	weight := map[string]int64{}
	most := int64(1)
	for _, p := range pairs {
		weight[p.Source] += p.Samples
		weight[p.Target] += p.Samples
		most = max(most, p.Samples)
	}
	names, place := places(weight)
	cell := gridSize(len(names))
	left, top := margins(names)
	side := cell * float64(len(names))
	c := newCanvas(left+side+math.Max(130, top*0.62), math.Max(top+side+20, top+190), "Samples of every directed pair of languages")
	at := grid(c, names, left, top, cell, "source language", "target language")
	radius := func(n int64) float64 { return math.Max(1.1, cell*0.54*math.Sqrt(float64(n)/float64(most))) }
	order := append([]PairSize(nil), pairs...)
	sort.SliceStable(order, func(i, j int) bool { return order[i].Samples > order[j].Samples })
	for _, p := range order {
		x, y := at(place[p.Source], place[p.Target])
		c.circle("bubble "+class(p.Samples, lowBelow, midBelow), x, y, radius(p.Samples),
			fmt.Sprintf("%s → %s: %s samples (%s)", p.Source, p.Target, count(p.Samples), class(p.Samples, lowBelow, midBelow)))
	}
	x := left + side + 28
	c.text("title", "start", x-8, top+4, "samples")
	for i, n := range legendSizes(most) {
		y := top + 28 + float64(i)*32
		c.circle("bubble none", x+8, y, radius(n), "")
		c.text("tick", "start", x+30, y+4, count(n))
	}
	return c.html()
}

func legendSizes(most int64) []int64 {
	power := int64(math.Pow(10, math.Floor(math.Log10(float64(most)))))
	sizes := []int64{most / power * power}
	for _, d := range []int64{4, 20, 100} {
		if n := sizes[0] / d; n >= 1 {
			sizes = append(sizes, n)
		}
	}
	return sizes
}

// class of a pair by its number of samples.
func class(samples int64, lowBelow, midBelow int) string {
	switch {
	case samples < int64(lowBelow):
		return "low"
	case samples < int64(midBelow):
		return "mid"
	}
	return "high"
}

// heatChart shows precision and recall of the alignment for every unordered pair: recall above the diagonal, precision
// below, by shade.
func heatChart(pairs []gold.LanguagePair) template.HTML {
	if len(pairs) == 0 {
		return ""
	}
	weight := map[string]int64{}
	for _, p := range pairs {
		weight[p.Source] += p.ByClass.Gold
		weight[p.Target] += p.ByClass.Gold
	}
	names, place := places(weight)
	cell := gridSize(len(names))
	left, top := margins(names)
	side := cell * float64(len(names))
	const step = 70 // of the legend
	c := newCanvas(math.Max(left+side+top*0.62, left+7*step+30), top+side+54, "Precision and recall of the alignment by pair of languages")
	at := grid(c, names, left, top, cell, "recall above the diagonal", "precision below the diagonal")
	for _, p := range pairs {
		i, j := place[p.Source], place[p.Target]
		if i < j {
			i, j = j, i
		}
		tip := fmt.Sprintf("%s, %s: precision %.3f, recall %.3f, %s gold pairs", p.Source, p.Target, p.ByClass.Precision, p.ByClass.Recall, count(p.ByClass.Gold))
		x, y := at(i, j)
		c.rect("heat "+shade(p.ByClass.Recall, p.ByClass.Gold), x-cell/2+0.7, y-cell/2+0.7, cell-1.4, cell-1.4, tip)
		x, y = at(j, i)
		c.rect("heat "+shade(p.ByClass.Precision, p.ByClass.Accepted-p.ByClass.Neither), x-cell/2+0.7, y-cell/2+0.7, cell-1.4, cell-1.4, tip)
	}
	y := top + side + 24
	for i, s := range []string{"below 0.5", "0.5", "0.8", "0.9", "0.95", "0.98 to 1", "nothing to judge"} {
		x, class := left+float64(i)*step, fmt.Sprintf("heat h%d", i)
		if i == 6 {
			class = "heat h9"
		}
		c.rect(class, x, y, step-4, 10, "")
		c.text("tick", "start", x, y+24, s)
	}
	return c.html()
}

// shade is the class of a value's step; h9 where there is nothing to judge.
func shade(v float64, n int64) string {
	if n == 0 {
		return "h9"
	}
	step := 0
	for i, low := range []float64{0.5, 0.8, 0.9, 0.95, 0.98} {
		if v >= low {
			step = i + 1
		}
	}
	return fmt.Sprintf("h%d", step)
}
