package split

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// oracle remembers by plain maps what the catalogues of a ledger published.
type oracle struct {
	last    map[string]string // "language/id" -> split
	trained map[string]bool
	content map[[32]byte]bool
}

func name(a Article) string { return a.Language + "/" + a.ID }

// want is the split and reason of a component by the rules of the design, from scratch.
func (o oracle) want(members []Article, languages, total int, seed uint64) (split, reason string) {
	label, last := "", ""
	rank := strings.Index
	const order = "train val test"
	for _, a := range members {
		if o.trained[name(a)] || o.content[a.Content] {
			return Train, ByTrainHistory
		}
		if a.Label != "" && (label == "" || rank(order, a.Label) > rank(order, label)) {
			label = a.Label
		}
		if s := o.last[name(a)]; s != "" && (last == "" || rank(order, s) > rank(order, last)) {
			last = s
		}
	}
	switch {
	case float64(len(members)) > 0.02*float64(total) && len(members) > languages:
		return Train, ByLarge
	case label != "":
		return label, ByLabel
	case last != "":
		return last, ByEvalHistory
	}
	return hashed(members[0], params, seed), ByHash
}

func (o oracle) publish(a Article, split string) {
	o.last[name(a)] = split
	if split == Train {
		o.trained[name(a)], o.content[a.Content] = true, true
	}
}

// edition is a random choice of a world's articles: some edited since, some labelled, linked as chance has it.
func edition(random *rand.Rand, world []Article, labels []string) graph {
	var g graph
	for i := range world {
		if random.Intn(8) == 0 {
			world[i].Content = [32]byte{byte(random.Intn(120)), 1}
		}
		if a := world[i]; random.Intn(5) > 0 {
			a.Label = labels[random.Intn(len(labels))]
			g.articles = append(g.articles, a)
		}
	}
	for range len(g.articles) / 3 {
		a, b := int32(random.Intn(len(g.articles))), int32(random.Intn(len(g.articles)))
		if a != b {
			g.pairs = append(g.pairs, [2]int32{min(a, b), max(a, b)})
		}
	}
	return g
}

func TestNothingEverTrainedOnIsTestedOnInAnyLaterCatalogue(t *testing.T) {
	seen := map[string]int{}
	for seed := range int64(24) {
		random := rand.New(rand.NewSource(seed))
		labels := [][]string{{""}, {"", "", "", "", "", "train", "val", "test"}}[seed%2]
		var world []Article
		for l := range 2 + random.Intn(4) {
			for i := range 40 {
				world = append(world, Article{Language: fmt.Sprint("l", l), ID: fmt.Sprintf("%02d", i), Content: [32]byte{byte(random.Intn(250)), 2}})
			}
		}
		o := oracle{map[string]string{}, map[string]bool{}, map[[32]byte]bool{}}
		past, _ := readHistory("", "")
		for n := range 10 {
			g := edition(random, world, labels)
			past.recall(g.articles)
			got, err := Assign(g.articles, g.edges(), params, 7)
			must(t, err)
			root := reach(g.neighbours())
			members := map[int32][]Article{}
			for i, a := range g.articles {
				members[root[i]] = append(members[root[i]], a)
			}
			moved := int64(0)
			for i, a := range g.articles {
				split, reason := o.want(members[root[i]], languages(g.articles), len(g.articles), 7)
				if published(got, i) != split || got[root[i]].Reason != reason || got[i].Split != split && got[i].Split != Dropped {
					t.Fatalf("seed %d, catalogue %d: %s is in %+v, wanted %s by %s", seed, n, name(a), got[i], split, reason)
				}
				if split == Train {
					seen[reason]++
					continue
				}
				for _, m := range members[root[i]] {
					if o.trained[name(m)] || o.content[m.Content] {
						t.Fatalf("seed %d, catalogue %d: %s is in %s, linked with %s, which was in train", seed, n, name(a), split, name(m))
					}
				}
				seen[reason]++
			}
			for i, a := range g.articles {
				if was := o.last[name(a)]; was != "" && was != published(got, i) {
					moved++
					seen[was+" to "+published(got, i)]++
				}
				o.publish(a, published(got, i))
			}
			if counted := count(g.articles, got, nil)["moved"]; counted != moved {
				t.Fatalf("seed %d, catalogue %d: counted %d moved, %d did", seed, n, counted, moved)
			}
			next, dir := past.with(g.articles, got), t.TempDir()
			must(t, next.write(dir))
			if past, err = readHistory(filepath.Join(dir, "history.arrow"), filepath.Join(dir, "trained.arrow")); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(past, next) || len(past.rows) != len(o.last) || len(past.trained) != len(o.content) {
				t.Fatalf("seed %d, catalogue %d: history of %d articles and %d contents read back as another, or the oracle has %d and %d", seed, n,
					len(next.rows), len(next.trained), len(o.last), len(o.content))
			}
			for _, r := range past.rows {
				if id := r.Language + "/" + r.ID; (r.Split == Train) != o.trained[id] || r.Split != o.last[id] {
					t.Fatalf("seed %d, catalogue %d: history says %+v of %s", seed, n, r, id)
				}
			}
		}
	}
	for _, kind := range []string{ByTrainHistory, ByLarge, ByLabel, ByEvalHistory, ByHash, "test to train", "val to train", "val to test"} {
		if seen[kind] == 0 {
			t.Errorf("no article was %q: the catalogues show too little (%v)", kind, seen)
		}
	}
	for kind := range seen {
		if strings.HasPrefix(kind, "train to") {
			t.Errorf("articles went from %s", kind)
		}
	}
}

