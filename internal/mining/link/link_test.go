package link

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

func sqrt(x float64) float64 { return math.Sqrt(x) }

func run(t *testing.T, in Input) (*result, map[string]contender) {
	t.Helper()
	r, err := link(in, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string]contender{}
	for _, c := range r.accepted {
		pairs[r.articles.Name(c.a)+" "+r.articles.Name(c.b)] = c
	}
	return r, pairs
}

func keys(m map[string]contender) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// plainMargin is the margin rule by its definition, over all pairs of articles.
func plainMargin(w world, k int, threshold float64) map[string]contender {
	out := map[string]contender{}
	mean := func(a, id, b string) float64 {
		sum, n := 0.0, 0
		for _, h := range w.nearest(a, id, b, k) {
			sum += float64(h.score)
			n++
		}
		return sum / float64(n)
	}
	in := func(a, idA, b, idB string) bool {
		for _, h := range w.nearest(a, idA, b, k) {
			if h.id == idB {
				return true
			}
		}
		return false
	}
	for i, a := range w.languages() {
		for _, b := range w.languages()[i+1:] {
			margins := map[[2]string]float32{}
			for _, x := range w.ids(a) {
				for _, y := range w.ids(b) {
					if in(a, x, b, y) || in(b, y, a, x) {
						margins[[2]string{x, y}] = 0
						if m := (mean(a, x, b) + mean(b, y, a)) / 2; m > 0 {
							margins[[2]string{x, y}] = float32(float64(w.cosine(a, x, b, y)) / m)
						}
					}
				}
			}
			for xy, m := range margins {
				isBest := m >= float32(threshold)
				for other, om := range margins {
					if other[0] == xy[0] && (om > m || om == m && other[1] < xy[1]) ||
						other[1] == xy[1] && (om > m || om == m && other[0] < xy[0]) {
						isBest = false
					}
				}
				if isBest {
					out[a+"/"+xy[0]+" "+b+"/"+xy[1]] = contender{margin: m}
				}
			}
		}
	}
	return out
}

func TestMarginAcceptsWhatItsDefinitionAccepts(t *testing.T) {
	for seed := range int64(6) {
		w := randomWorld(rand.New(rand.NewSource(seed)), 0.3, map[string]int{"english": 50, "hindi": 41, "thai": 3, "yoruba": 1})
		_, got := run(t, w.input(t))
		want := plainMargin(w, 4, 1.05)
		if !reflect.DeepEqual(keys(got), keys(want)) {
			t.Fatalf("seed %d: got %d pairs, want %d:\n%v\n%v", seed, len(got), len(want), keys(got), keys(want))
		}
		if len(want) < 10 {
			t.Fatalf("seed %d: only %d pairs: the test shows nothing", seed, len(want))
		}
		for name, c := range want {
			if got[name].margin != c.margin {
				t.Errorf("seed %d: margin of %s is %v, want %v", seed, name, got[name].margin, c.margin)
			}
		}
	}
}

func TestMutualAndSeedAcceptWhatTheirDefinitionsAccept(t *testing.T) {
	for seed := range int64(6) {
		w := randomWorld(rand.New(rand.NewSource(seed)), 0.5, map[string]int{"english": 40, "hindi": 30, "thai": 5})
		w.images = map[string][]string{}
		for i, id := range w.ids("english") {
			w.images["english/"+id] = []string{fmt.Sprint("image", i%5)}
		}
		for i, id := range w.ids("hindi") {
			w.images["hindi/"+id] = []string{"other", fmt.Sprint("image", i%5)}
		}
		mutual, seeded := map[string]contender{}, map[string]contender{}
		for i, a := range w.languages() {
			for _, b := range w.languages()[i+1:] {
				for _, x := range w.ids(a) {
					for _, y := range w.ids(b) {
						xNearest, yNearest := w.nearest(a, x, b, 1)[0].id == y, w.nearest(b, y, a, 1)[0].id == x
						score, name := w.cosine(a, x, b, y), a+"/"+x+" "+b+"/"+y
						shared := len(w.images[a+"/"+x]) > 0 && len(w.images[b+"/"+y]) > 0 &&
							w.images[a+"/"+x][0] == w.images[b+"/"+y][1]
						if xNearest && yNearest && score >= 0.8 {
							mutual[name] = contender{}
						}
						if (xNearest || yNearest) && (score >= 0.8 || shared && score >= float32(0.8)-0.069) {
							seeded[name] = contender{}
						}
					}
				}
			}
		}
		in := w.input(t)
		in.Threshold = 0.8
		for rule, want := range map[string]map[string]contender{"mutual": mutual, "seed": seeded} {
			in.Rule = rule
			if _, got := run(t, in); !reflect.DeepEqual(keys(got), keys(want)) || len(want) < 5 {
				t.Errorf("%s, seed %d: got %d pairs, want %d", rule, seed, len(got), len(want))
			}
		}
	}
}

