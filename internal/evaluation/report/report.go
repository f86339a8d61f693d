package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"sort"
	"strings"

	"crosssum/internal/evaluation/metric"
	"crosssum/schemas"
)

//go:embed page.html
var pageText string

//go:embed style.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": count, "num": func(x float64) string { return fmt.Sprintf("%.2f", x) },
	"share":  func(x float64) string { return fmt.Sprintf("%.3f", x) },
	"fine":   func(x float32) string { return fmt.Sprintf("%.4f", x) },
	"spaced": func(name string) string { return strings.ReplaceAll(name, "_", " ") },
	"short":  func(s string) string { return s[:min(len(s), 12)] },
	"secs":   seconds, "clip": clip, "code": code, "float": func(x float64) string { return fmt.Sprintf("%.4g", x) },
}).Parse(pageText))

// view is Data with what the template cannot compute.
type view struct {
	Data
	Style                                     template.CSS
	Tiles                                     []tile
	Bubbles, Heat, Scores1, Scores2           template.HTML
	Hist, Loss, Rate                          template.HTML
	ValidationLoss, ValidationRouge           template.HTML
	Classes                                   []classCount
	Largest, Rest                             []metric.Group
	Totals                                    []total
	Params                                    string
	NotGeneratedSamples, NotGeneratedComplete int64
	SampleRows                                []sampleRow
	HasProvisional                            bool
	HygieneSum                                Hygiene
	StageSeconds                              float64
}

type tile struct{ Name, Value, Note string }

type classCount struct {
	Class, Bounds  string
	Pairs, Samples int64
}

type total struct {
	Name string
	metric.Group
}

type sampleRow struct {
	schemas.ScoredRow
	Source                 string
	SourceCode, TargetCode string
}

// topPairs is how many pairs the bars show; the table below them has all.
const topPairs = 24

// Render writes the page.
func Render(w io.Writer, d Data) error {
	v := view{Data: d, Style: template.CSS(style), Tiles: tiles(d)}
	v.Bubbles = bubbleChart(d.Pairs, d.Params.Report.LowBelow, d.Params.Report.MidBelow)
	v.Classes = classes(d)
	v.Hist = histogramChart(d.Histogram)
	if d.Alignment != nil {
		v.Heat = heatChart(d.Alignment.Pairs)
	}
	if n := len(d.Training); n > 0 {
		steps, loss, rate := make([]float64, n), make([]float64, n), make([]float64, n)
		for i, s := range d.Training {
			steps[i], loss[i], rate[i] = float64(s.Step), s.Loss, s.LearningRate
		}
		v.Loss = lineChart("Training loss by step", "step", "loss (nats a token, label-smoothed)", steps, loss, max(1, n/25), false)
		v.Rate = lineChart("Learning rate by step", "step", "learning rate", steps, rate, 1, true)
	}
	if n := len(d.Validations); n > 0 {
		steps, loss, rouge := make([]float64, n), make([]float64, n), make([]float64, n)
		for i, s := range d.Validations {
			steps[i], loss[i], rouge[i] = float64(s.Step), s.Loss, s.Rouge2
		}
		v.ValidationLoss = lineChart("Validation loss by step", "step", "validation loss (nats a token)", steps, loss, 1, false)
		v.ValidationRouge = lineChart("ROUGE-2 of validations by step", "step", "ROUGE-2 of greedy summaries", steps, rouge, 1, true)
	}
	if d.Scores != nil {
		v.scores(*d.Scores)
	}
	for _, m := range d.NotGenerated {
		v.NotGeneratedSamples += m.NotGenerated
		if m.Generated == 0 {
			v.NotGeneratedComplete++
		}
	}
	for _, s := range d.Stages {
		v.StageSeconds += s.Seconds
	}
	v.HygieneSum = sum(d.Hygiene)
	for i, r := range d.Samples {
		v.SampleRows = append(v.SampleRows, sampleRow{r, d.Sources[i], code(r.SourceLanguage), code(r.TargetLanguage)})
	}
	params, err := json.MarshalIndent(d.Params, "", "  ")
	if err != nil {
		return err
	}
	v.Params = string(params)
	return page.Execute(w, v)
}

