package report

import (
	"bytes"
	"strings"
	"testing"

	"crosssum/schemas"
)

func judged() schemas.Calibration {
	c := schemas.Calibration{Crawl: "mine", Encoder: "some-encoder", Rule: "margin", Measure: "margin", Neighbours: 4, Duplicate: 0.99,
		Articles: 1200, Languages: 3, Judged: 1100, Clusters: 40, Resamples: 1000, Precision: 0.95}
	for i := range 101 {
		precision := 0.7 + 0.003*float64(i)
		curve := schemas.Curve{Pairs: int64(2000 - 19*i), Judged: int64(1900 - 19*i), Gold: 1500, F1: 0.6,
			Precision:    schemas.Estimate{Value: precision, Low: precision - 0.02, High: min(precision+0.02, 1)},
			Recall:       schemas.Estimate{Value: 0.9 - 0.008*float64(i), Low: 0.8 - 0.008*float64(i), High: 0.95 - 0.008*float64(i)},
			KeyPrecision: schemas.Estimate{Value: 0.5}, KeyRecall: schemas.Estimate{Value: 0.4}}
		c.Points = append(c.Points, schemas.Point{Threshold: 1 + float64(i)/1000, All: curve, English: curve, Largest: 0.3})
	}
	c.Advice = []schemas.Advice{
		{Pairs: "all", Reached: true, Threshold: c.Points[84].Threshold, Best: 0.952},
		{Pairs: "all", LowerBound: true, Threshold: c.Points[100].Threshold, Best: 0.94},
	}
	return c
}

func TestACalibrationSaysWhichThresholdAndWhatItCosts(t *testing.T) {
	table := CalibrationTable(judged())
	for _, want := range []string{
		"All pairs: precision reaches .950 from 1.084 on: recall .228, 404 pairs, largest component 30.0 % of the articles",
		"All pairs: the lower end of its interval never reaches .950; the best is 0.940 at 1.100",
		"1.050    1,050  .850 (.830–.870)    .500 (.400–.550)",
		"1,200 articles in 3 languages, 1,100 of them in the gold; 40 clusters resampled 1,000 times",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	if n := strings.Count(table, "\n"); n > 40 {
		t.Errorf("%d lines for a terminal", n)
	}
	var page bytes.Buffer
	if err := RenderCalibration(&page, judged()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1.084", `class="band"`, "threshold (margin)", "English with the others", "some-encoder, margin"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "http") {
		t.Error("the page needs the network")
	}
}

func TestACalibrationOfNothingIsAPageToo(t *testing.T) {
	for _, c := range []schemas.Calibration{{}, {Points: []schemas.Point{{Threshold: 1}}, Advice: []schemas.Advice{{Pairs: "all"}}}} {
		if err := RenderCalibration(&bytes.Buffer{}, c); err != nil {
			t.Error(err)
		}
		if table := CalibrationTable(c); len(c.Advice) > 0 && !strings.Contains(table, "no accepted pair can be judged") {
			t.Errorf("%s", table)
		}
	}
}

func TestACalibrationOfProbabilitiesSaysHowTrueTheyAre(t *testing.T) {
	c := judged()
	c.Rule, c.Measure = "evidence", "probability"
	c.Reliability = []schemas.Reliability{{Group: "all pairs", Bins: []schemas.ReliabilityBin{{Probability: 0.25, Pairs: 40, Right: 12}, {Probability: 0.95, Pairs: 1000, Right: 940}}}}
	for i := range 14 {
		c.ByLanguages = append(c.ByLanguages, schemas.LanguagesAtCut{Source: "basque", Target: "english", Judged: 90, Gold: 100, Precision: 0.9,
			Recall: 0.7, Wrong: "siblings", Missed: "other articles", Probability: 0.97})
		c.ByLanguages[i].Target += strings.Repeat("x", i)
	}
	c.ByLanguages = append(c.ByLanguages, schemas.LanguagesAtCut{Source: "danish", Target: "swedish", Precision: 0.96, Recall: 0.8})
	table := CalibrationTable(c)
	for _, want := range []string{".250 .300 (40)  .950 .940 (1,000)", "1 of 15 pairs of languages with 100 known pairs have precision .950 at recall .750",
		"basque, english: precision .900, recall .700; wrong are mostly siblings, missed are mostly other articles", "and 4 more"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	if strings.Contains(table, "danish, swedish") {
		t.Error("a good pair is among the others")
	}
	var page bytes.Buffer
	if err := RenderCalibration(&page, c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Are the probabilities true", "basque, english", "danish, swedish", "1 of 15"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
