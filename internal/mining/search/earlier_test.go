package search

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// state is the articles of two languages and the searches that were made of them.
type state struct {
	random   *rand.Rand
	pool     [][]float32 // vectors that articles have: some come again, so that scores tie
	articles [2][]article
	next     int
}

const width = 24

func newState(seed uint64) *state {
	s := &state{random: rand.New(rand.NewPCG(seed, 11))}
	for _, a := range clustered(s.random, "", 60, width) {
		s.pool = append(s.pool, a.vector)
	}
	return s
}

func (s *state) vector() []float32 {
	if s.random.IntN(3) == 0 {
		return s.pool[s.random.IntN(len(s.pool))]
	}
	return clustered(s.random, "", 1, width)[0].vector
}

func (s *state) add(language, n int) {
	for range n {
		s.next++
		id := fmt.Sprintf("%x", uint32(s.next)*2654435761) // not in the order of arrival
		s.articles[language] = append(s.articles[language], article{id, s.vector()})
	}
}

func (s *state) remove(language, n int) {
	for range min(n, len(s.articles[language])) {
		at := s.random.IntN(len(s.articles[language]))
		s.articles[language] = slices.Delete(s.articles[language], at, at+1)
	}
}

func (s *state) edit(language, n int) {
	for range min(n, len(s.articles[language])) {
		s.articles[language][s.random.IntN(len(s.articles[language]))].vector = s.vector()
	}
}

// crawl changes the articles in one of the ways that crawls do.
func (s *state) crawl() string {
	l := s.random.IntN(2)
	switch s.random.IntN(7) {
	case 0:
		s.add(l, 1+s.random.IntN(40))
		return "additions"
	case 1:
		s.edit(l, 1+s.random.IntN(4))
		return "edits"
	case 2:
		s.remove(l, 1+s.random.IntN(4))
		return "withdrawals"
	case 3:
		s.remove(l, len(s.articles[l]))
		return "a language gone"
	case 4:
		s.add(l, 3)
		s.edit(1-l, 2)
		s.remove(l, 2)
		return "all of it"
	case 5:
		s.add(0, 30)
		s.add(1, 50)
		return "additions to both"
	}
	return "nothing"
}

// write makes the files of this state, sorted or not.
func (s *state) write(t *testing.T, dir string) [2]string {
	var paths [2]string
	for l, name := range []string{"english", "hindi"} {
		list := slices.Clone(s.articles[l])
		if s.random.IntN(4) > 0 {
			slices.SortFunc(list, func(a, b article) int { return strings.Compare(a.id, b.id) })
		}
		if len(list) == 0 {
			path := filepath.Join(dir, name+".arrow")
			w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](path, width, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			paths[l] = path
			continue
		}
		paths[l] = write(t, dir, name, list)
	}
	return paths
}

