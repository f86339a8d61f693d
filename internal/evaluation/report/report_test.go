package report

import (
	"bytes"
	"encoding/xml"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"crosssum/internal/mining/gold"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

func render(t *testing.T, d Data) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheReportStandsAloneAndHoldsEveryPart(t *testing.T) {
	page := render(t, world())
	if path := os.Getenv("CROSSSUM_REPORT_HTML"); path != "" { // to look at it
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"demo-2026-11-22", "duplicate_id", "Samples of every directed pair", "0.990", "Training loss by step", "Learning rate by step", "Validation loss by step", "validations on 200 samples",
		"LaSE (multilingual-e5-small)", "threshold 1.06", "provisional", "The 3 pairs just above the threshold", "The 2 pairs just below", "731 <i>near misses", "Warning.", "0.735",
		"of 7 summaries that 3 articles or more", "<td class=\"n\">1,602</td>", "Visual Voicemail &lt;Daemon&gt;", "shuffled", "&lt;script&gt;", "برنامج", "not generated", "prefers-color-scheme: dark"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, outside := range []string{"http://", "https://", "src=", "@import", "url(", "<script", "NaN", "%!"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page holds %q", outside)
		}
	}
	if n := strings.Count(page, "<svg"); n != 9 {
		t.Errorf("%d charts, wanted 9", n)
	}
}

func TestEveryChartIsWellFormedAndInsideItsFrame(t *testing.T) {
	attribute := regexp.MustCompile(`viewBox="0 0 ([0-9.]+) ([0-9.]+)"`)
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(render(t, world()), -1) {
		decoder := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := decoder.Token(); err != nil {
				if err.Error() != "EOF" {
					t.Errorf("%v in %.200s", err, svg)
				}
				break
			}
		}
		if attribute.FindStringSubmatch(svg) == nil || strings.Contains(svg, `r="-`) || strings.Contains(svg, `width="-`) {
			t.Errorf("bad numbers in %.200s", svg)
		}
	}
}

func TestWithFewLanguagesNoTextIsCutOff(t *testing.T) {
	d := Data{Pairs: []PairSize{{"thai", "lao", 30, 20, 5}, {"lao", "thai", 30, 20, 5}}, Alignment: &gold.Result{
		Pairs: []gold.LanguagePair{{Source: "lao", Target: "thai", ByClass: gold.Judged{Precision: 1, Recall: 0.5, Accepted: 1, Gold: 2}}}}}
	text := regexp.MustCompile(`<text class="[^"]*" text-anchor="start" x="([0-9.]+)" y="[0-9.]+">([^<]*)<`)
	charts := regexp.MustCompile(`(?s)<svg viewBox="0 0 ([0-9.]+) .*?</svg>`).FindAllStringSubmatch(render(t, d), -1)
	if len(charts) != 2 {
		t.Fatalf("%d charts", len(charts))
	}
	for _, chart := range charts {
		width, _ := strconv.ParseFloat(chart[1], 64)
		for _, m := range text.FindAllStringSubmatch(chart[0], -1) {
			if x, _ := strconv.ParseFloat(m[1], 64); x+6*float64(len(m[2])) > width {
				t.Errorf("%q begins at %s of %s pixels", m[2], m[1], chart[1])
			}
		}
	}
}

func TestAnEmptyRunStillHasAReport(t *testing.T) {
	page := render(t, Data{Run: "nothing", Params: schemas.Demo()})
	for _, want := range []string{"made no samples", "without a gold alignment", "trained no model", "Nothing was scored", "No sample was generated", "No row was rejected"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	one := Data{Run: "one", Pairs: []PairSize{{"a", "b", 1, 1, 0}}, Training: []Step{{1, 2, 0.1}}, Validations: []Validation{{1, 1, 2, 0}}, Histogram: link.Histogram{Bins: []link.Bin{{From: 1, To: 1.01, Pairs: 1, Accepted: 1}}, Threshold: 1}}
	for _, wrong := range []string{"NaN", "e-", "0000000"} { // a scale of a billionth, where all values are 0
		if page := render(t, one); strings.Contains(page[strings.Index(page, "Training loss"):strings.Index(page, `id="scores"`)], wrong) {
			t.Errorf("%s in the charts of one row", wrong)
		}
	}
}

func TestTicksAreRoundAndInside(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{{0, 10, "0 2 4 6 8 10"}, {0.9, 1.5, "1.0 1.2 1.4"}, {0, 0.023, "0.000 0.005 0.010 0.015 0.020"}, {0, 12345, "0 5,000 10,000"}, {3, 3, "3"}} {
		all := ticks(c.low, c.high, 5)
		var got []string
		for _, x := range all {
			got = append(got, tickText(x, all))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v to %v: %v, wanted %s", c.low, c.high, got, c.want)
		}
	}
}

func TestFiguresCountWhatAlignmentStumblesOver(t *testing.T) {
	f := Figures(world())
	for name, want := range map[string]float64{"untranslated": 41, "templates": 7, "templated": 38, "siblings": 1602, "mojibake": 3, "near_misses": 731, "set_aside": 0} {
		if got, ok := f[name]; !ok || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestPrecisionOfNothingIsADash(t *testing.T) {
	d := world()
	d.Alignment.English = gold.Aggregate{}
	figures := Figures(d)
	if _, ok := figures[FigureEnglishPrecision]; ok {
		t.Error("a run without English has a precision of English pairs")
	}
	text := Table(nil, figures, "e5")
	if !strings.Contains(text, "precision –       recall –       (by summary class, English") || strings.Contains(text, "0.000") {
		t.Errorf("the table:\n%s", text)
	}
	d.Alignment.All.ByKey = gold.Judged{Gold: 7}
	if page := render(t, d); !strings.Contains(page, `<td>all pairs of languages, by key</td><td class="n">–</td><td class="n">0.000</td>`) {
		t.Error("nothing was accepted, and the page gives a precision")
	}
}

func TestTheTableFitsATerminal(t *testing.T) {
	d := world()
	text := Table([]schemas.StageProgress{{Stage: "ingest", Units: 28, Reused: 28, Counts: map[string]int64{"accepted": 11034, "rejected": 19}},
		{Stage: "split_dedup", Units: 1, Seconds: 2.4, Counts: map[string]int64{"train": 9012, "val": 1002, "test": 1020, "samples": 123456, "moved": 0}}},
		Figures(d), "multilingual-e5-small")
	t.Log("\n" + text)
	for _, want := range []string{"precision 0.990", "cross-lingual", "in-language", "ROUGE-2", "shuffled", "11,034 accepted, 19 rejected"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if len([]rune(line)) > 100 {
			t.Errorf("line of %d characters: %s", len([]rune(line)), line)
		}
	}
}