// ledger splits hand-made catalogues one after the other, through files.
type ledger struct {
	t   *testing.T
	dir string // of the newest
}

func (l *ledger) take(articles []Article, texts []string, pairs ...[2]int) map[string]string {
	l.t.Helper()
	dir := l.t.TempDir()
	in := Input{Params: params, Seed: 1, Pairs: filepath.Join(dir, "p"), Duplicates: filepath.Join(dir, "d")}
	in.Params.LargeShare = 1
	if l.dir != "" {
		in.History, in.Trained = filepath.Join(l.dir, "history.arrow"), filepath.Join(l.dir, "trained.arrow")
	}
	for i, a := range articles {
		if i == 0 || articles[i-1].Language != a.Language {
			in.Languages, in.Articles = append(in.Languages, a.Language), append(in.Articles, filepath.Join(dir, a.Language))
			var rows []schemas.ArticleRow
			for j, b := range articles {
				if b.Language == a.Language {
					rows = append(rows, schemas.ArticleRow{Language: b.Language, ID: b.ID, URL: "u", Title: "t", Summary: texts[j], Text: "text", Label: b.Label, Digest: "d"})
				}
			}
			must(l.t, arrowfile.WriteRows(filepath.Join(dir, a.Language), len(rows), func(i int) schemas.ArticleRow { return rows[i] }))
		}
	}
	must(l.t, arrowfile.WriteRows(in.Pairs, len(pairs), func(i int) schemas.PairRow {
		a, b := articles[pairs[i][0]], articles[pairs[i][1]]
		return schemas.PairRow{SourceLanguage: a.Language, SourceID: a.ID, TargetLanguage: b.Language, TargetID: b.ID,
			Score: 1, Margin: 1, Rule: "margin", Component: "c"}
	}))
	must(l.t, arrowfile.WriteRows[schemas.DuplicateRow](in.Duplicates, 0, nil))
	l.dir = l.t.TempDir()
	counts, err := Run(in, l.dir, func(int64, int64) {})
	must(l.t, err)
	got := map[string]string{"moved": fmt.Sprint(counts["moved"]), "overruled": fmt.Sprint(counts["overruled_labels"], counts["overruled_by_history"])}
	must(l.t, arrowfile.Each(filepath.Join(l.dir, "splits.arrow"), func(r *schemas.SplitRow) error {
		got[arrowfile.Clone(r.ID)] = arrowfile.Clone(r.Split + " " + r.Reason)
		return nil
	}))
	return got
}