func TestThresholdsAreInclusiveTiesGoToTheSmallerIdAndNearMissesAreCounted(t *testing.T) {
	east, north, off := []float64{1, 0}, []float64{0, 1}, []float64{0.7437, math.Sqrt(1 - 0.7437*0.7437)}
	w := world{keep: 8, vectors: map[string]map[string][]float64{
		"english": {"e1": east, "e2": {-0.6, -0.8}},
		"hindi":   {"h1": off, "h2": off, "h3": {-0.8, -0.6}},
		"thai":    {"t1": north},
	}}
	in := w.input(t)
	in.Rule, in.Threshold = "mutual", 0.7437
	r, got := run(t, in)
	if _, ok := got["english/e1 hindi/h1"]; !ok || len(got) != 2 {
		t.Errorf("a cosine equal to the threshold, tied between h1 and h2: got %v", keys(got))
	}
	if len(r.duplicates) != 1 || r.articles.Name(r.duplicates[0].a) != "hindi/h1" {
		t.Errorf("h1 and h2 are the only duplicates: got %v", r.duplicates)
	}
	in.Threshold = 0.75
	r, got = run(t, in)
	if _, ok := got["english/e1 hindi/h1"]; ok || r.counts["near_misses"] != 1 {
		t.Errorf("0.7437 under 0.75: got %v, %d near misses, want one", keys(got), r.counts["near_misses"])
	}
	if len(r.histogram.Below) == 0 || r.histogram.Below[0].SourceID != "e1" || r.histogram.Above[0].SourceID != "e2" {
		t.Errorf("the pairs around the threshold: %+v", r.histogram)
	}
}

func TestEveryArticleHasTheComponentOfItsSmallestMember(t *testing.T) {
	w := randomWorld(rand.New(rand.NewSource(3)), 0.05, map[string]int{"english": 60, "hindi": 50, "serbian": 9, "serbian_latin": 20})
	in := w.input(t)
	dir := t.TempDir()
	counts, err := Run(in, dir, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	component, names := map[string]string{}, map[string]bool{}
	read(t, dir, "components.arrow", func(r *schemas.ComponentRow) {
		component[r.Language+"/"+r.ID] = arrowfile.Clone(r.Component)
		names[arrowfile.Clone(r.Component)] = true
	})
	if len(component) != 139 || int64(len(names)) != counts["components"] {
		t.Fatalf("%d articles, %d components, counted %d", len(component), len(names), counts["components"])
	}
	for article, name := range component {
		if name > article || component[name] != name {
			t.Errorf("%s is in %s, which is not its smallest member", article, name)
		}
	}
	pairs := 0
	read(t, dir, "pairs.arrow", func(r *schemas.PairRow) {
		pairs++
		a, b := r.SourceLanguage+"/"+r.SourceID, r.TargetLanguage+"/"+r.TargetID
		if r.SourceLanguage >= r.TargetLanguage || component[a] != component[b] || component[a] != r.Component {
			t.Errorf("pair %s %s: components %s and %s, row %s", a, b, component[a], component[b], r.Component)
		}
	})
	read(t, dir, "duplicates.arrow", func(r *schemas.DuplicateRow) {
		if r.SourceID >= r.TargetID || component[r.Language+"/"+r.SourceID] != component[r.Language+"/"+r.TargetID] {
			t.Errorf("duplicates %s and %s of %s", r.SourceID, r.TargetID, r.Language)
		}
	})
	if int64(pairs) != counts["accepted"] || counts["duplicates"] == 0 {
		t.Errorf("%d pairs, counts %v", pairs, counts)
	}
	var h Histogram
	b, _ := os.ReadFile(filepath.Join(dir, "histogram.json"))
	if err := json.Unmarshal(b, &h); err != nil || h.Measure != "margin" || len(h.Bins) == 0 {
		t.Errorf("histogram %+v, %v", h, err)
	}
}

func read[T any](t *testing.T, dir, name string, f func(*T)) {
	t.Helper()
	if err := arrowfile.Each(filepath.Join(dir, name), func(r *T) error { f(r); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestTheOrderOfTheListsDoesNotMatter(t *testing.T) {
	w := randomWorld(rand.New(rand.NewSource(5)), 0.4, map[string]int{"english": 50, "hindi": 40, "thai": 30})
	in := w.input(t)
	for rule := range rules {
		if in.Rule, in.Threshold = rule, 0.9; rules[rule].weigh {
			continue // TestTheOrderOfTheEvidenceDoesNotMatter
		}
		a, b := t.TempDir(), t.TempDir()
		if _, err := Run(in, a, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		mixed := in
		mixed.Lists = append([]Lists(nil), in.Lists...)
		rand.New(rand.NewSource(9)).Shuffle(len(mixed.Lists), func(i, j int) {
			mixed.Lists[i], mixed.Lists[j] = mixed.Lists[j], mixed.Lists[i]
		})
		if _, err := Run(mixed, b, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"pairs.arrow", "duplicates.arrow", "components.arrow", "histogram.json"} {
			x, _ := os.ReadFile(filepath.Join(a, name))
			y, _ := os.ReadFile(filepath.Join(b, name))
			if len(x) == 0 || !bytes.Equal(x, y) {
				t.Errorf("%s: %s differs", rule, name)
			}
		}
	}
}

func TestWhatCannotBeLinkedIsNamed(t *testing.T) {
	w := randomWorld(rand.New(rand.NewSource(1)), 0.3, map[string]int{"english": 12, "hindi": 12})
	for name, c := range map[string]struct {
		change func(*Input)
		kind   string
		says   string
	}{
		"an unknown rule":      {func(in *Input) { in.Rule = "best" }, schemas.InvalidInput, "agreement, evidence, induced, margin, mutual, seed"},
		"no number":            {func(in *Input) { in.Threshold = math.NaN() }, schemas.InvalidInput, "align.threshold"},
		"lists that are short": {func(in *Input) { in.K = 9 }, schemas.InvalidInput, "align.keep"},
		"lists of others": {func(in *Input) { in.Lists[1].Forward = in.Lists[1].Backward }, schemas.CorruptObject,
			"neighbours of english in hindi"},
	} {
		in := w.input(t)
		c.change(&in)
		_, err := Run(in, t.TempDir(), func(int, int) {})
		var typed *fault.Error
		if !errors.As(err, &typed) || typed.Type != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