func searchFiles(t *testing.T, r engine.SearchRequest) (engine.SearchResult, string) {
	t.Helper()
	result, err := Run(context.Background(), r, func(schemas.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, path := range []string{r.Forward, r.Backward} {
		if path != "" {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, content...)
		}
	}
	return result, string(all)
}

func TestListsTakenOverFromEarlierSearchesAreThoseFromScratchByteForByte(t *testing.T) {
	defer func() { proposer = "" }()
	for seed := range uint64(24) {
		s := newState(seed)
		keep, blockRows := 1+int(seed%8), []int{5, 33, 16384}[seed%3]
		if s.random.IntN(2) == 0 {
			s.add(0, 120) // else the language comes late
		}
		s.add(1, 90)
		type searched struct{ across, within engine.EarlierSearch }
		var before *searched
		for step := range 9 {
			event := "the beginning"
			if step > 0 {
				event = s.crawl()
			}
			dir := t.TempDir()
			path := func(name string) string { return filepath.Join(dir, name) }
			files := s.write(t, dir)
			across := engine.SearchRequest{Source: files[0], Target: files[1], Keep: keep, BlockRows: 16384, Forward: path("f0"), Backward: path("b0")}
			within := engine.SearchRequest{Source: files[1], Target: files[1], Keep: keep, BlockRows: 16384, Forward: path("w0")}
			_, wantAcross := searchFiles(t, across)
			_, wantWithin := searchFiles(t, within)

			across.Forward, across.Backward, within.Forward = path("f1"), path("b1"), path("w1")
			across.BlockRows, within.BlockRows = blockRows, blockRows
			if before != nil {
				across.Earlier, within.Earlier = &before.across, &before.within
			}
			proposer = []string{"bytes", "faiss", ""}[step%3]
			result, got := searchFiles(t, across)
			inside, gotWithin := searchFiles(t, within)
			proposer = ""
			if got != wantAcross || gotWithin != wantWithin {
				t.Fatalf("seed %d, step %d (%s), keep %d, blocks of %d: differs from a search from scratch (across: %v, within: %v)",
					seed, step, event, keep, blockRows, got != wantAcross, gotWithin != wantWithin)
			}
			if result.HintIgnored+inside.HintIgnored != "" {
				t.Fatalf("seed %d, step %d (%s): %s %s", seed, step, event, result.HintIgnored, inside.HintIgnored)
			}
			if event == "nothing" && result.Products+inside.Products+result.Searched > 0 {
				t.Errorf("nothing changed, and rows were compared: %+v %+v", result, inside)
			}
			before = &searched{
				engine.EarlierSearch{Source: files[0], Target: files[1], Forward: across.Forward, Backward: across.Backward},
				engine.EarlierSearch{Source: files[1], Target: files[1], Forward: within.Forward},
			}
		}
	}
}

func TestTheCostIsNewRowsAndRowsThatLostANeighbourTimesAll(t *testing.T) {
	s := newState(5)
	s.add(0, 400)
	s.add(1, 300)
	dir, later := t.TempDir(), t.TempDir()
	files := s.write(t, dir)
	first := engine.SearchRequest{Source: files[0], Target: files[1], Keep: 4, BlockRows: 64,
		Forward: filepath.Join(dir, "f"), Backward: filepath.Join(dir, "b")}
	if result, _ := searchFiles(t, first); result.Products != 400*300 || result.Searched != 700 {
		t.Errorf("from scratch: %+v", result)
	}
	s.add(0, 10)
	lost := 0 // rows of the other language whose list holds the row that goes
	gone := s.articles[0][7].id
	for _, line := range read(t, first.Backward) {
		if strings.Fields(line)[2] == gone {
			lost++
		}
	}
	s.articles[0] = slices.Delete(s.articles[0], 7, 8)
	files = s.write(t, later)
	next := engine.SearchRequest{Source: files[0], Target: files[1], Keep: 4, BlockRows: 64,
		Forward: filepath.Join(later, "f"), Backward: filepath.Join(later, "b"),
		Earlier: &engine.EarlierSearch{Source: first.Source, Target: first.Target, Forward: first.Forward, Backward: first.Backward}}
	result, _ := searchFiles(t, next)
	if want := int64(10*300 + (409-10)*lost); result.Products != want || result.Searched != int64(10+lost) {
		t.Errorf("10 new rows, and %d that lost a neighbour: %+v, want %d products", lost, result, want)
	}
}

func TestAHintThatIsBrokenOrOfAnotherSearchIsPassedOver(t *testing.T) {
	s := newState(3)
	s.add(0, 80)
	s.add(1, 70)
	dir := t.TempDir()
	files := s.write(t, dir)
	request := func(keep int, name string) engine.SearchRequest {
		return engine.SearchRequest{Source: files[0], Target: files[1], Keep: keep, BlockRows: 32,
			Forward: filepath.Join(dir, name+".f"), Backward: filepath.Join(dir, name+".b")}
	}
	good, other := request(4, "good"), request(3, "other")
	_, want := searchFiles(t, good)
	searchFiles(t, other)
	spoil := func(name string, f func([]byte) []byte) string {
		content, err := os.ReadFile(good.Forward)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, f(bytes.Clone(content)), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	wide := write(t, dir, "wide", clustered(s.random, "w", 9, 2*width))
	truncated := spoil("truncated", func(b []byte) []byte { return b[:len(b)/2] })
	flipped := spoil("flipped", func(b []byte) []byte {
		for i := len(b) / 3; i < len(b)*2/3; i += 97 {
			b[i] ^= 0x55
		}
		return b
	})
	e := engine.EarlierSearch{Source: files[0], Target: files[1], Forward: good.Forward, Backward: good.Backward}
	for name, change := range map[string]func(*engine.EarlierSearch){
		"lists of another length": func(e *engine.EarlierSearch) { e.Forward, e.Backward = other.Forward, other.Backward },
		"directions swapped":      func(e *engine.EarlierSearch) { e.Forward, e.Backward = e.Backward, e.Forward },
		"tables swapped":          func(e *engine.EarlierSearch) { e.Source, e.Target = e.Target, e.Source },
		"a missing file":          func(e *engine.EarlierSearch) { e.Backward = filepath.Join(dir, "missing") },
		"a truncated file":        func(e *engine.EarlierSearch) { e.Forward = truncated },
		"a file with other bytes": func(e *engine.EarlierSearch) { e.Forward = flipped },
		"another encoder":         func(e *engine.EarlierSearch) { e.Source = wide },
		"not embeddings":          func(e *engine.EarlierSearch) { e.Target = good.Forward },
		"within one file":         func(e *engine.EarlierSearch) { e.Backward = "" },
	} {
		hint := e
		change(&hint)
		r := request(4, "again "+name)
		r.Earlier = &hint
		result, got := searchFiles(t, r)
		if got != want {
			t.Errorf("%s: the result is not that of a search from scratch", name)
		}
		if result.HintIgnored == "" {
			t.Errorf("%s: nobody is told that the hint was not used", name)
		}
	}
	r := request(4, "again")
	r.Earlier = &e
	if result, got := searchFiles(t, r); got != want || result.HintIgnored != "" || result.Products != 0 {
		t.Errorf("the same hint in order: %+v", result)
	}
}
