package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// canvas collects the elements of one inline SVG. Coordinates are CSS pixels at natural size; colours come from the
// page's style sheet by class, so that a chart follows light and dark.
type canvas struct {
	b             strings.Builder
	width, height float64
	label         string // what a screen reader says
}

func newCanvas(width, height float64, label string) *canvas {
	return &canvas{width: width, height: height, label: label}
}

// html is the finished chart.
func (c *canvas) html() template.HTML {
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-label="%s">%s</svg>`,
		px(c.width), px(c.height), px(c.width), px(c.height), html.EscapeString(c.label), c.b.String()))
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, px(x1), px(y1), px(x2), px(y2))
}

func (c *canvas) rect(class string, x, y, w, h float64, title string) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s">%s</rect>`, class, px(x), px(y), px(math.Max(w, 0)), px(math.Max(h, 0)), tip(title))
}

func (c *canvas) circle(class string, x, y, r float64, title string) {
	fmt.Fprintf(&c.b, `<circle class="%s" cx="%s" cy="%s" r="%s">%s</circle>`, class, px(x), px(y), strconv.FormatFloat(r, 'f', 2, 64), tip(title))
}

// text is anchored at "start", "middle" or "end".
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	fmt.Fprintf(&c.b, `<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, px(x), px(y), html.EscapeString(s))
}

// turned is text rotated by degrees around its anchor.
func (c *canvas) turned(class, anchor string, x, y, degrees float64, s string) {
	fmt.Fprintf(&c.b, `<text class="%s" text-anchor="%s" transform="translate(%s %s) rotate(%s)">%s</text>`, class, anchor, px(x), px(y), px(degrees), html.EscapeString(s))
}

// path joins points with straight lines.
func (c *canvas) path(class string, xs, ys []float64) {
	var d strings.Builder
	for i := range xs {
		d.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + px(xs[i]) + " " + px(ys[i]))
	}
	fmt.Fprintf(&c.b, `<path class="%s" d="%s"/>`, class, d.String())
}

func tip(s string) string {
	if s == "" {
		return ""
	}
	return "<title>" + html.EscapeString(s) + "</title>"
}

func px(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		x = 0
	}
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
}

// ticks are round numbers (1, 2 or 5 times a power of ten apart) within [low, high], about n of them.
func ticks(low, high float64, n int) []float64 {
	if !(high > low) || n < 1 {
		return []float64{low}
	}
	raw := (high - low) / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step := power
	for _, m := range []float64{1, 2, 5, 10} {
		if step = m * power; step >= raw {
			break
		}
	}
	var out []float64
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
		out = append(out, i*step+0) // + 0: never minus zero
	}
	return out
}

// tickText writes a tick with as many decimals as its neighbours need.
func tickText(x float64, all []float64) string {
	step := math.Abs(x)
	if len(all) > 1 {
		step = all[1] - all[0]
	}
	switch {
	case step == 0:
		return "0"
	case x != 0 && math.Abs(x) < 1e-3:
		return strconv.FormatFloat(x, 'e', 0, 64)
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	if decimals == 0 {
		return count(int64(math.Round(x)))
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// count writes an integer with commas between thousands.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// scale maps [low, high] to [from, to] on the page.
type scale struct{ low, high, from, to float64 }

func (s scale) at(x float64) float64 {
	if s.high == s.low {
		return s.from
	}
	return s.from + (x-s.low)/(s.high-s.low)*(s.to-s.from)
}
