package link

import (
	"fmt"
	"math/rand"
	"path/filepath"
	"sort"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// world is a small data set with vectors, laid out as the stages before link would.
type world struct {
	vectors map[string]map[string][]float64 // language -> id -> unit vector
	images  map[string][]string             // "language/id" -> images
	keep    int
	memory  map[string][]hit
}

func (w world) languages() []string {
	var out []string
	for l := range w.vectors {
		out = append(out, l)
	}
	sort.Strings(out)
	return out
}

func (w world) ids(language string) []string {
	var out []string
	for id := range w.vectors[language] {
		out = append(out, id)
	}
	sort.Strings(out)
	return out
}

func (w world) cosine(a, idA, b, idB string) float32 {
	sum := 0.0
	for i, x := range w.vectors[a][idA] {
		sum += x * w.vectors[b][idB][i]
	}
	return float32(sum)
}

type hit struct {
	id    string
	score float32
}

// nearest is the list of one article in another language, by definition.
func (w world) nearest(a, id, b string, n int) []hit {
	key := a + " " + id + " " + b
	if hits, ok := w.memory[key]; ok {
		return hits[:min(n, len(hits))]
	}
	var hits []hit
	for _, other := range w.ids(b) {
		if a != b || other != id {
			hits = append(hits, hit{other, w.cosine(a, id, b, other)})
		}
	}
	sort.Slice(hits, func(i, j int) bool {
		return hits[i].score > hits[j].score || hits[i].score == hits[j].score && hits[i].id < hits[j].id
	})
	if w.memory != nil {
		w.memory[key] = hits
	}
	return hits[:min(n, len(hits))]
}

// input writes articles and neighbour lists into a folder.
func (w world) input(t *testing.T) Input {
	t.Helper()
	dir := t.TempDir()
	in := Input{Languages: w.languages(), Rule: "margin", Threshold: 1.05, DuplicateThreshold: 0.95, K: 4}
	lists := func(a, b string) string {
		var rows []schemas.NeighbourRow
		for _, id := range w.ids(a) {
			for rank, h := range w.nearest(a, id, b, w.keep) {
				rows = append(rows, schemas.NeighbourRow{SourceID: id, Rank: int32(rank), TargetID: h.id, Score: h.score})
			}
		}
		return write(t, filepath.Join(dir, a+"-"+b), rows)
	}
	for i, a := range in.Languages {
		var rows []schemas.ArticleRow
		for _, id := range w.ids(a) {
			rows = append(rows, schemas.ArticleRow{Language: a, ID: id, URL: "http://" + a + "/" + id, Title: "t", Summary: "s", Text: "x",
				Images: w.images[a+"/"+id], Digest: "d"})
		}
		in.Articles = append(in.Articles, write(t, filepath.Join(dir, a+".articles"), rows))
		in.Lists = append(in.Lists, Lists{A: a, B: a, Forward: lists(a, a)})
		for _, b := range in.Languages[i+1:] {
			in.Lists = append(in.Lists, Lists{A: a, B: b, Forward: lists(a, b), Backward: lists(b, a)})
		}
	}
	return in
}

// randomWorld has meanings that languages share, each row a noisy copy of one; sizes gives the rows of each language.
func randomWorld(random *rand.Rand, noise float64, sizes map[string]int) world {
	w := world{vectors: map[string]map[string][]float64{}, memory: map[string][]hit{}, keep: 8}
	meanings := make([][]float64, 60)
	for i := range meanings {
		meanings[i] = unit(random, nil, 0)
	}
	var languages []string
	for l := range sizes {
		languages = append(languages, l)
	}
	sort.Strings(languages)
	for _, l := range languages {
		w.vectors[l] = map[string][]float64{}
		for range sizes[l] {
			w.vectors[l][fmt.Sprintf("%08x", random.Uint32())] = unit(random, meanings[random.Intn(len(meanings))], noise)
		}
	}
	return w
}

// unit is a unit vector of 8 dimensions: around plus noise, or just noise.
func unit(random *rand.Rand, around []float64, noise float64) []float64 {
	v, norm := make([]float64, 8), 0.0
	for i := range v {
		v[i] = random.NormFloat64()
		if around != nil {
			v[i] = around[i] + noise*v[i]
		}
		norm += v[i] * v[i]
	}
	for i := range v {
		v[i] /= sqrt(norm)
	}
	return v
}

func write[T any](t *testing.T, path string, rows []T) string {
	t.Helper()
	if err := arrowfile.WriteRows(path, len(rows), func(i int) T { return rows[i] }); err != nil {
		t.Fatal(err)
	}
	return path
}
