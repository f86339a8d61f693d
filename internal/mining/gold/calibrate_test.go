package gold

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// toy are articles that stand at given cosines to those of the other language: "source target cosine" a line makes them each
// other's nearest.
func toy(t *testing.T, articles, pairs string) Calibration {
	t.Helper()
	dir := t.TempDir()
	in := Calibration{Gold: filepath.Join(dir, "gold"), Precision: 0.9, Seed: 7}
	in.Input = link.Input{Rule: "mutual", DuplicateThreshold: 2, K: 1}
	truth := "language\tid\tkey\tpackages\n"
	rows := map[string][]schemas.ArticleRow{}
	for _, line := range strings.Split(strings.TrimSpace(articles), "\n") {
		f := strings.Fields(line) // language, id, key, package
		rows[f[0]] = append(rows[f[0]], schemas.ArticleRow{Language: f[0], ID: f[1], URL: "u", Title: "t", Summary: "summary of " + f[1],
			Text: strings.Map(func(r rune) rune { return 'a' + r%26 }, f[1]), Digest: "d"})
		truth += strings.Join(f, "\t") + "\n"
	}
	must(t, os.WriteFile(in.Gold, []byte(truth), 0o644))
	for _, l := range []string{"english", "french"} {
		in.Languages = append(in.Languages, l)
		in.Articles = append(in.Articles, filepath.Join(dir, l))
		must(t, arrowfile.WriteRows(filepath.Join(dir, l), len(rows[l]), func(i int) schemas.ArticleRow { return rows[l][i] }))
	}
	lists := map[string][]schemas.NeighbourRow{"forward": nil, "backward": nil}
	for _, line := range strings.Split(strings.TrimSpace(pairs), "\n") {
		f := strings.Fields(line)
		var cosine float64
		must(t, json.Unmarshal([]byte(f[2]), &cosine))
		lists["forward"] = append(lists["forward"], schemas.NeighbourRow{SourceID: f[0], TargetID: f[1], Score: float32(cosine)})
		lists["backward"] = append(lists["backward"], schemas.NeighbourRow{SourceID: f[1], TargetID: f[0], Score: float32(cosine)})
	}
	unit := link.Lists{A: "english", B: "french", Forward: filepath.Join(dir, "forward"), Backward: filepath.Join(dir, "backward")}
	for name, list := range lists {
		sort.Slice(list, func(i, j int) bool { return list[i].SourceID < list[j].SourceID })
		must(t, arrowfile.WriteRows(filepath.Join(dir, name), len(list), func(i int) schemas.NeighbourRow { return list[i] }))
	}
	in.Lists = []link.Lists{unit}
	return in
}

const four = `
english e1 k:1 p1
english e2 k:2 p2
english e3 k:3 p3
english e4 k:4 p4
french f1 k:1 p1
french f2 k:2 p2
french f3 k:3 p3
french f4 k:5 p5
`

// Right, right, wrong (e3 belongs to f3), wrong; three gold pairs.
const fourPairs = "e1 f1 0.95\ne2 f2 0.9\ne3 f4 0.85\ne4 f3 0.8"

func nothing(int, int) {}

func TestTheCurveIsTheOneComputedByHand(t *testing.T) {
	got, err := Calibrate(toy(t, four, fourPairs), nothing)
	must(t, err)
	want := map[float64][5]float64{ // pairs, precision, recall, F1, largest component
		0.8:   {4, 1. / 2, 2. / 3, 4. / 7, 2. / 8},
		0.825: {3, 2. / 3, 2. / 3, 2. / 3, 2. / 8},
		0.875: {2, 1, 2. / 3, 4. / 5, 2. / 8},
		0.925: {1, 1, 1. / 3, 1. / 2, 2. / 8},
	}
	seen := 0
	for _, p := range got.Points {
		w, ok := want[p.Threshold]
		if !ok {
			continue
		}
		seen++
		a := p.All
		for i, x := range [5]float64{float64(a.Pairs), a.Precision.Value, a.Recall.Value, a.F1, p.Largest} {
			if math.Abs(x-w[i]) > 1e-12 {
				t.Errorf("at %v: %v, wanted %v as number %d", p.Threshold, x, w[i], i)
			}
		}
		if a.Gold != 3 || p.English != p.All || a.Precision.Value != a.KeyPrecision.Value {
			t.Errorf("at %v: %+v", p.Threshold, p)
		}
		if e := a.Precision; e.Low > e.Value || e.High < e.Value || e.Low < 0 || e.High > 1 || (e.Value == 1) != (e.Low == 1) {
			t.Errorf("at %v: interval %+v", p.Threshold, e)
		}
	}
	if seen != len(want) || got.Clusters != 5 || got.Articles != 8 {
		t.Errorf("%d of %d thresholds, %d clusters, %d articles", seen, len(want), got.Clusters, got.Articles)
	}
	for _, a := range got.Advice { // the first rung above 0.85, where the last wrong pair goes
		if !a.Reached || a.Best != 1 || a.Threshold <= 0.85 || a.Threshold > 0.8525 {
			t.Errorf("advice %+v", a)
		}
	}
}

func TestEqualInputsGiveEqualCurvesAndAnotherSeedOtherIntervals(t *testing.T) {
	var articles, pairs strings.Builder
	for i := range 60 {
		key := i
		if i%3 == 0 {
			key += 100 // the French one is another text
		}
		fmt.Fprintf(&articles, "english e%02d k:%d p%d\nfrench f%02d k:%d q%d\n", i, i, i, i, key, i)
		fmt.Fprintf(&pairs, "e%02d f%02d %.3f\n", i, i, 0.9-0.002*float64(i*7%60))
	}
	in := toy(t, articles.String(), pairs.String())
	bytesOf := func() []byte {
		c, err := Calibrate(in, nothing)
		must(t, err)
		b, err := json.Marshal(c)
		must(t, err)
		return b
	}
	first := bytesOf()
	if !bytes.Equal(first, bytesOf()) {
		t.Error("the same input gave two curves")
	}
	in.Seed++
	if bytes.Equal(first, bytesOf()) {
		t.Error("another seed gave the same intervals")
	}
}

