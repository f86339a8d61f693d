package evidence

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/mining/lexicon"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// article is one of a language, sorted by id.
type article struct {
	id, summary, text string
	vector            []float32
}

// laid lays out two languages as the stages before would. keep is the length of neighbour lists.
func laid(t *testing.T, a, b []article, keep int) Input {
	t.Helper()
	dir := t.TempDir()
	side := func(name string, own, other []article) Side {
		s := Side{Lexicon: filepath.Join(dir, name+".lexicon"), Embeddings: filepath.Join(dir, name+".embeddings"), Own: filepath.Join(dir, name+".own"),
			Neighbours: filepath.Join(dir, name+".neighbours")}
		articles := filepath.Join(dir, name+".articles")
		write(t, articles, 1, len(own), func(i int) schemas.ArticleRow {
			return schemas.ArticleRow{Language: name, ID: own[i].id, Summary: own[i].summary, Text: own[i].text}
		})
		if _, err := lexicon.Run(articles, s.Lexicon, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		write(t, s.Embeddings, 4, len(own), func(i int) schemas.EmbeddingRow {
			return schemas.EmbeddingRow{Language: name, ID: own[i].id, TextDigest: own[i].summary, Embedding: own[i].vector}
		})
		for path, in := range map[string][]article{s.Own: own, s.Neighbours: other} {
			var rows []schemas.NeighbourRow
			for i, from := range own {
				for rank, n := range nearest(from.vector, in, keep, path == s.Own, i) {
					rows = append(rows, schemas.NeighbourRow{SourceID: from.id, Rank: int32(rank), TargetID: in[n.row].id, Score: n.score})
				}
			}
			write(t, path, 1, len(rows), func(i int) schemas.NeighbourRow { return rows[i] })
		}
		return s
	}
	return Input{A: side("a", a, b), B: side("b", b, a), K: 4, BlockRows: 16384, Duplicate: 0.99}
}

// nearest is a neighbour list by definition.
func nearest(vector []float32, in []article, keep int, own bool, itself int) (list []entry) {
	for i := range in {
		if !own || i != itself {
			list = append(list, entry{int32(i), dot(vector, in[i].vector)})
		}
	}
	slices.SortFunc(list, func(x, y entry) int { return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.row, y.row)) })
	return list[:min(keep, len(list))]
}

