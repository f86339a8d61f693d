package link

import (
	"bytes"
	"fmt"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

var plain = &schemas.EvidenceModel{Bias: -2, Weights: map[string]float64{"margin": 35, "token_margin": 9, "agreement": 11},
	Cuts: []schemas.Cut{{Precision: 0.9, Probability: 0.3}, {Precision: 0.99, Probability: 0.9}}}

// evident is the input of the rule "evidence": contenders are the four nearest of each side, and share tokens as they please.
func (w world) evident(t *testing.T, tokens func(a, b string) float32) Input {
	t.Helper()
	in := w.input(t)
	in.Rule, in.Threshold, in.Model = "evidence", 0.95, plain
	mean := func(a, id, b string) float32 {
		sum, hits := 0.0, w.nearest(a, id, b, 4)
		for _, h := range hits {
			sum += float64(h.score)
		}
		return float32(sum / float64(len(hits)))
	}
	for i := range in.Lists {
		l := &in.Lists[i]
		if l.A == l.B {
			continue
		}
		var rows []schemas.EvidenceRow
		for x, idA := range w.ids(l.A) {
			for y, idB := range w.ids(l.B) {
				near := func(a, id, b, other string) bool {
					return slices.ContainsFunc(w.nearest(a, id, b, 4), func(h hit) bool { return h.id == other })
				}
				if near(l.A, idA, l.B, idB) || near(l.B, idB, l.A, idA) {
					rows = append(rows, schemas.EvidenceRow{Source: int32(x), Target: int32(y), Score: w.cosine(l.A, idA, l.B, idB),
						SourceMean: mean(l.A, idA, l.B), TargetMean: mean(l.B, idB, l.A), Tokens: tokens(l.A+idA, l.B+idB)})
				}
			}
		}
		l.Evidence = write(t, filepath.Join(t.TempDir(), "evidence"), rows)
	}
	return in
}

func none(string, string) float32 { return 0 }

func TestTheOrderOfTheEvidenceDoesNotMatter(t *testing.T) {
	for seed := range int64(8) {
		random := rand.New(rand.NewSource(seed))
		w := randomWorld(random, 0.4, map[string]int{"english": 50, "hindi": 40, "thai": 31, "urdu": 1 + random.Intn(29)})
		in := w.evident(t, func(a, b string) float32 { return float32(math.Abs(math.Sin(float64(len(a) * len(b))))) })
		a, b := t.TempDir(), t.TempDir()
		if _, err := Run(in, a, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		in.Lists = slices.Clone(in.Lists)
		random.Shuffle(len(in.Lists), func(i, j int) { in.Lists[i], in.Lists[j] = in.Lists[j], in.Lists[i] })
		if _, err := Run(in, b, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"pairs.arrow", "components.arrow", "histogram.json"} {
			x, _ := os.ReadFile(filepath.Join(a, name))
			y, _ := os.ReadFile(filepath.Join(b, name))
			if len(x) == 0 || !bytes.Equal(x, y) {
				t.Errorf("seed %d: %s differs", seed, name)
			}
		}
	}
}

func TestEveryAcceptedPairHasItsPartsAndReachesTheCut(t *testing.T) {
	w := randomWorld(rand.New(rand.NewSource(3)), 0.3, map[string]int{"english": 50, "hindi": 40, "thai": 35})
	in := w.evident(t, func(a, b string) float32 { return 0.25 })
	last := math.MaxInt
	for _, precision := range []float64{0.5, 0.9, 0.95, 0.99} {
		in.Threshold = precision
		dir := t.TempDir()
		if _, err := Run(in, dir, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		cut, err := plain.Cut(precision)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if err := arrowfile.Each(filepath.Join(dir, "pairs.arrow"), func(p *schemas.PairRow) error {
			n++
			// tokens' means are 0 here: what both share is all above them
			odds := -2 + 35*(float64(p.Margin)-1) + 9*float64(p.Tokens) + 11*float64(p.Agreement)
			if wanted := 1 / (1 + math.Exp(-odds)); math.Abs(wanted-float64(p.Probability)) > 1e-5 || p.Probability < float32(cut) || p.Rule != "evidence" || p.Tokens != 0.25 {
				return fmt.Errorf("%+v: wanted probability %v, cut %v", p, wanted, cut)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		if n == 0 || n > last {
			t.Errorf("precision %v: %d pairs, %d at a lower one", precision, n, last)
		}
		last = n
	}
}

func TestSharedTokensDecideWhereSummariesCannot(t *testing.T) {
	w := world{vectors: map[string]map[string][]float64{"english": {}, "hindi": {}}, keep: 8}
	random := rand.New(rand.NewSource(1))
	meaning := unit(random, nil, 0)
	for i := range 40 {
		w.vectors["english"][fmt.Sprintf("%02d", i)], w.vectors["hindi"][fmt.Sprintf("%02d", i)] = unit(random, meaning, 0.01), unit(random, meaning, 0.01)
	}
	right := func(in Input) (n int) {
		dir := t.TempDir()
		in.Threshold = 0.5
		if _, err := Run(in, dir, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		if err := arrowfile.Each(filepath.Join(dir, "pairs.arrow"), func(p *schemas.PairRow) error {
			if p.SourceID == p.TargetID {
				n++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	said := func(a, b string) float32 {
		if a[len(a)-2:] == b[len(b)-2:] {
			return 0.9
		}
		return 0.1
	}
	without, with := right(w.evident(t, none)), right(w.evident(t, said))
	if without > 5 || with < 8 { // most true pairs are no contenders here: four of forty are, of each side
		t.Errorf("%d right pairs without tokens, %d with them", without, with)
	}
}

func TestALanguageOfFewArticlesIsMeasuredByWhatTheOthersSay(t *testing.T) {
	random := rand.New(rand.NewSource(4))
	for _, n := range []int{1, 2, 5, 16, 29} {
		w := randomWorld(random, 0.4, map[string]int{"english": 60, "hindi": 60, "thai": n})
		in := w.evident(t, none)
		articles, err := ReadArticles(in.Languages, in.Articles, nil)
		if err != nil {
			t.Fatal(err)
		}
		weighs := &weighing{articles: articles, model: newLinear(plain), beat: func() {}}
		if err := weighs.measure(sorted(in.Lists)); err != nil {
			t.Fatal(err)
		}
		mean, _ := weighs.shrunk(0, 2, 0.5, 0) // the first English article among n Thai ones
		pool := weighs.pools[0].mean / float64(weighs.pools[0].languages)
		if wanted := float64(n)/30*0.5 + (1-float64(n)/30)*pool; math.Abs(mean-wanted) > 1e-9 || pool <= 0.5 {
			t.Errorf("%d articles: mean %v, wanted %v of the pool's %v", n, mean, wanted, pool)
		}
		if mean, _ := weighs.shrunk(0, 1, 0.5, 0); mean != 0.5 {
			t.Errorf("among many: %v", mean)
		}
	}
}

func TestEvidenceThatIsNoneIsNamed(t *testing.T) {
	w := randomWorld(rand.New(rand.NewSource(6)), 0.4, map[string]int{"english": 40, "hindi": 40})
	good := schemas.EvidenceRow{Source: 1, Target: 1, Score: 0.5, SourceMean: 0.4, TargetMean: 0.4}
	for name, change := range map[string]func(*[]schemas.EvidenceRow){
		"an article that is not there": func(r *[]schemas.EvidenceRow) { (*r)[0].Source = 40 },
		"a negative one":               func(r *[]schemas.EvidenceRow) { (*r)[0].Target = -1 },
		"out of order":                 func(r *[]schemas.EvidenceRow) { *r = append(*r, good) },
		"no number":                    func(r *[]schemas.EvidenceRow) { (*r)[0].Tokens = float32(math.NaN()) },
		"no cosine":                    func(r *[]schemas.EvidenceRow) { (*r)[0].SourceTokens = 7 },
	} {
		in := w.evident(t, none)
		rows := []schemas.EvidenceRow{good}
		change(&rows)
		for i := range in.Lists {
			if in.Lists[i].A != in.Lists[i].B {
				in.Lists[i].Evidence = write(t, filepath.Join(t.TempDir(), "e"), rows)
			}
		}
		if _, err := Run(in, t.TempDir(), func(int, int) {}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	in := w.evident(t, none)
	in.Model = nil
	if _, err := Run(in, t.TempDir(), func(int, int) {}); err == nil {
		t.Error("a rule without weights ran")
	}
	in.Model, in.Threshold = plain, 0.999
	if _, err := Run(in, t.TempDir(), func(int, int) {}); err == nil {
		t.Error("a precision that was never reached was taken")
	}
}

func TestOtherLanguagesDecideBetweenTwoThatAreAlmostAsGood(t *testing.T) {
	for _, c := range []struct {
		wrong, right float32 // scores of the English article with two Hindi ones
		wanted       string
	}{{0.91, 0.90, "h0"}, {0.89, 0.90, "h0"}, {0.905, 0.90, "h0"}, {1, 0.90, "h1"}} { // the last is too far ahead
		dir := t.TempDir()
		in := Input{Rule: "evidence", Threshold: 0.5, DuplicateThreshold: 2, K: 4, Model: plain}
		for language, ids := range map[string][]string{"english": {"e0"}, "hindi": {"h0", "h1"}, "thai": {"t0", "t1"}} {
			in.Languages = append(in.Languages, language)
			write(t, filepath.Join(dir, language), func() (rows []schemas.ArticleRow) {
				for _, id := range ids {
					rows = append(rows, schemas.ArticleRow{Language: language, ID: id})
				}
				return rows
			}())
		}
		slices.Sort(in.Languages)
		for _, l := range in.Languages {
			in.Articles = append(in.Articles, filepath.Join(dir, l))
		}
		row := func(a, b int32, score float32) schemas.EvidenceRow {
			return schemas.EvidenceRow{Source: a, Target: b, Score: score, SourceMean: 0.88, TargetMean: 0.88}
		}
		for name, rows := range map[string][]schemas.EvidenceRow{"english-hindi": {row(0, 0, c.right), row(0, 1, c.wrong)}, "english-thai": {row(0, 0, 0.95)},
			"hindi-thai": {row(0, 0, 0.95), row(1, 1, 0.95)}} {
			a, b, _ := strings.Cut(name, "-")
			in.Lists = append(in.Lists, Lists{A: a, B: b, Evidence: write(t, filepath.Join(dir, name), rows)})
		}
		if _, err := Run(in, dir, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := arrowfile.Each(filepath.Join(dir, "pairs.arrow"), func(p *schemas.PairRow) error {
			if p.SourceLanguage == "english" && p.TargetLanguage == "hindi" {
				got = arrowfile.Clone(p.TargetID)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if got != c.wanted {
			t.Errorf("scores %v and %v: %s was chosen, wanted %s", c.right, c.wrong, got, c.wanted)
		}
	}
}

func TestWhatIsWeighedIsHeardOfForEachPairOfLanguages(t *testing.T) {
	w := randomWorld(rand.New(rand.NewSource(8)), 0.4, map[string]int{"english": 31, "hindi": 32, "thai": 33, "urdu": 4})
	beats := 0
	if _, err := Run(w.evident(t, none), t.TempDir(), func(done, total int) {
		if beats++; done > total {
			t.Errorf("%d of %d", done, total)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if beats < 10+3*6 { // ten units, and six pairs are read thrice: Urdu has few articles
		t.Errorf("heard %d times", beats)
	}
}
