package split

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/fault"
	"crosssum/internal/testkit"
	"crosssum/schemas"
)

var params = schemas.SplitParams{Train: 80, Val: 10, Test: 10, LargeShare: 0.02, NearText: 0.8, Boilerplate: 20}

// graph is random articles in (language, id) order, with pairs across languages and duplicates within.
type graph struct {
	articles          []Article
	pairs, duplicates [][2]int32
}

func (g graph) edges() [][2]int32 {
	return append(append([][2]int32(nil), g.pairs...), g.duplicates...)
}

// randomGraph joins each article to some others: density edges an article.
func randomGraph(random *rand.Rand, languages, size int, density float64, labels []string) graph {
	var g graph
	for l := range languages {
		for i := range size {
			g.articles = append(g.articles, Article{
				Language: fmt.Sprintf("l%02d", l), ID: fmt.Sprintf("%05d", i), Label: labels[random.Intn(len(labels))],
				Content: sha256.Sum256([]byte(fmt.Sprint(random.Intn(20 * size)))),
			})
		}
	}
	for range int(density * float64(len(g.articles))) {
		a, b := int32(random.Intn(len(g.articles))), int32(random.Intn(len(g.articles)))
		switch {
		case a == b:
		case g.articles[a].Language == g.articles[b].Language:
			g.duplicates = append(g.duplicates, [2]int32{min(a, b), max(a, b)})
		default:
			g.pairs = append(g.pairs, [2]int32{min(a, b), max(a, b)})
		}
	}
	return g
}

// neighbours are what an article must not be parted from: aligned, duplicate, or of the same content and language.
func (g graph) neighbours() [][]int32 {
	out := make([][]int32, len(g.articles))
	join := func(a, b int32) { out[a], out[b] = append(out[a], b), append(out[b], a) }
	for _, e := range g.edges() {
		join(e[0], e[1])
	}
	for a := range g.articles {
		for b := range a {
			if g.articles[a].Language == g.articles[b].Language && g.articles[a].Content == g.articles[b].Content {
				join(int32(a), int32(b))
			}
		}
	}
	return out
}

// reach gives each article the smallest one that it reaches, by walking the graph.
func reach(neighbours [][]int32) []int32 {
	out := make([]int32, len(neighbours))
	for n := range out {
		out[n] = -1
	}
	for n := range out {
		for todo := []int32{int32(n)}; len(todo) > 0; {
			v := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if out[v] < 0 {
				out[v] = int32(n)
				todo = append(todo, neighbours[v]...)
			}
		}
	}
	return out
}

func TestNothingLeaksInRandomGraphs(t *testing.T) {
	seen := map[string]int{}
	for seed := range int64(40) {
		random := rand.New(rand.NewSource(seed))
		labels := [][]string{{""}, {"", "", "", "train", "val", "test"}, {"train", "train", "test"}}[seed%3]
		g := randomGraph(random, 2+random.Intn(5), 20+random.Intn(80), random.Float64()*0.9, labels)
		got, err := Assign(g.articles, g.edges(), params, uint64(seed))
		if err != nil {
			t.Fatal(err)
		}
		neighbours := g.neighbours()
		want, size := reach(neighbours), map[int32]int{}
		for _, root := range want {
			size[root]++
		}
		live := map[int32]map[string]bool{} // splits of the articles of a component, dropped ones apart
		for n, a := range got {
			seen[a.Split+" "+a.Reason]++
			if a.Component != want[n] {
				t.Fatalf("seed %d: article %d is in component %d, want %d", seed, n, a.Component, want[n])
			}
			if a.Split == Dropped {
				continue
			}
			if live[a.Component] == nil {
				live[a.Component] = map[string]bool{}
			}
			live[a.Component][a.Split] = true
			if large := size[a.Component] > len(got)/50 && size[a.Component] > languages(g.articles); large != (a.Reason == ByLarge) {
				t.Fatalf("seed %d: a component of %d of %d articles has reason %s", seed, size[a.Component], len(got), a.Reason)
			}
		}
		for c, splits := range live {
			if len(splits) != 1 {
				t.Fatalf("seed %d: component %d is in %v", seed, c, splits)
			}
		}
		for _, s := range Samples(got, g.pairs) {
			split := got[s[0]].Split
			for _, end := range s {
				if got[end].Split != split || split == Dropped {
					t.Fatalf("seed %d: sample %v crosses splits", seed, s)
				}
				for _, near := range neighbours[end] {
					if other := got[near].Split; other != split && other != Dropped {
						t.Fatalf("seed %d: sample %v is in %s, its neighbour %d in %s", seed, s, split, near, other)
					}
				}
			}
		}
	}
	for _, kind := range []string{"train label", "val label", "test label", "train hash", "val hash", "test hash", "train large",
		"dropped exact_duplicate"} {
		if seen[kind] == 0 {
			t.Errorf("no article was %q: the graphs show too little (%v)", kind, seen)
		}
	}
}