func write[T any](t *testing.T, path string, width, n int, row func(i int) T) {
	t.Helper()
	w, err := arrowfile.CreateVectors[T](path, width, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := w.Append(row(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// gathered runs, and reads what was written.
func gathered(t *testing.T, in Input) (rows []schemas.EvidenceRow, raw []byte, counts map[string]int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "evidence")
	counts, err := Run(context.Background(), in, path, func(done, total int64) {
		if done > total {
			t.Errorf("%d of %d", done, total)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := arrowfile.Each(path, func(r *schemas.EvidenceRow) error {
		rows = append(rows, *r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	raw, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return rows, raw, counts
}

// random is a language: topics that others have too, copies of whole articles, templates (one summary, several texts).
func random(r *rand.Rand, name string, n int) []article {
	var out []article
	for i := range n {
		topic := r.IntN(n + 1)
		vector := make([]float32, 4)
		square := 0.0
		noise := rand.New(rand.NewPCG(uint64(topic), 5))
		for k := range vector {
			vector[k] = float32(noise.NormFloat64() + 0.05*r.NormFloat64())
			square += float64(vector[k]) * float64(vector[k])
		}
		for k := range vector {
			vector[k] /= float32(math.Sqrt(square))
		}
		text := fmt.Sprintf("%s topic%d package%d.", name, topic, topic%5)
		if r.IntN(3) == 0 {
			text += fmt.Sprintf(" https://example.org/%d", topic)
		}
		a := article{fmt.Sprintf("%s%04d", name, i), fmt.Sprintf("summary %d of %d", i, topic), text, vector}
		if len(out) > 0 && r.IntN(4) == 0 { // a copy, or a template
			of := out[r.IntN(len(out))]
			a.summary, a.vector = of.summary, of.vector
			if r.IntN(2) == 0 {
				a.text = of.text
			}
		}
		out = append(out, a)
	}
	return out
}

func TestWhatIsGatheredIsWhatTheDefinitionsSay(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		a, b := random(r, "a", 1+r.IntN(60)), random(r, "b", 1+r.IntN(60))
		in := laid(t, a, b, 8)
		rows, raw, _ := gathered(t, in)
		compareWithDefinitions(t, seed, a, b, in, rows)
		for _, size := range []int{1, 7, 30} {
			in.BlockRows = size
			if _, other, _ := gathered(t, in); !bytes.Equal(raw, other) {
				t.Fatalf("seed %d: blocks of %d rows give other bytes", seed, size)
			}
		}
	}
}

func compareWithDefinitions(t *testing.T, seed uint64, a, b []article, in Input, rows []schemas.EvidenceRow) {
	t.Helper()
	first := func(list []article, i int, same func(x, y article) bool) int {
		return slices.IndexFunc(list, func(x article) bool { return same(x, list[i]) })
	}
	isCopy := func(list []article, i int) bool {
		return first(list, i, func(x, y article) bool { return x.summary == y.summary && x.text == y.text }) != i
	}
	mean := func(vector []float32, list []article) float32 {
		sum, n := 0.0, 0
		seen := map[string]bool{}
		for _, e := range nearest(vector, list, len(list), false, 0) {
			if s := list[e.row].summary; !seen[s] && n < in.K {
				seen[s] = true
				sum += float64(e.score)
				n++
			}
		}
		return float32(sum / float64(n))
	}
	lexA, lexB := read(t, in.A.Lexicon), read(t, in.B.Lexicon)
	has := map[[2]int32]bool{}
	for i, row := range rows {
		if i > 0 && (row.Source < rows[i-1].Source || row.Source == rows[i-1].Source && row.Target <= rows[i-1].Target) {
			t.Fatalf("seed %d: row %d out of order", seed, i)
		}
		has[[2]int32{row.Source, row.Target}] = true
		x, y := a[row.Source], b[row.Target]
		if isCopy(a, int(row.Source)) || isCopy(b, int(row.Target)) {
			t.Fatalf("seed %d: %s and %s: a copy is a contender", seed, x.id, y.id)
		}
		l, m := lexA[row.Source], lexB[row.Target]
		wanted := schemas.EvidenceRow{Source: row.Source, Target: row.Target, Score: dot(x.vector, y.vector), SourceMean: mean(x.vector, b),
			TargetMean: mean(y.vector, a), Tokens: lexicon.Cosine(l.Tokens, l.Weights, m.Tokens, m.Weights), SourceTokens: sharedMean(l, lexB, b, in.K),
			TargetTokens: sharedMean(m, lexA, a, in.K)}
		if row != wanted {
			t.Fatalf("seed %d: %s and %s: %+v, wanted %+v", seed, x.id, y.id, row, wanted)
		}
	}
	for i := range a {
		if isCopy(a, i) {
			continue
		}
		for _, j := range wantedBy(lexA[i], lexB, a[i].vector, b, in.K) {
			if !has[[2]int32{int32(i), j}] {
				t.Fatalf("seed %d: %s lacks %s", seed, a[i].id, b[j].id)
			}
		}
	}
	for j := range b {
		if isCopy(b, j) {
			continue
		}
		for _, i := range wantedBy(lexB[j], lexA, b[j].vector, a, in.K) {
			if !has[[2]int32{i, int32(j)}] {
				t.Fatalf("seed %d: %s lacks %s", seed, b[j].id, a[i].id)
			}
		}
	}
}

func read(t *testing.T, path string) (rows []schemas.LexiconRow) {
	t.Helper()
	if err := arrowfile.Each(path, func(r *schemas.LexiconRow) error {
		rows = append(rows, schemas.LexiconRow{CopyOf: r.CopyOf, Tokens: slices.Clone(r.Tokens), Weights: slices.Clone(r.Weights)})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

func sharing(l schemas.LexiconRow, in []schemas.LexiconRow, k int) (list []entry) {
	for i, m := range in {
		if c := lexicon.Cosine(l.Tokens, l.Weights, m.Tokens, m.Weights); c > 0 {
			list = append(list, entry{int32(i), c})
		}
	}
	slices.SortFunc(list, func(x, y entry) int { return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.row, y.row)) })
	return list[:min(k, len(list))]
}

func sharedMean(l schemas.LexiconRow, in []schemas.LexiconRow, articles []article, k int) float32 {
	sum := 0.0
	for _, e := range sharing(l, in, k) {
		sum += float64(e.score)
	}
	distinct := map[string]bool{}
	for _, a := range articles {
		distinct[a.summary] = true
	}
	return float32(sum / float64(min(k, len(distinct))))
}

// wantedBy are the nearest of each of the k nearest summaries, and the k that share most.
func wantedBy(l schemas.LexiconRow, lex []schemas.LexiconRow, vector []float32, in []article, k int) (out []int32) {
	seen := map[string]bool{}
	for _, e := range nearest(vector, in, len(in), false, 0) {
		if s := in[e.row].summary; !seen[s] && len(seen) < k {
			seen[s] = true
			out = append(out, e.row)
		}
	}
	for _, e := range sharing(l, lex, k) {
		out = append(out, e.row)
	}
	return out
}

// same is a language of n articles whose summaries have the directions of the topics.
func same(name string, n int) (out []article) {
	for i := range n {
		angle := float64(i) * 2 * math.Pi / float64(n)
		v := []float32{float32(math.Cos(angle)) * 0.3, float32(math.Sin(angle)) * 0.3, 0.94868, 0.1}
		out = append(out, article{fmt.Sprintf("%s%04d", name, i), fmt.Sprintf("%s summary %d", name, i), fmt.Sprintf("%s text of topic%d", name, i), v})
	}
	return out
}

// copies adds n more articles that are as one is.
func copies(list []article, of, n int) []article {
	for i := range n {
		c := list[of]
		c.id = fmt.Sprintf("z%04d-%d", i, of)
		list = append(list, c)
	}
	slices.SortFunc(list, func(x, y article) int { return strings.Compare(x.id, y.id) })
	return list
}

func TestCopiesChangeNothingThatIsSaidOfOthers(t *testing.T) {
	type input struct{ pairs, of, copies int }
	for _, c := range []input{{8, 3, 3}, {40, 7, 2}, {40, 0, 20}, {12, 5, 500}, {5, 4, 1}} {
		plain, _, _ := gathered(t, laid(t, same("a", c.pairs), same("b", c.pairs), 8))
		among, _, counts := gathered(t, laid(t, copies(same("a", c.pairs), c.of, c.copies), copies(same("b", c.pairs), c.of, c.copies), 8))
		if !slices.Equal(plain, among) {
			t.Errorf("%d pairs, %d more copies of one on both sides: %d rows, %d without copies (counts %v)", c.pairs, c.copies, len(among), len(plain), counts)
		}
	}
}

// linked are the ids of the pairs that the rule accepts.
func linked(t *testing.T, a, b []article) (pairs []string) {
	t.Helper()
	in := laid(t, a, b, 8)
	dir := t.TempDir()
	path := filepath.Join(dir, "evidence")
	if _, err := Run(context.Background(), in, path, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	articles := func(side Side) string { return strings.TrimSuffix(side.Lexicon, "lexicon") + "articles" }
	if _, err := link.Run(link.Input{Languages: []string{"a", "b"}, Articles: []string{articles(in.A), articles(in.B)}, Rule: "evidence", Threshold: 0.9,
		DuplicateThreshold: 0.99, K: 4, Lists: []link.Lists{{A: "a", B: "a", Forward: in.A.Own}, {A: "b", B: "b", Forward: in.B.Own},
			{A: "a", B: "b", Forward: in.A.Neighbours, Backward: in.B.Neighbours, Evidence: path}},
		Model: &schemas.EvidenceModel{Bias: -2, Weights: map[string]float64{"margin": 35, "token_margin": 9},
			Cuts: []schemas.Cut{{Precision: 0.9, Probability: 0.5}}}}, dir, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	if err := arrowfile.Each(filepath.Join(dir, "pairs.arrow"), func(p *schemas.PairRow) error {
		pairs = append(pairs, arrowfile.Clone(p.SourceID)+" "+arrowfile.Clone(p.TargetID))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return pairs
}

func TestAnArticlePublishedUnderSeveralIdsKeepsItsPair(t *testing.T) {
	for _, c := range []struct{ pairs, of, copies int }{{8, 3, 3}, {40, 7, 2}, {40, 0, 20}, {12, 5, 500}, {8, 7, 1}} {
		got := linked(t, copies(same("a", c.pairs), c.of, c.copies), copies(same("b", c.pairs), c.of, c.copies))
		if len(got) != c.pairs || !slices.Contains(got, fmt.Sprintf("a%04d b%04d", c.of, c.of)) {
			t.Errorf("%d pairs, %d more copies of one on both sides: found %v", c.pairs, c.copies, got)
		}
	}
}

func TestNearEqualArticlesCountAsOneAndSiblingsDoNot(t *testing.T) {
	list := func(change string) []article {
		a := same("a", 60)
		for i := range 6 {
			c := a[2]
			c.id, c.summary = fmt.Sprintf("y%d", i), c.summary+strings.Repeat(".", i+1)
			words := "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda"
			c.text = words + strings.Repeat(change, i)
			a = append(a, c)
		}
		return a
	}
	means := func(a []article) float32 {
		rows, _, _ := gathered(t, laid(t, a, same("b", 60), 8))
		for _, r := range rows {
			if r.Target == 2 {
				return r.TargetMean
			}
		}
		t.Fatal("no row")
		return 0
	}
	near, siblings := means(list(" ,")), means(list(" x1 y2 z3 v4 u5 other"))
	if near >= siblings {
		t.Errorf("the mean over near-equal articles is %v, over siblings %v", near, siblings)
	}
}

func TestDamagedFilesAreNamed(t *testing.T) {
	in := laid(t, same("a", 5), same("b", 6), 8)
	for name, broken := range map[string]Input{
		"embeddings of another language": {A: Side{in.A.Lexicon, in.B.Embeddings, in.A.Own, in.A.Neighbours}, B: in.B, K: 4, BlockRows: 9, Duplicate: 1},
		"lists of another language":      {A: Side{in.A.Lexicon, in.A.Embeddings, in.A.Own, in.B.Neighbours}, B: in.B, K: 4, BlockRows: 9, Duplicate: 1},
		"a file that is none":            {A: Side{"none", in.A.Embeddings, in.A.Own, in.A.Neighbours}, B: in.B, K: 4, BlockRows: 9, Duplicate: 1},
		"own lists of another":           {A: Side{in.A.Lexicon, in.A.Embeddings, in.B.Own, in.A.Neighbours}, B: in.B, K: 4, BlockRows: 9, Duplicate: 1},
	} {
		if _, err := Run(context.Background(), broken, filepath.Join(t.TempDir(), "x"), func(int64, int64) {}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestATokenOfVeryManyArticlesProposesNothing(t *testing.T) {
	n := Proposes + 2
	block := &tokens{offsets: []int32{0}}
	for row := range n {
		block.hashes = append(block.hashes, 1, int32(row+2))
		block.weights = append(block.weights, 100, 1000)
		block.articles = append(block.articles, int32(n), 1)
		block.offsets = append(block.offsets, int32(len(block.hashes)))
	}
	x := newIndex(block)
	for row := range n {
		x.ask(block, row)
		if len(x.touched) != 1 || x.sums[row] != 1000*1000 {
			t.Fatalf("row %d touches %d of %d", row, len(x.touched), n)
		}
		x.sums[row] = 0
	}
	often := &tokens{offsets: []int32{0, 2}, hashes: []int32{2, 3}, weights: []int32{1, 1}, articles: []int32{int32(n), 1}} // on the asking side
	if x.ask(often, 0); len(x.touched) != 1 || x.touched[0] != 1 {
		t.Errorf("touched %v", x.touched)
	}
}

func TestManyEqualArticlesAreOneAndCostNoMore(t *testing.T) {
	a, b := copies(same("a", 30), 4, 3000), copies(same("b", 30), 4, 3000)
	rows, _, counts := gathered(t, laid(t, a, b, 8))
	if len(rows) > 30*16 || counts["contenders"] != int64(len(rows)) {
		t.Errorf("%d contenders of 30 articles", len(rows))
	}
	found := false
	for _, r := range rows {
		found = found || a[r.Source].id == "a0004" && b[r.Target].id == "b0004"
	}
	if !found {
		t.Error("the pair of the copied article is no contender")
	}
}

func TestALanguageWithoutArticlesHasNoContenders(t *testing.T) {
	for _, sizes := range [][2]int{{0, 0}, {0, 5}, {5, 0}, {1, 1}} {
		rows, _, _ := gathered(t, laid(t, same("a", sizes[0]), same("b", sizes[1]), 8))
		if len(rows) != sizes[0]*sizes[1]%5 {
			t.Errorf("%v articles: %d contenders", sizes, len(rows))
		}
	}
}

func TestACancelledRunEnds(t *testing.T) {
	in := laid(t, same("a", 50), same("b", 50), 8)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, in, filepath.Join(t.TempDir(), "x"), func(int64, int64) {}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
