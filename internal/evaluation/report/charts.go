package report

import (
	"fmt"
	"html/template"
	"math"

	"crosssum/internal/mining/link"
)

// frame draws two axes with ticks, grid lines and titles, and returns the scales of the plot area.
func frame(c *canvas, xLow, xHigh, yLow, yHigh float64, xTitle, yTitle string) (x, y scale) {
	const left, right, top, bottom = 62, 14, 14, 46
	x = scale{xLow, xHigh, left, c.width - right}
	y = scale{yLow, yHigh, c.height - bottom, top}
	yTicks := ticks(yLow, yHigh, 5)
	for _, t := range yTicks {
		c.line("grid", left, y.at(t), c.width-right, y.at(t))
		c.text("tick", "end", left-8, y.at(t)+4, tickText(t, yTicks))
	}
	xTicks := ticks(xLow, xHigh, 6)
	for _, t := range xTicks {
		c.line("axis", x.at(t), c.height-bottom, x.at(t), c.height-bottom+4)
		c.text("tick", "middle", x.at(t), c.height-bottom+18, tickText(t, xTicks))
	}
	c.line("axis", left, c.height-bottom, c.width-right, c.height-bottom)
	c.text("title", "middle", (left+c.width-right)/2, c.height-8, xTitle)
	c.turned("title", "middle", 14, (top+c.height-bottom)/2, -90, yTitle)
	return x, y
}

// lineChart draws one curve; smooth > 1 adds its moving mean over so many points as the bold line.
func lineChart(label, xTitle, yTitle string, xs, ys []float64, smooth int, fromZero bool) template.HTML {
	c := newCanvas(480, 270, label)
	low, high := bounds(ys)
	if fromZero {
		low = math.Min(low, 0)
	}
	pad := (high - low) * 0.06
	if high == low {
		pad = math.Abs(high) * 0.1
	}
	if high == low && high == 0 {
		pad = 1
	}
	if !fromZero {
		low -= pad
	}
	xLow, xHigh := bounds(xs)
	x, y := frame(c, math.Min(xLow, 0), xHigh, low, high+pad, xTitle, yTitle)
	px, py, mean := make([]float64, len(xs)), make([]float64, len(xs)), make([]float64, len(xs))
	sum := 0.0
	for i := range xs {
		px[i], py[i] = x.at(xs[i]), y.at(ys[i])
		sum += ys[i]
		if i >= smooth {
			sum -= ys[i-smooth]
		}
		mean[i] = y.at(sum / float64(min(i+1, max(smooth, 1))))
	}
	if smooth > 1 {
		c.path("curve thin", px, py)
		c.path("curve", px, mean)
	} else {
		c.path("curve", px, py)
	}
	return c.html()
}

func bounds(v []float64) (low, high float64) {
	if len(v) == 0 {
		return 0, 1
	}
	low, high = v[0], v[0]
	for _, x := range v {
		low, high = math.Min(low, x), math.Max(high, x)
	}
	return low, high
}

