package gold

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

func TestTheRegressionFindsTheWeightsThatMadeTheOutcomes(t *testing.T) {
	for seed, wanted := range [][]float64{{-1, 2, -3}, {0.5, 0, 4}, {2, -1, 0.5}, {-3, 6, 1}} {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		var x [][]float64
		var y []float64
		for range 40000 {
			row := []float64{r.NormFloat64(), 5 + 0.1*r.NormFloat64()}
			p := 1 / (1 + math.Exp(-wanted[0]-wanted[1]*row[0]-wanted[2]*(row[1]-5)))
			outcome := 0.0
			if r.Float64() < p {
				outcome = 1
			}
			x, y = append(x, row), append(y, outcome)
		}
		got := logistic(x, y)
		got[0] += 5 * got[2]
		for k := range wanted {
			if math.Abs(got[k]-wanted[k]) > 0.45 {
				t.Errorf("weights %v, wanted %v", got, wanted)
			}
		}
	}
	// classes that lie apart have finite weights, and a feature that is always the same has none
	w := logistic([][]float64{{0, 3}, {1, 3}, {2, 3}, {3, 3}}, []float64{0, 0, 1, 1})
	for _, v := range w {
		if math.IsNaN(v) || math.Abs(v) > 100 {
			t.Errorf("weights %v", w)
		}
	}
}

// weighed are n articles a language, of which all have a translation but every fifth; tokens know which, as far as they are heard.
func weighed(t *testing.T, n int, heard float64) Calibration {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 9))
	var articles, pairs strings.Builder
	var rows []schemas.EvidenceRow
	for i := range n {
		key := i
		if i%5 == 4 {
			key = n + i
		}
		fmt.Fprintf(&articles, "english e%04d k:%d p%d\nfrench f%04d k:%d q%d\n", i, i, i, i, key, i)
		fmt.Fprintf(&pairs, "e%04d f%04d 0.9\n", i, i)
		row := schemas.EvidenceRow{Source: int32(i), Target: int32(i), Score: 0.9, SourceMean: 0.88, TargetMean: 0.88}
		if key == i {
			row.Tokens = float32(heard * (0.3 + 0.2*r.Float64()))
		}
		row.Tokens += float32(0.3 * r.Float64())
		rows = append(rows, row)
	}
	in := toy(t, articles.String(), pairs.String())
	in.Rule, in.K = "evidence", 1
	in.Lists[0].Evidence = filepath.Join(t.TempDir(), "evidence")
	must(t, arrowfile.WriteRows(in.Lists[0].Evidence, n, func(i int) schemas.EvidenceRow { return rows[i] }))
	return in
}

func TestWeightsAreFittedToWhatTellsRightFromWrong(t *testing.T) {
	in := weighed(t, 300, 1)
	in.Precision = 0.97
	got, err := Calibrate(in, nothing)
	must(t, err)
	if got.Model == nil || got.Model.Check() != nil || got.Measure != "probability" {
		t.Fatalf("model %+v", got.Model)
	}
	if w := got.Model.Weights; w["tokens"]+w["token_margin"] <= 0 {
		t.Errorf("weights %v", w)
	}
	a := got.Advice[0]
	if !a.Reached || a.Threshold <= 0 || a.Threshold >= 1 {
		t.Errorf("advice %+v", a)
	}
	if cut, err := got.Model.Cut(0.97); err != nil || cut <= 0 {
		t.Errorf("cut %v, %v", cut, err)
	}
	again, err := Calibrate(in, nothing)
	must(t, err)
	if fmt.Sprint(again) != fmt.Sprint(got) && fmt.Sprintf("%+v", *again.Model) != fmt.Sprintf("%+v", *got.Model) {
		t.Error("a second calibration is another")
	}
	for i := 1; i < len(got.Model.Cuts); i++ {
		if got.Model.Cuts[i].Probability < got.Model.Cuts[i-1].Probability {
			t.Errorf("cuts %v", got.Model.Cuts)
		}
	}
}

func TestAFeatureThatSaysNothingIsNotBelievedWithItsOwnClusters(t *testing.T) {
	in := weighed(t, 60, 0) // nothing tells them apart: whoever is judged by weights that know him looks better than he is
	got, err := Calibrate(in, nothing)
	must(t, err)
	for _, c := range got.Model.Cuts {
		if c.Precision > 0.97 {
			t.Errorf("precision %v is promised of features that say nothing", c.Precision)
		}
	}
}

func TestKnownPairsThatTeachNothingAreRefused(t *testing.T) {
	for name, pairs := range map[string]string{"all are right": "e1 f1 0.95\ne2 f2 0.9", "all are wrong": "e3 f4 0.85\ne4 f3 0.8"} {
		in := toy(t, four, fourPairs)
		in.Rule = "evidence"
		var rows []schemas.EvidenceRow
		for _, line := range strings.Split(pairs, "\n") {
			f := strings.Fields(line)
			rows = append(rows, schemas.EvidenceRow{Source: int32(f[0][1] - '1'), Target: int32(f[1][1] - '1'), Score: 0.9, SourceMean: 0.8, TargetMean: 0.8})
		}
		in.Lists[0].Evidence = filepath.Join(t.TempDir(), "evidence")
		must(t, arrowfile.WriteRows(in.Lists[0].Evidence, len(rows), func(i int) schemas.EvidenceRow { return rows[i] }))
		_, err := Calibrate(in, nothing)
		var typed *fault.Error
		if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput || !strings.Contains(err.Error(), "all right or all wrong") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReliabilityCountsEveryJudgedPairOnceAndNamesWhatIsWrong(t *testing.T) {
	in := weighed(t, 300, 0.5)
	in.Precision = 0.9
	got, err := Calibrate(in, nothing)
	must(t, err)
	if len(got.Reliability) != 2 || got.Reliability[0].Group != "all pairs" || got.Reliability[1].Group != "300 articles and more" {
		t.Fatalf("%+v", got.Reliability)
	}
	for _, r := range got.Reliability {
		pairs, right, last := int64(0), int64(0), 0.0
		for _, b := range r.Bins {
			if b.Probability <= last || b.Probability > 1 || b.Right > b.Pairs {
				t.Errorf("%s: %+v", r.Group, r.Bins)
			}
			pairs, right, last = pairs+b.Pairs, right+b.Right, b.Probability
		}
		if pairs != 300 || right != 240 {
			t.Errorf("%s: %d of %d are right", r.Group, right, pairs)
		}
	}
	if len(got.ByLanguages) != 1 {
		t.Fatalf("%+v", got.ByLanguages)
	}
	l := got.ByLanguages[0]
	if l.Gold != 240 || l.Judged == 0 || l.Precision < 0.85 || l.Wrong != "articles without a counterpart" || math.Abs(l.Probability-l.Precision) > 0.1 {
		t.Errorf("%+v", l)
	}
	small, err := Calibrate(weighed(t, 40, 1), nothing)
	must(t, err)
	if len(small.ByLanguages) != 0 || small.Reliability[1].Group != "30 to 299 articles" {
		t.Errorf("%+v", small)
	}
}
