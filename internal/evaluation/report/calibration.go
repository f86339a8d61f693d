package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"crosssum/schemas"
)

//go:embed calibration.html
var calibrationText string

var calibrationPage = template.Must(template.New("calibration").Funcs(template.FuncMap{
	"count": count, "number": func(n int) string { return count(int64(n)) }, "share": share, "right": func(b schemas.ReliabilityBin) string { return share(float64(b.Right) / float64(b.Pairs)) }, "estimate": estimate, "at": threshold, "percent": func(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) },
}).Parse(calibrationText))

// tableRows is how many thresholds a table shows at most, those that are advised besides.
const tableRows = 26

// RenderCalibration writes the page of a calibration.
func RenderCalibration(w io.Writer, c schemas.Calibration) error {
	all := func(p schemas.Point) schemas.Curve { return p.All }
	english := func(p schemas.Point) schemas.Curve { return p.English }
	v := struct {
		schemas.Calibration
		Style                                   template.CSS
		Curve, EnglishCurve, Thresholds, Growth template.HTML
		Said                                    []string
		Rows                                    []schemas.Point
		HasEnglish                              bool
		Good                                    int
	}{Calibration: c, Style: template.CSS(style), Said: said(c), Rows: rows(c), HasEnglish: hasEnglish(c), Good: good(c)}
	v.Curve, v.EnglishCurve = curveChart(c, "all pairs of languages", all), curveChart(c, "English with nine others", english)
	v.Thresholds, v.Growth = thresholdChart(c), growthChart(c)
	return calibrationPage.Execute(w, v)
}

func hasEnglish(c schemas.Calibration) bool { return len(c.Points) > 0 && c.Points[0].English.Gold > 0 }

// CalibrationTable is a calibration for a terminal.
func CalibrationTable(c schemas.Calibration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "rule %s, encoder %s, crawl %s: %s articles in %d languages, %s of them in the gold; %s clusters resampled %s times\n\n",
		c.Rule, c.Encoder, c.Crawl, count(int64(c.Articles)), c.Languages, count(c.Judged), count(int64(c.Clusters)), count(int64(c.Resamples)))
	fmt.Fprintf(&b, "%9s %8s  %-19s %-19s %5s  %-11s  %-9s  %s\n", c.Measure, "pairs", "precision (95 %)", "recall (95 %)", "F1", "by key", "largest", "English: precision, recall")
	for _, p := range rows(c) {
		a, e := p.All, p.English
		fmt.Fprintf(&b, "%9s %8s  %-19s %-19s %5s  %s / %s  %7.1f %%", threshold(p.Threshold), count(a.Pairs), estimate(a.Precision, a.Judged), estimate(a.Recall, a.Gold),
			short(a.F1), share(a.KeyPrecision.Value), share(a.KeyRecall.Value), 100*p.Largest)
		if e.Gold > 0 {
			fmt.Fprintf(&b, "  %s  %s", estimate(e.Precision, e.Judged), estimate(e.Recall, e.Gold))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, line := range said(c) {
		b.WriteString(line + "\n")
	}
	b.WriteString(reliable(c))
	return b.String()
}

// worstShown is how many pairs of languages a terminal is shown.
const worstShown = 10

// reliable says how far the probabilities of the rule "evidence" are true, and what becomes of the large pairs of languages.
func reliable(c schemas.Calibration) string {
	var b strings.Builder
	for i, r := range c.Reliability {
		if i == 0 {
			b.WriteString("\nprobability and share that is right (pairs), by the articles of the smaller language:\n")
		}
		fmt.Fprintf(&b, "  %-24s", r.Group)
		for _, bin := range r.Bins {
			fmt.Fprintf(&b, "  %s %s (%s)", short(bin.Probability), short(float64(bin.Right)/float64(bin.Pairs)), count(bin.Pairs))
		}
		b.WriteString("\n")
	}
	if len(c.ByLanguages) == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "\nAt the wanted precision %d of %d pairs of languages with %d known pairs have precision %s at recall %s. The others:\n", good(c),
		len(c.ByLanguages), schemas.LargePair, short(schemas.GoodPrecision), short(schemas.GoodRecall))
	for i, l := range c.ByLanguages {
		if l.Good() || i == worstShown {
			if bad := len(c.ByLanguages) - good(c); bad > worstShown {
				fmt.Fprintf(&b, "  and %d more\n", bad-worstShown)
			}
			break
		}
		fmt.Fprintf(&b, "  %s, %s: precision %s, recall %s; %s\n", l.Source, l.Target, short(l.Precision), short(l.Recall), because(l))
	}
	return b.String()
}