// histogramChart draws the contenders' scores with the threshold; bins hold from <= value < to. Heights are on a square
// root scale, since the mass far from the threshold would hide what lies near it.
func histogramChart(h link.Histogram) template.HTML {
	c := newCanvas(760, 280, "Histogram of the "+h.Measure+" of candidate pairs with the accepting threshold")
	if len(h.Bins) == 0 {
		return ""
	}
	most := int64(1)
	for _, b := range h.Bins {
		most = max(most, b.Pairs)
	}
	low, high := math.Min(h.Bins[0].From, h.Threshold-0.02), math.Max(h.Bins[len(h.Bins)-1].To, h.Threshold+0.02)
	const left, right, top, bottom = 62, 14, 26, 46
	x := scale{low, high, left, c.width - right}
	y := scale{0, math.Sqrt(float64(most)), c.height - bottom, top}
	for _, t := range rootTicks(most) {
		at := y.at(math.Sqrt(float64(t)))
		c.line("grid", left, at, c.width-right, at)
		c.text("tick", "end", left-8, at+4, count(t))
	}
	for _, b := range h.Bins {
		tip := fmt.Sprintf("%s %.3f to %.3f: %s pairs, %s accepted", h.Measure, b.From, b.To, count(b.Pairs), count(b.Accepted))
		x0, x1 := x.at(b.From), x.at(b.To)
		all, accepted := y.at(math.Sqrt(float64(b.Pairs))), y.at(math.Sqrt(float64(b.Accepted)))
		if b.Accepted < b.Pairs {
			c.rect("bar below", x0+0.5, all, x1-x0-1, accepted-all, tip)
		}
		if b.Accepted > 0 {
			c.rect("bar above", x0+0.5, accepted, x1-x0-1, c.height-bottom-accepted, tip)
		}
	}
	xTicks := ticks(low, high, 8)
	for _, t := range xTicks {
		c.text("tick", "middle", x.at(t), c.height-bottom+18, tickText(t, xTicks))
	}
	c.line("axis", left, c.height-bottom, c.width-right, c.height-bottom)
	c.line("threshold", x.at(h.Threshold), top-6, x.at(h.Threshold), c.height-bottom)
	anchor, dx := "start", 6.0
	if x.at(h.Threshold) > c.width*0.7 {
		anchor, dx = "end", -6
	}
	c.text("note", anchor, x.at(h.Threshold)+dx, top+2, fmt.Sprintf("threshold %.4g", h.Threshold))
	c.text("title", "middle", (left+c.width-right)/2, c.height-8, h.Measure+" of a candidate pair")
	c.turned("title", "middle", 14, (top+c.height-bottom)/2, -90, "pairs (square-root scale)")
	return c.html()
}

// rootTicks are 1, 2, 5 times powers of ten that stand apart on a square root scale up to most.
func rootTicks(most int64) []int64 {
	var out []int64
	last := math.Inf(1)
	for power := int64(1); power <= most && power < 1e15; power *= 10 {
		for _, m := range []int64{1, 2, 5} {
			out = append(out, m*power)
		}
	}
	kept := []int64{0}
	for i := len(out) - 1; i >= 0; i-- {
		r := math.Sqrt(float64(out[i]) / float64(most))
		if out[i] <= most && last-r >= 0.14 && r >= 0.1 {
			kept, last = append(kept, out[i]), r
		}
	}
	return kept
}

// barRow is one pair of bars: the model and the lead sentence.
type barRow struct {
	name        string
	model, lead float64
	n           int
	floor       float64 // a tick across the bars; below 0: none
}

// barsChart draws horizontal bars, model above lead, one row a pair.
func barsChart(label, unit string, rows []barRow) template.HTML {
	if len(rows) == 0 {
		return ""
	}
	longest := 0
	high := 1.0
	for _, r := range rows {
		longest = max(longest, len([]rune(r.name)))
		high = math.Max(high, math.Max(r.model, math.Max(r.lead, r.floor)))
	}
	const rowHeight, top, bottom = 24, 8, 40
	left := math.Min(float64(longest)*6.5+16, 240)
	c := newCanvas(520, top+float64(len(rows))*rowHeight+bottom, label)
	x := scale{0, high * 1.08, left, c.width - 44}
	xTicks := ticks(0, high*1.05, 5)
	base := c.height - bottom
	for _, t := range xTicks {
		c.line("grid", x.at(t), top, x.at(t), base)
		c.text("tick", "middle", x.at(t), base+17, tickText(t, xTicks))
	}
	for i, r := range rows {
		y := top + float64(i)*rowHeight
		c.text("name", "end", left-8, y+15, r.name)
		c.rect("bar model", left, y+4, x.at(math.Max(r.model, 0))-left, 9, fmt.Sprintf("%s: model %.2f, %d samples", r.name, r.model, r.n))
		c.rect("bar lead", left, y+13, x.at(math.Max(r.lead, 0))-left, 5, fmt.Sprintf("%s: lead sentence %.2f", r.name, r.lead))
		if r.floor >= 0 {
			c.line("threshold", x.at(r.floor), y+2, x.at(r.floor), y+20)
		}
		c.text("tick", "start", x.at(math.Max(math.Max(r.model, r.lead), r.floor))+6, y+14, fmt.Sprintf("%.1f", r.model))
	}
	c.line("axis", left, top, left, base)
	c.text("title", "middle", (left+c.width-44)/2, c.height-5, unit)
	return c.html()
}