func TestWhatWasTrainedOnIsKnownByItsTextEvenUnderAnotherID(t *testing.T) {
	l := &ledger{t: t}
	l.take([]Article{{Language: "english", ID: "a", Label: "train"}, {Language: "english", ID: "b", Label: "test"}}, []string{"A", "B"})
	l.take([]Article{{Language: "english", ID: "b"}}, []string{"B"}) // a is withdrawn
	got := l.take([]Article{{Language: "english", ID: "b"}, {Language: "hindi", ID: "new", Label: "test"}}, []string{"B", "A"})
	if got["new"] != "train history_train" || got["b"] != "test history_eval" || got["overruled"] != "1 1" {
		t.Errorf("a's text came back as new, labelled test: %v", got)
	}
	// An article that was dropped for another of its text was trained on with it.
	l = &ledger{t: t}
	l.take([]Article{{Language: "english", ID: "a", Label: "train"}, {Language: "english", ID: "b"}}, []string{"A", "A"})
	got = l.take([]Article{{Language: "english", ID: "b", Label: "test"}}, []string{"edited"})
	if got["b"] != "train history_train" {
		t.Errorf("b was dropped for a, which was in train: %v", got)
	}
}

func TestAnArticleOfTestMayMoveToTrainAndComesBackAsWhatItWas(t *testing.T) {
	l := &ledger{t: t}
	a, b := Article{Language: "english", ID: "a", Label: "test"}, Article{Language: "hindi", ID: "b", Label: "train"}
	l.take([]Article{a, b}, []string{"A", "B"})
	a.Label, b.Label = "", ""
	l.take([]Article{b}, []string{"B"})
	if got := l.take([]Article{a, b}, []string{"A", "B"}); got["a"] != "test history_eval" || got["moved"] != "0" {
		t.Errorf("a was withdrawn and comes back: %v", got)
	}
	if got := l.take([]Article{a, b}, []string{"A", "B"}, [2]int{0, 1}); got["a"] != "train history_train" || got["moved"] != "1" {
		t.Errorf("a is found to be a translation of b: %v", got)
	}
	a.Label = "test"
	if got := l.take([]Article{a}, []string{"A"}); got["a"] != "train history_train" || got["overruled"] != "1 1" {
		t.Errorf("a was in train once: %v", got)
	}
}

func TestAHistoryThatIsNotOneIsRefused(t *testing.T) {
	dir := t.TempDir()
	good, trained := filepath.Join(dir, "good"), filepath.Join(dir, "trained")
	must(t, arrowfile.WriteRows(good, 1, func(int) schemas.HistoryRow { return schemas.HistoryRow{Language: "l", ID: "a", Split: "train"} }))
	must(t, arrowfile.WriteRows(trained, 1, func(int) schemas.TrainedRow { return schemas.TrainedRow{Content: strings.Repeat("0", 64)} }))
	for i, rows := range [][]schemas.HistoryRow{{{Language: "l", ID: "b", Split: "train"}, {Language: "l", ID: "a", Split: "train"}},
		{{Language: "l", ID: "a", Split: "dropped"}}, {{Language: "l", ID: "a"}}} {
		path := filepath.Join(dir, fmt.Sprint("history", i))
		must(t, arrowfile.WriteRows(path, len(rows), func(n int) schemas.HistoryRow { return rows[n] }))
		if _, err := readHistory(path, trained); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%v: %v", rows, err)
		}
	}
	for i, digest := range []string{"", "xyz", strings.Repeat("0", 62)} {
		path := filepath.Join(dir, fmt.Sprint("trained", i))
		must(t, arrowfile.WriteRows(path, 1, func(int) schemas.TrainedRow { return schemas.TrainedRow{Content: digest} }))
		if _, err := readHistory(good, path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", digest, err)
		}
	}
	b, err := os.ReadFile(good)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "cut"), b[:len(b)-20], 0o644))
	if _, err := readHistory(filepath.Join(dir, "cut"), trained); err == nil {
		t.Error("a truncated history was read")
	}
}