// good counts the pairs of languages that are as they should be.
func good(c schemas.Calibration) (n int) {
	for _, l := range c.ByLanguages {
		if l.Good() {
			n++
		}
	}
	return n
}

// because says why a pair of languages is not as it should be.
func because(l schemas.LanguagesAtCut) string {
	var why []string
	if l.Precision < schemas.GoodPrecision {
		why = append(why, "wrong are mostly "+l.Wrong)
	}
	if l.Recall < schemas.GoodRecall {
		why = append(why, "missed are mostly "+l.Missed)
	}
	return strings.Join(why, ", ")
}

// said puts the advice in words.
func said(c schemas.Calibration) []string {
	var out []string
	for _, a := range c.Advice {
		if a.Pairs == "english" && !hasEnglish(c) {
			continue
		}
		what, pairs := "precision", "All pairs"
		if a.LowerBound {
			what = "the lower end of its interval"
		}
		if a.Pairs == "english" {
			pairs = "English with the nine largest others"
		}
		i := slices.IndexFunc(c.Points, func(p schemas.Point) bool { return p.Threshold == a.Threshold })
		switch {
		case a.Reached && i >= 0:
			p, curve := c.Points[i], c.Points[i].All
			if a.Pairs == "english" {
				curve = p.English
			}
			out = append(out, fmt.Sprintf("%s: %s reaches %s from %s on: recall %s, %s pairs, largest component %.1f %% of the articles", pairs, what,
				short(c.Precision), threshold(a.Threshold), short(curve.Recall.Value), count(curve.Pairs), 100*p.Largest))
		case a.Best > 0:
			out = append(out, fmt.Sprintf("%s: %s never reaches %s; the best is %s at %s", pairs, what, short(c.Precision), share(a.Best), threshold(a.Threshold)))
		default:
			out = append(out, fmt.Sprintf("%s: no accepted pair can be judged", pairs))
		}
	}
	return out
}

// shown leaves out the thresholds that hardly a pair reaches: there is nothing but noise there.
func shown(c schemas.Calibration) []schemas.Point {
	most := int64(0)
	for _, p := range c.Points {
		most = max(most, p.All.Pairs)
	}
	return slices.DeleteFunc(slices.Clone(c.Points), func(p schemas.Point) bool { return p.All.Pairs*100 < most })
}

// rows are the points for a table: those at rounder thresholds, and those advised.
func rows(c schemas.Calibration) []schemas.Point {
	points := c.Points
	if len(points) == 0 {
		return nil
	}
	step := 0.0
	if len(points) > 1 {
		step = points[1].Threshold - points[0].Threshold
	}
	every := 1.0
	for i := 0; float64(len(points))/every > tableRows; i++ {
		every = math.Pow(10, float64(i/3)) * []float64{2, 5, 10}[i%3]
	}
	plotted := shown(c)
	var out []schemas.Point
	for _, p := range points {
		n := math.Round(p.Threshold / max(step, 1e-12) / every)
		round := step == 0 || math.Abs(n*every*step-p.Threshold) < step/2
		advised := slices.ContainsFunc(c.Advice, func(a schemas.Advice) bool { return a.Threshold == p.Threshold && a.Best > 0 })
		if advised || round && slices.Contains(plotted, p) {
			out = append(out, p)
		}
	}
	return out
}

// curveChart draws precision over recall with its interval, and writes thresholds beside the curve.
func curveChart(c schemas.Calibration, name string, of func(schemas.Point) schemas.Curve) template.HTML {
	var xs, ys, low, high, at []float64
	for _, p := range shown(c) {
		if v := of(p); v.Judged > 0 && v.Gold > 0 {
			xs, ys, at = append(xs, v.Recall.Value), append(ys, v.Precision.Value), append(at, p.Threshold)
			low, high = append(low, v.Precision.Low), append(high, v.Precision.High)
		}
	}
	if len(xs) == 0 {
		return ""
	}
	bottom, _ := bounds(low)
	canvas := newCanvas(480, 330, "Precision over recall by threshold, "+name)
	x, y := frame(canvas, 0, 1, math.Floor(bottom*20)/20, 1.005, "recall", "precision")
	band(canvas, x, y, xs, low, high)
	if c.Precision > y.low {
		canvas.line("wanted", x.from, y.at(c.Precision), x.to, y.at(c.Precision))
	}
	canvas.path("curve", mapped(x, xs), mapped(y, ys))
	lastX, lastY := math.Inf(1), math.Inf(1)
	for i := range xs {
		px, py := x.at(xs[i]), y.at(ys[i])
		if math.Hypot(px-lastX, py-lastY) < 46 || px > x.to-4 {
			continue
		}
		lastX, lastY = px, py
		canvas.circle("point", px, py, 3, fmt.Sprintf("threshold %s: precision %s, recall %s", threshold(at[i]), share(ys[i]), share(xs[i])))
		canvas.text("tick", "end", px-6, py+14, threshold(at[i]))
	}
	return canvas.html()
}

