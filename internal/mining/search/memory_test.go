package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// resident reads a line of /proc/self/status, in bytes.
func resident(t *testing.T, name string) float64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(status), name+":")
	var kib float64
	if _, err := fmt.Sscan(after, &kib); !ok || err != nil {
		t.Fatalf("%s in /proc/self/status: %v", name, err)
	}
	return kib * 1024
}

// peak is how much more memory a search of a few rows in many had at a time than was in use before.
func peak(t *testing.T, few, many int) float64 {
	t.Helper()
	const d = 16
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(4, 4))
	vectors := clustered(random, "", 1000, d)
	files := [2]string{filepath.Join(dir, "few"), filepath.Join(dir, "many")}
	for i, rows := range []int{few, many} {
		w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](files[i], d, nil)
		if err != nil {
			t.Fatal(err)
		}
		for row := range rows {
			v := vectors[random.IntN(len(vectors))].vector
			v[row%d] += 1e-3 * float32(random.NormFloat64())
			if err := w.Append(schemas.EmbeddingRow{Language: "english", ID: fmt.Sprintf("article-%09d", row), Embedding: v}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	debug.FreeOSMemory()
	before := resident(t, "VmRSS")
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the peak is now what is in use
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), engine.SearchRequest{Source: files[0], Target: files[1], Keep: 5, BlockRows: 4096,
		Forward: filepath.Join(dir, "f"), Backward: filepath.Join(dir, "b")}, func(schemas.Progress) {}); err != nil {
		t.Fatal(err)
	}
	return resident(t, "VmHWM") - before
}

func TestTenTimesTheArticlesTakeTheSameMemoryButForTheirIds(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // as the engine does
	const few, many = 100, 50000
	peak(t, few, many) // the first has the libraries' own; of the others the least, since garbage is collected when it pleases
	small := min(peak(t, few, many), peak(t, few, many))
	large := min(peak(t, 10*few, 10*many), peak(t, 10*few, 10*many))
	more := (large - small) / (9 * (few + many))
	t.Logf("%d articles: %.1f MiB; %d: %.1f MiB, %.0f bytes more an article", few+many, small/(1<<20), 10*(few+many), large/(1<<20), more)
	if large > 1.2*small+64*10*(few+many) {
		t.Errorf("%.0f MiB for %d articles, %.0f MiB for ten times as many: more than a fifth and 64 bytes an article more",
			small/(1<<20), few+many, large/(1<<20))
	}
}