func TestTheOrderOfEdgesDoesNotMatter(t *testing.T) {
	random := rand.New(rand.NewSource(4))
	g := randomGraph(random, 4, 100, 0.7, []string{"", "test", "train"})
	want, _ := Assign(g.articles, g.edges(), params, 3)
	for range 5 {
		edges := g.edges()
		random.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
		for i := range edges {
			if random.Intn(2) == 0 {
				edges[i][0], edges[i][1] = edges[i][1], edges[i][0]
			}
		}
		if got, _ := Assign(g.articles, edges, params, 3); !reflect.DeepEqual(got, want) {
			t.Fatal("another order of the same edges gives another split")
		}
	}
}

func TestLabelsOfTestComeBeforeValBeforeTrain(t *testing.T) {
	articles := func(labels ...string) (out []Article) {
		for i, l := range labels {
			out = append(out, Article{Language: fmt.Sprintf("l%03d", i), ID: "x", Label: l})
		}
		for i := range 200 { // so that three are no large share
			out = append(out, Article{Language: "z", ID: fmt.Sprintf("%03d", i), Content: [32]byte{1, byte(i)}})
		}
		return out
	}
	for _, c := range []struct {
		labels []string
		want   string
	}{
		{[]string{"train", "val", "test"}, "test"}, {[]string{"", "train", "val"}, "val"}, {[]string{"", "", "train"}, "train"},
	} {
		rows := articles(c.labels...)
		got, err := Assign(rows, [][2]int32{{0, 1}, {1, 2}}, params, 1)
		if err != nil || got[0].Split != c.want || got[2].Split != c.want || got[0].Reason != ByLabel {
			t.Errorf("%v: got %+v, %v", c.labels, got[:3], err)
		}
		moved := 0
		for _, l := range c.labels {
			if l != "" && l != c.want {
				moved++
			}
		}
		if counts := count(rows, got, nil); counts["relabelled"] != int64(moved) || counts["overruled_labels"] != 0 {
			t.Errorf("%v: counted %v", c.labels, counts)
		}
	}
}

func TestTranslationsIntoEveryLanguageAreNoLargeComponentHoweverSmallTheCrawl(t *testing.T) {
	var articles []Article
	for l := range 3 {
		for i := range 10 {
			articles = append(articles, Article{Language: fmt.Sprint("l", l), ID: fmt.Sprint(i), Content: [32]byte{byte(l), byte(i)}})
		}
	}
	got, _ := Assign(articles, [][2]int32{{0, 10}, {10, 20}, {1, 11}, {11, 21}, {11, 22}}, params, 1)
	if got[0].Reason != ByHash || got[1].Reason != ByLarge || got[22].Split != Train {
		t.Errorf("three translations of 30 articles: %+v; four of three languages: %+v", got[0], got[1])
	}
}

func TestHashedSharesAreThoseAskedForAndDependOnTheSeed(t *testing.T) {
	var articles []Article
	for i := range 20000 {
		articles = append(articles, Article{Language: "l", ID: fmt.Sprintf("%05d", i), Content: [32]byte{byte(i), byte(i >> 8)}})
	}
	a, _ := Assign(articles, nil, params, 1)
	b, _ := Assign(articles, nil, params, 2)
	share, equal := map[string]int{}, 0
	for n := range a {
		share[a[n].Split]++
		if a[n] == b[n] {
			equal++
		}
	}
	for split, want := range map[string]int{Train: 16000, Val: 2000, Test: 2000} {
		if d := share[split] - want; d < -200 || d > 200 {
			t.Errorf("%s has %d of 20000 articles, want about %d", split, share[split], want)
		}
	}
	if equal > 14000 {
		t.Errorf("%d of 20000 articles have the same split under another seed", equal)
	}
}