func (v *view) scores(s metric.Summary) {
	v.Totals = []total{{"cross-lingual", s.CrossLingual}, {"in-language", s.InLanguage}, {"all samples", s.All}}
	groups := append([]metric.Group(nil), s.Pairs...)
	sort.SliceStable(groups, func(i, j int) bool { return groups[i].N > groups[j].N })
	var rouge, lase []barRow
	for i, g := range groups {
		v.HasProvisional = v.HasProvisional || g.Provisional
		if i >= topPairs {
			continue
		}
		name := g.Source + " → " + g.Target
		if g.Provisional {
			name += "*"
		}
		rouge = append(rouge, barRow{name, g.Rouge2, g.LeadRouge2, g.N, -1})
		lase = append(lase, barRow{name, g.LaSE, g.LeadLaSE, g.N, g.LaSEShuffled})
	}
	v.Scores1 = barsChart("ROUGE-2 by pair beside the lead sentence", "ROUGE-2 (F1 × 100)", rouge)
	v.Scores2 = barsChart(s.LaSEName+" by pair beside the lead sentence", s.LaSEName+" × 100", lase)
	v.Largest, v.Rest = groups[:min(len(groups), topPairs)], groups[min(len(groups), topPairs):]
}

func classes(d Data) []classCount {
	r := d.Params.Report
	out := []classCount{
		{Class: "low", Bounds: "under " + count(int64(r.LowBelow))},
		{Class: "mid", Bounds: count(int64(r.LowBelow)) + " to " + count(int64(r.MidBelow)-1)},
		{Class: "high", Bounds: count(int64(r.MidBelow)) + " and more"},
	}
	for _, p := range d.Pairs {
		for i := range out {
			if out[i].Class == class(p.Samples, r.LowBelow, r.MidBelow) {
				out[i].Pairs++
				out[i].Samples += p.Samples
			}
		}
	}
	return out
}

// tiles are the numbers at the head of the page.
func tiles(d Data) []tile {
	articles, samples, cross := int64(0), int64(0), 0
	for _, l := range d.Languages {
		articles += l.Accepted
	}
	for _, p := range d.Pairs {
		samples += p.Samples
		if p.Source != p.Target {
			cross++
		}
	}
	out := []tile{
		{"articles", count(articles), fmt.Sprintf("in %d languages", len(d.Languages))},
		{"samples", count(samples), fmt.Sprintf("%s directed pairs of languages", count(int64(cross)))},
	}
	if a := d.Alignment; a != nil {
		if j := a.All.ByClass; j.Accepted > j.Neither && j.Gold > 0 {
			out = append(out, tile{"alignment precision", fmt.Sprintf("%.3f", j.Precision), fmt.Sprintf("recall %.3f", j.Recall)})
		}
	}
	if s := d.Scores; s != nil && s.All.N > 0 {
		g, kind := s.CrossLingual, "cross-lingual"
		if g.N == 0 {
			g, kind = s.All, "in-language"
		}
		out = append(out, tile{"ROUGE-2, " + kind, fmt.Sprintf("%.2f", g.Rouge2), fmt.Sprintf("lead sentence %.2f", g.LeadRouge2)},
			tile{s.LaSEName, fmt.Sprintf("%.1f", g.LaSE), fmt.Sprintf("shuffled references %.1f", g.LaSEShuffled)})
	}
	return out
}

// sum adds the languages.
func sum(all []Hygiene) Hygiene {
	var s Hygiene
	for _, h := range all {
		s.Articles, s.Misplaced, s.SetAside = s.Articles+h.Articles, s.Misplaced+h.Misplaced, s.SetAside+h.SetAside
		s.MovedIn, s.MovedOut, s.Siblings = s.MovedIn+h.MovedIn, s.MovedOut+h.MovedOut, s.Siblings+h.Siblings
		s.Templates, s.Templated, s.Duplicates = s.Templates+h.Templates, s.Templated+h.Templated, s.Duplicates+h.Duplicates
		s.Mojibake, s.ReplacementCharacters, s.Zawgyi = s.Mojibake+h.Mojibake, s.ReplacementCharacters+h.ReplacementCharacters, s.Zawgyi+h.Zawgyi
	}
	return s
}

func seconds(s float64) string {
	switch {
	case s <= 0:
		return "–"
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 100:
		return fmt.Sprintf("%.0f s", s)
	}
	m := int(math.Round(s / 60))
	if m < 60 {
		return fmt.Sprintf("%d min", m)
	}
	return fmt.Sprintf("%d h %02d min", m/60, m%60)
}

// clip shortens a text to n characters at a word where one ends near.
func clip(n int, s string) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= n {
		return string(r)
	}
	cut := string(r[:n])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)*3/4 {
		cut = cut[:i]
	}
	return cut + " …"
}

// code is the BCP-47 code of a language, for the lang attribute.
func code(language string) string {
	if l, err := schemas.LanguageByName(language); err == nil {
		return l.Code
	}
	return "und"
}