// thresholdChart draws precision and recall over the threshold, with their intervals and the advised thresholds.
func thresholdChart(c schemas.Calibration) template.HTML {
	var xs []float64
	var p, r [3][]float64 // low, value, high
	for _, point := range shown(c) {
		if v := point.All; v.Judged > 0 {
			xs = append(xs, point.Threshold)
			for i, e := range [2]schemas.Estimate{v.Precision, v.Recall} {
				list := [2]*[3][]float64{&p, &r}[i]
				list[0], list[1], list[2] = append(list[0], e.Low), append(list[1], e.Value), append(list[2], e.High)
			}
		}
	}
	if len(xs) == 0 {
		return ""
	}
	canvas := newCanvas(760, 300, "Precision and recall by threshold")
	x, y := frame(canvas, xs[0], max(xs[len(xs)-1], xs[0]+1e-6), 0, 1.02, "threshold ("+c.Measure+")", "share")
	band(canvas, x, y, xs, p[0], p[2])
	band(canvas, x, y, xs, r[0], r[2])
	canvas.path("curve", mapped(x, xs), mapped(y, p[1]))
	canvas.path("curve second", mapped(x, xs), mapped(y, r[1]))
	last := len(xs) * 4 / 5
	canvas.text("tick", "middle", x.at(xs[last]), y.at(p[1][last])+18, "precision")
	canvas.text("tick", "middle", x.at(xs[last]), y.at(r[1][last])-10, "recall")
	for i, a := range c.Advice {
		if a.Pairs == "all" && a.Reached && a.Threshold <= xs[len(xs)-1] {
			canvas.line("threshold", x.at(a.Threshold), y.to, x.at(a.Threshold), y.from)
			canvas.text("note", "start", x.at(a.Threshold)+5, y.from-12-15*float64(1-i%2), threshold(a.Threshold)+map[bool]string{true: " (lower end)"}[a.LowerBound])
		}
	}
	return canvas.html()
}

// growthChart draws the share of the largest component over the threshold.
func growthChart(c schemas.Calibration) template.HTML {
	if len(c.Points) == 0 {
		return ""
	}
	var xs, ys []float64
	for _, p := range shown(c) {
		xs, ys = append(xs, p.Threshold), append(ys, p.Largest)
	}
	_, high := bounds(ys)
	canvas := newCanvas(760, 220, "Share of the largest component by threshold")
	x, y := frame(canvas, xs[0], max(xs[len(xs)-1], xs[0]+1e-6), 0, math.Max(high*1.05, 0.01), "threshold ("+c.Measure+")", "largest component")
	canvas.path("curve", mapped(x, xs), mapped(y, ys))
	return canvas.html()
}

// band fills what lies between low and high.
func band(c *canvas, x, y scale, xs, low, high []float64) {
	px, py := mapped(x, xs), mapped(y, high)
	for i := len(xs) - 1; i >= 0; i-- {
		px, py = append(px, x.at(xs[i])), append(py, y.at(low[i]))
	}
	c.path("band", px, py)
}

func mapped(s scale, values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = s.at(v)
	}
	return out
}

// threshold writes a threshold with the three decimals that cards have, and more only where it has more.
func threshold(x float64) string {
	s := strings.TrimRight(fmt.Sprintf("%.9f", x), "0")
	if point := strings.IndexByte(s, '.'); len(s)-point < 4 {
		return fmt.Sprintf("%.3f", x)
	}
	return s
}

// share writes .9663 as 0.966; short without the leading zero.
func share(x float64) string { return fmt.Sprintf("%.3f", x) }

func short(x float64) string { return strings.TrimPrefix(share(x), "0") }

// estimate writes a share with its interval; nothing to divide by is a dash.
func estimate(e schemas.Estimate, of int64) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%s–%s)", short(e.Value), short(e.Low), short(e.High))
}
