package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/native/faiss"
	"crosssum/internal/native/nearest"
	"crosssum/schemas"
)

type article struct {
	id     string
	vector []float32
}

// clustered makes n unit vectors of d values in a narrow cone, as encoders give them; every fifth repeats an earlier one,
// so that scores tie.
func clustered(random *rand.Rand, prefix string, n, d int) []article {
	centre := make([]float64, d)
	for i := range centre {
		centre[i] = random.NormFloat64()
	}
	list := make([]article, n)
	for i := range list {
		id := fmt.Sprintf("%s%d", prefix, random.Uint64N(1<<40))
		if i%5 == 4 {
			list[i] = article{id, list[random.IntN(i)].vector}
			continue
		}
		v, sum := make([]float32, d), 0.0
		for j := range v {
			x := centre[j] + 0.3*random.NormFloat64()
			v[j] = float32(x)
			sum += x * x
		}
		for j := range v {
			v[j] /= float32(math.Sqrt(sum))
		}
		list[i] = article{id, v}
	}
	return list
}

func write(t testing.TB, dir, language string, list []article) string {
	t.Helper()
	d := 16
	if len(list) > 0 {
		d = len(list[0].vector)
	}
	path := filepath.Join(dir, language+".arrow")
	os.Remove(path)
	w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](path, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if err := w.Append(schemas.EmbeddingRow{Language: language, ID: a.id, TextDigest: "digest", Embedding: a.vector}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// brute is the definition: every float64 dot product, ordered by rounded score and id.
func brute(from, to []article, keep int, same bool) (lines []string) {
	from = slices.Clone(from)
	slices.SortFunc(from, func(a, b article) int { return strings.Compare(a.id, b.id) })
	for _, a := range from {
		type hit struct {
			id    string
			score float32
		}
		var hits []hit
		for _, b := range to {
			if same && a.id == b.id {
				continue
			}
			sum := 0.0
			for i := range a.vector {
				sum += float64(a.vector[i]) * float64(b.vector[i])
			}
			hits = append(hits, hit{b.id, float32(sum)})
		}
		slices.SortFunc(hits, func(x, y hit) int {
			if x.score != y.score {
				return map[bool]int{true: -1, false: 1}[x.score > y.score]
			}
			return strings.Compare(x.id, y.id)
		})
		for rank, h := range hits[:min(keep, len(hits))] {
			lines = append(lines, fmt.Sprintf("%s %d %s %x", a.id, rank, h.id, math.Float32bits(h.score)))
		}
	}
	return lines
}

func read(t *testing.T, path string) (lines []string) {
	t.Helper()
	if err := arrowfile.Each(path, func(r *schemas.NeighbourRow) error {
		lines = append(lines, fmt.Sprintf("%s %d %s %x", r.SourceID, int64(r.Rank), r.TargetID, math.Float32bits(r.Score)))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return lines
}

func run(t *testing.T, source, target string, keep, blockRows int) (forward, backward []string, result engine.SearchResult) {
	t.Helper()
	dir := t.TempDir()
	var last schemas.Progress
	request := engine.SearchRequest{Source: source, Target: target, Keep: keep, BlockRows: blockRows,
		Forward: filepath.Join(dir, "forward.arrow"), Backward: filepath.Join(dir, "backward.arrow")}
	if source == target {
		request.Backward = ""
	}
	result, err := Run(context.Background(), request, func(p schemas.Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	if last.Done != last.Total {
		t.Errorf("progress ends at %d of %d", last.Done, last.Total)
	}
	forward = read(t, request.Forward)
	if source != target {
		backward = read(t, request.Backward)
	}
	return forward, backward, result
}

// proposers are what proposes candidates; left to itself, a search takes either, by the size of the blocks.
var proposers = []string{"bytes", "faiss"}

func TestTheResultIsThatOfBruteForceForEveryBlockSizeThreadCountAndRowOrder(t *testing.T) {
	defer func() { proposer = "" }()
	dir := t.TempDir()
	for _, seed := range []uint64{1, 2, 3} {
		random := rand.New(rand.NewPCG(seed, 7))
		a, b := clustered(random, "a", 150+random.IntN(200), 48), clustered(random, "b", 90+random.IntN(200), 48)
		b = append(b, article{"copy", a[3].vector}, article{"b-copy", a[3].vector})
		keep := 1 + random.IntN(8)
		forward, backward := brute(a, b, keep, false), brute(b, a, keep, false)
		self := brute(a, a, keep, true)
		for i, blockRows := range []int{7, 64, 16384, 7, 64, 16384} { // each by both, and over the seeds with one and with two threads
			proposer = proposers[i%2]
			faiss.SetThreads(1 + (i+int(seed))%2)
			random.Shuffle(len(a), func(i, j int) { a[i], a[j] = a[j], a[i] })
			random.Shuffle(len(b), func(i, j int) { b[i], b[j] = b[j], b[i] })
			source, target := write(t, dir, "english", a), write(t, dir, "hindi", b)
			f, r, result := run(t, source, target, keep, blockRows)
			if !slices.Equal(f, forward) || !slices.Equal(r, backward) {
				t.Fatalf("seed %d, search %d, blocks of %d: differs from brute force", seed, i, blockRows)
			}
			if result.Rows != int64(len(a)+len(b)) || result.Neighbours != int64(len(f)+len(r)) {
				t.Errorf("counts %+v", result)
			}
			if f, _, _ := run(t, source, source, keep, blockRows); !slices.Equal(f, self) {
				t.Fatalf("seed %d, search %d, blocks of %d: within one file differs from brute force", seed, i, blockRows)
			}
		}
	}
}

func TestManyEqualVectorsWidenTheCandidatesUntilTheSmallestIdsAreFound(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(9, 9))
	a, b := clustered(random, "a", 20, 32), clustered(random, "b", 300, 32)
	for i := range 200 {
		b[i].vector = b[0].vector
	}
	a[4].vector = b[0].vector // its neighbours are the 200
	source, target := write(t, dir, "english", a), write(t, dir, "hindi", b)
	for _, proposer = range proposers {
		f, _, result := run(t, source, target, 3, 16384)
		if !slices.Equal(f, brute(a, b, 3, false)) {
			t.Error(proposer, ": differs from brute force")
		}
		if result.Exact < 200 {
			t.Errorf("%s: 200 equal candidates were decided from %d", proposer, result.Exact)
		}
	}
	proposer = ""
}

func TestTextsWithoutTokensTakeNoNeighbourFromOthersAndNeedFewProducts(t *testing.T) {
	defer func() { proposer = "" }()
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(6, 2))
	for _, every := range []int{7, 1} { // 1: an encoder that knows nothing of the language
		a, b := clustered(random, "a", 400, 16), clustered(random, "b", 300, 16)
		for i := 0; i < len(a); i += every {
			a[i].vector = make([]float32, 16)
		}
		for i := 0; i < len(b); i += 9 {
			b[i].vector = make([]float32, 16)
		}
		forward, backward, self := brute(a, b, 3, false), brute(b, a, 3, false), brute(a, a, 3, true)
		source, target := write(t, dir, "english", a), write(t, dir, "hindi", b)
		for _, proposer = range proposers {
			for _, blockRows := range []int{100, 16384} {
				f, r, result := run(t, source, target, 3, blockRows)
				if !slices.Equal(f, forward) || !slices.Equal(r, backward) {
					t.Fatalf("%s, every %dth, blocks of %d: differs from brute force", proposer, every, blockRows)
				}
				if f, _, _ := run(t, source, source, 3, blockRows); !slices.Equal(f, self) {
					t.Fatalf("%s, every %dth, blocks of %d: within one file differs from brute force", proposer, every, blockRows)
				}
				if proposer == "bytes" && every == 1 && result.Exact > result.Products {
					t.Errorf("blocks of %d: %d of %d scores were computed exactly", blockRows, result.Exact, 2*result.Products)
				}
			}
		}
	}
}

func TestListsLongerThanProductsOfBytesMakeAreFAISSs(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(8, 1))
	a, b := clustered(random, "a", 100, 16), clustered(random, "b", 90, 16)
	source, target := write(t, dir, "english", a), write(t, dir, "hindi", b)
	const keep = nearest.MaxKeep + 6
	if f, r, _ := run(t, source, target, keep, 64); !slices.Equal(f, brute(a, b, keep, false)) || !slices.Equal(r, brute(b, a, keep, false)) {
		t.Error("differs from brute force")
	}
}

func TestANeighbourThatProductsMissIsFoundOutByFAISS(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(2, 9))
	s := &search{ctx: context.Background(), report: func(schemas.Progress) {}, keep: 2}
	var err error
	if s.source, err = s.scan(write(t, dir, "english", clustered(random, "a", 40, 32)), false, false); err != nil {
		t.Fatal(err)
	}
	if s.target, err = s.scan(write(t, dir, "hindi", clustered(random, "b", 50, 32)), false, false); err != nil {
		t.Fatal(err)
	}
	if s.forward, err = newLists(s.source, s.target, s.keep, dir+"/f"); err != nil {
		t.Fatal(err)
	}
	if s.backward, err = newLists(s.target, s.source, s.keep, dir+"/f"); err != nil {
		t.Fatal(err)
	}
	defer s.close()
	source, err := s.side(s.source, s.target, s.forward, 64, false)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := s.side(s.target, s.source, s.backward, 64, true)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := errors.Join(source.load(s.source.spans(64)[0]), target.load(s.target.spans(64)[0])); err != nil {
		t.Fatal(err)
	}
	if err := s.compare(source, target, false); err != nil {
		t.Fatal(err)
	}
	source.Block.Lists()[0] = source.Block.Lists()[1] // the best neighbour of the first row is lost
	source.Counts()[0] = 1
	if err := s.audit(source, target, false); err == nil || !strings.Contains(err.Error(), "that FAISS found") {
		t.Error(err)
	}
}

func TestALanguageOfOneOrNoArticleHasFewNeighbours(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(4, 4))
	one, many, none := write(t, dir, "one", clustered(random, "a", 1, 16)), write(t, dir, "many", clustered(random, "b", 9, 16)),
		write(t, dir, "none", nil)
	if f, _, _ := run(t, one, one, 4, 8); len(f) != 0 {
		t.Error("a single article has neighbours in its own language:", f)
	}
	if f, b, _ := run(t, one, many, 4, 8); len(f) != 4 || len(b) != 9 {
		t.Error(len(f), len(b))
	}
	if f, b, _ := run(t, none, many, 4, 8); len(f) != 0 || len(b) != 0 {
		t.Error(len(f), len(b))
	}
}

func TestBadInputIsNamed(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(5, 5))
	good := write(t, dir, "good", clustered(random, "a", 20, 16))
	spoiled := func(name string, f func([]article)) string {
		list := clustered(random, "b", 20, 16)
		f(list)
		return write(t, dir, name, list)
	}
	foreign := filepath.Join(dir, "foreign.arrow")
	if err := os.WriteFile(foreign, []byte("not Arrow"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, kind, message string }{
		{spoiled("nan", func(l []article) { l[7] = article{"x7", slices.Repeat([]float32{float32(math.NaN())}, 16)} }),
			schemas.NotFinite, "row 7 (x7)"},
		{spoiled("twice", func(l []article) { l[3].id = l[9].id }), schemas.InvalidInput, "same id"},
		{write(t, dir, "wide", clustered(random, "c", 5, 32)), schemas.InvalidInput, "one encoder"},
		{foreign, schemas.InvalidInput, "foreign.arrow"},
		{filepath.Join(dir, "missing.arrow"), schemas.InvalidInput, "missing.arrow"},
	} {
		request := engine.SearchRequest{Source: good, Target: c.path, Keep: 2, BlockRows: 8, Forward: filepath.Join(dir, "f"), Backward: filepath.Join(dir, "b")}
		_, err := Run(context.Background(), request, func(schemas.Progress) {})
		var e *fault.Error
		if !errors.As(err, &e) || e.Type != c.kind || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %v, want %s %q", filepath.Base(c.path), err, c.kind, c.message)
		}
	}
}