func TestSiblingsAreResampledTogether(t *testing.T) {
	apart, err := Calibrate(toy(t, four, fourPairs), nothing)
	must(t, err)
	together, err := Calibrate(toy(t, strings.NewReplacer("p2", "p1", "p3", "p1", "p4", "p1", "p5", "p1").Replace(four), fourPairs), nothing)
	must(t, err)
	if apart.Clusters != 5 || together.Clusters != 1 {
		t.Fatalf("%d and %d clusters", apart.Clusters, together.Clusters)
	}
	for i, p := range together.Points { // one cluster is drawn every time: there is nothing that varies
		if e := p.All.Precision; e.Low != e.Value || e.High != e.Value || e.Value != apart.Points[i].All.Precision.Value {
			t.Errorf("at %v: %+v", p.Threshold, e)
		}
	}
}

func TestAPrecisionThatIsNeverReachedNamesTheBest(t *testing.T) {
	curve := func(precision, low float64, judged int64) schemas.Curve {
		return schemas.Curve{Judged: judged, Precision: schemas.Estimate{Value: precision, Low: low}}
	}
	points := []schemas.Point{
		{Threshold: 1.01, All: curve(0.90, 0.80, 9), English: curve(0.80, 0.70, 5)},
		{Threshold: 1.02, All: curve(0.95, 0.85, 8), English: curve(0.85, 0.75, 4)},
		{Threshold: 1.03, All: curve(0.94, 0.84, 7), English: curve(0.97, 0.90, 3)},
		{Threshold: 1.04, All: curve(0.96, 0.82, 6), English: curve(0, 0, 0)},
	}
	for wanted, want := range map[float64][4]schemas.Advice{
		0.95: {{Reached: true, Threshold: 1.02, Best: 0.95}, {Threshold: 1.02, Best: 0.85}, {Reached: true, Threshold: 1.03, Best: 0.97}, {Threshold: 1.03, Best: 0.90}},
		0.99: {{Threshold: 1.04, Best: 0.96}, {Threshold: 1.02, Best: 0.85}, {Threshold: 1.03, Best: 0.97}, {Threshold: 1.03, Best: 0.90}},
		0.80: {{Reached: true, Threshold: 1.01, Best: 0.90}, {Reached: true, Threshold: 1.01, Best: 0.80}, {Reached: true, Threshold: 1.01, Best: 0.80}, {Reached: true, Threshold: 1.03, Best: 0.90}},
	} {
		for i, a := range advise(points, wanted) {
			if want[i].Pairs, want[i].LowerBound = a.Pairs, a.LowerBound; a != want[i] {
				t.Errorf("for %v: %+v, wanted %+v", wanted, a, want[i])
			}
		}
	}
	if a := advise(nil, 0.9)[0]; a.Reached || a.Best != 0 {
		t.Errorf("of no threshold: %+v", a)
	}
}

func TestTheIntervalOfTwoClustersIsTheOneComputedByHand(t *testing.T) {
	// Drawn (2, 0), (1, 1) or (0, 2) times with chances 1/4, 1/2, 1/4, precision is 1, 1/2 or 0.
	got, err := Calibrate(toy(t, "english e1 k:1 p1\nenglish e2 k:2 p2\nfrench f1 k:1 p1\nfrench f2 k:3 p2\n", "e1 f1 0.9\ne2 f2 0.9"), nothing)
	must(t, err)
	if want := (schemas.Estimate{Value: 0.5, Low: 0, High: 1}); got.Clusters != 2 || got.Points[0].All.Precision != want {
		t.Errorf("%d clusters, %+v", got.Clusters, got.Points[0].All)
	}
	// Only the first cluster has a gold pair: a draw without it says nothing about recall.
	if want := (schemas.Estimate{Value: 1, Low: 1, High: 1}); got.Points[0].All.Recall != want {
		t.Errorf("recall %+v", got.Points[0].All.Recall)
	}
}

func TestGoldThatDoesNotBelongToTheCrawlIsInvalidInput(t *testing.T) {
	for text, want := range map[string]string{
		"language\tid\tkey\nenglish\tx1\tk\n":                       "none of its articles is in the crawl",
		"language\tid\tkey\nenglish\te1\tk\nfrench\tf1\tother\n":    "nothing to find",
		"language\tid\tkey\nenglish\te1\tk\nenglish\te1\tk again\n": "gives english/e1 again",
	} {
		in := toy(t, four, fourPairs)
		must(t, os.WriteFile(in.Gold, []byte(text), 0o644))
		if _, err := Calibrate(in, nothing); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestALadderHasRoundThresholdsAndSpansTheValues(t *testing.T) {
	var values []float64
	for i := range 1000 {
		values = append(values, 0.98+float64(i)*0.0002)
	}
	rungs := ladder(values, 250)
	if n := len(rungs); n < 100 || n > 260 || rungs[0] > 0.982 || rungs[n-1] < 1.177 || rungs[1]-rungs[0] > 0.00101 {
		t.Errorf("%d rungs from %v to %v", n, rungs[0], rungs[n-1])
	}
	for _, r := range rungs {
		if r == 1.02 {
			return
		}
	}
	t.Error("1.02 is no rung")
}
