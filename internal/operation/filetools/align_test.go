package filetools

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// cone makes n vectors of width d that point roughly one way; some are of other lengths, and some stand twice.
func cone(random *rand.Rand, n, d int) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		if i%7 == 6 {
			out[i] = out[random.IntN(i)]
			continue
		}
		length := 1 + float64(i%3)
		sum, v := 0.0, make([]float64, d)
		for j := range v {
			v[j] = 1 + random.NormFloat64()
			sum += v[j] * v[j]
		}
		for _, x := range v {
			out[i] = append(out[i], float32(length*x/math.Sqrt(sum)))
		}
	}
	return out
}

// onlyVector is a row without other columns.
type onlyVector struct {
	Embedding []float32 `arrow:"embedding"`
}

// file writes vectors of width d and nothing else.
func file(t *testing.T, d int, rows [][]float32) string {
	t.Helper()
	return fileOf(t, d, rows, func(_ int, v []float32) onlyVector { return onlyVector{v} })
}

func fileOf[T any](t *testing.T, d int, rows [][]float32, row func(i int, v []float32) T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vectors.arrow")
	w, err := arrowfile.CreateVectors[T](path, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range rows {
		if err := w.Append(row(i, v)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// expected are the pairs by definition.
func expected(a, b [][]float32, rule string, threshold float64, k int) (pairs []string) {
	cosine := func(x, y []float32) float64 {
		xy, xx, yy := 0.0, 0.0, 0.0
		for i := range x {
			xy, xx, yy = xy+float64(x[i])*float64(y[i]), xx+float64(x[i])*float64(x[i]), yy+float64(y[i])*float64(y[i])
		}
		return math.Round(1e6*xy/math.Sqrt(xx*yy)) / 1e6 // equal vectors of other lengths tie
	}
	mean := func(v []float32, others [][]float32) float64 {
		var scores []float64
		for _, o := range others {
			scores = append(scores, cosine(v, o))
		}
		sort.Float64s(scores)
		sum, n := 0.0, min(k, len(scores))
		for _, s := range scores[len(scores)-n:] {
			sum += s / float64(n)
		}
		return sum
	}
	meanA, meanB := make([]float64, len(a)), make([]float64, len(b))
	for i := range a {
		meanA[i] = mean(a[i], b)
	}
	for j := range b {
		meanB[j] = mean(b[j], a)
	}
	value := func(i, j int) float64 {
		c := cosine(a[i], b[j])
		if rule == "margin" {
			return c / ((meanA[i] + meanB[j]) / 2)
		}
		return c
	}
	best := func(n int, f func(int) float64) int {
		at := 0
		for i := range n {
			if f(i) > f(at)+1e-9 {
				at = i
			}
		}
		return at
	}
	for i := range a {
		for j := range b {
			forward := best(len(b), func(x int) float64 { return value(i, x) }) == j
			backward := best(len(a), func(x int) float64 { return value(x, j) }) == i
			if (forward && backward || rule == "seed" && (forward || backward)) && value(i, j) >= threshold {
				pairs = append(pairs, fmt.Sprintf("%d\t%d\t%.4f", i, j, cosine(a[i], b[j])))
			}
		}
	}
	return pairs
}

func TestAlignFindsWhatItsRuleDefines(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 14))
	a, b := cone(random, 120, 24), cone(random, 90, 24)
	for i := range 40 { // translations
		b[2*i] = slices.Clone(a[3*i])
		b[2*i][random.IntN(24)] *= 1.5
	}
	for _, c := range []struct {
		rule      string
		threshold float64
	}{{"mutual", 0.9}, {"seed", 0.85}, {"margin", 1.1}, {"mutual", 2}} {
		want := expected(a, b, c.rule, c.threshold, 4)
		if c.threshold < 2 && len(want) < 20 {
			t.Fatalf("%s: only %d pairs to find", c.rule, len(want))
		}
		articles := fileOf(t, 24, a, func(i int, v []float32) schemas.EmbeddingRow {
			return schemas.EmbeddingRow{Language: "x", ID: fmt.Sprint(i), Embedding: v}
		})
		for _, source := range []string{file(t, 24, a), articles} {
			out := must(t, "", "align", "--source", source, "--target", file(t, 24, b), "--rule", c.rule,
				"--threshold", fmt.Sprint(c.threshold))
			rows := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			var got []string
			for _, row := range rows[1:] {
				var i, j int
				var score float64
				if _, err := fmt.Sscanf(row, "%d\t%d\t%g", &i, &j, &score); err != nil {
					t.Fatalf("%q: %v", row, err)
				}
				got = append(got, fmt.Sprintf("%d\t%d\t%.4f", i, j, score))
			}
			if rows[0] != "source_row\ttarget_row\tscore" || !slices.Equal(got, want) {
				t.Errorf("%s at %v:\n got %v\nwant %v", c.rule, c.threshold, got, want)
			}
		}
	}
}

func TestAlignOfNothingIsAHeader(t *testing.T) {
	none, one := file(t, 2, nil), file(t, 2, [][]float32{{3, 4}})
	if out := must(t, "", "align", "--source", none, "--target", one, "--rule", "margin", "--threshold", "1"); out != "source_row\ttarget_row\tscore\n" {
		t.Errorf("%q", out)
	}
	path := filepath.Join(t.TempDir(), "pairs.tsv")
	must(t, "", "align", "--source", one, "--target", one, "--rule", "mutual", "--threshold", "1", "--output", path)
	if b, err := os.ReadFile(path); string(b) != "source_row\ttarget_row\tscore\n0\t0\t1\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAlignNamesTheFileAndRowOfBadInput(t *testing.T) {
	good := file(t, 2, [][]float32{{1, 0}, {0, 1}})
	foreign := filepath.Join(t.TempDir(), "foreign.arrow")
	if err := os.WriteFile(foreign, []byte("not Arrow at all, but long enough to be read"), 0o600); err != nil {
		t.Fatal(err)
	}
	truncated := filepath.Join(t.TempDir(), "truncated.arrow")
	whole, err := os.ReadFile(good)
	if err != nil || os.WriteFile(truncated, whole[:len(whole)-20], 0o600) != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		target, rule, threshold, says string
	}{
		{file(t, 2, [][]float32{{1, 0}, {nan, 0}}), "mutual", "0.5", "row 1: the vector holds NaN"},
		{file(t, 3, [][]float32{{0, 0, 1}}), "mutual", "0.5", "encode both with one model"},
		{fileOf[schemas.TextRow](t, 1, nil, nil), "mutual", "0.5", `0 columns "embedding"`},
		{foreign, "mutual", "0.5", "foreign.arrow"},
		{truncated, "mutual", "0.5", "truncated.arrow"},
		{good, "nearest", "0.5", `--rule "nearest": there are mutual, seed, induced, margin`},
		{good, "margn", "0.5", `--rule "margn": nearest is margin`},
		{good, "agrement", "0.5", `--rule "agrement": there are mutual, seed, induced, margin`},
		{good, "seeds", "0.5", `--rule "seeds": nearest is seed`},
		{good, "margin", "11", "--threshold: 11 is not in"},
		{good, "mutual", "NaN", "threshold"},
	} {
		out, complaint, err := tool("", "align", "--source", good, "--target", c.target, "--rule", c.rule, "--threshold", c.threshold)
		if err == nil || !strings.Contains(complaint, c.says) || out != "" {
			t.Errorf("%s: %v, %q, %s", c.says, err, out, complaint)
		}
	}
}