func TestWhatCannotBeSplitIsInvalidInput(t *testing.T) {
	for _, c := range []struct {
		label  string
		params schemas.SplitParams
	}{
		{"dev", params},
		{"", schemas.SplitParams{Train: 80, Val: 10, Test: 11, LargeShare: 0.02}},
		{"", schemas.SplitParams{Train: 120, Val: -10, Test: -10, LargeShare: 0.02}},
		{"", schemas.SplitParams{Train: 80, Val: 10, Test: 10}},
	} {
		_, err := Assign([]Article{{Language: "l", ID: "a", Label: c.label}}, nil, c.params, 1)
		var typed *fault.Error
		if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestRunWritesSplitsAndSamplesOfBothDirections(t *testing.T) {
	dir := t.TempDir()
	in := Input{Languages: []string{"english", "hindi"}, Params: params, Seed: 1, Pairs: filepath.Join(dir, "p"), Duplicates: filepath.Join(dir, "d")}
	in.Params.LargeShare = 1
	texts := map[string][]string{"english": {"one", "two", "two", "four"}, "hindi": {"ek", "do", "teen"}}
	for _, l := range in.Languages {
		path := filepath.Join(dir, l)
		in.Articles = append(in.Articles, path)
		must(t, arrowfile.WriteRows(path, len(texts[l]), func(i int) schemas.ArticleRow {
			return schemas.ArticleRow{Language: l, ID: fmt.Sprint(l[:1], i), URL: "u", Title: "t", Summary: texts[l][i], Text: "text", Digest: "d"}
		}))
	}
	pairs := [][2]string{{"e0", "h0"}, {"e1", "h1"}, {"e2", "h2"}}
	must(t, arrowfile.WriteRows(in.Pairs, len(pairs), func(i int) schemas.PairRow {
		return schemas.PairRow{SourceLanguage: "english", SourceID: pairs[i][0], TargetLanguage: "hindi", TargetID: pairs[i][1],
			Score: 1, Margin: 1, Rule: "margin", Component: "c"}
	}))
	must(t, arrowfile.WriteRows(in.Duplicates, 1, func(int) schemas.DuplicateRow {
		return schemas.DuplicateRow{Language: "english", SourceID: "e0", TargetID: "e3", Score: 1}
	}))
	var first []byte
	for range 2 {
		out := t.TempDir()
		counts, err := Run(in, out, func(int64, int64) {})
		must(t, err)
		var got []string
		must(t, arrowfile.Each(filepath.Join(out, "samples.arrow"), func(r *schemas.SampleRow) error {
			got = append(got, arrowfile.Clone(r.SourceID+">"+r.TargetID))
			return nil
		}))
		// e2 says what e1 says: it is dropped, and its pair with h2 goes with it.
		want := []string{"e0>e0", "e0>h0", "e1>e1", "e1>h1", "e3>e3", "h0>e0", "h0>h0", "h1>e1", "h1>h1", "h2>h2"}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("samples %v, want %v", got, want)
		}
		if counts["dropped"] != 1 || counts["reason_exact_duplicate"] != 1 || counts["components"] != 2 || counts["samples"] != 10 {
			t.Errorf("counts %v", counts)
		}
		components := map[string]string{}
		must(t, arrowfile.Each(filepath.Join(out, "splits.arrow"), func(r *schemas.SplitRow) error {
			components[arrowfile.Clone(r.ID)] = arrowfile.Clone(r.Component + " " + r.Split)
			return nil
		}))
		if components["e3"] != components["e0"] || components["h0"] != components["e0"] {
			t.Errorf("e3 is a near-duplicate of e0, which is aligned with h0, yet they stand in %v", components)
		}
		b, _ := os.ReadFile(filepath.Join(out, "splits.arrow"))
		if first != nil && !bytes.Equal(first, b) {
			t.Error("the same input gave other bytes")
		}
		first = b
	}
}

var must = testkit.Must
