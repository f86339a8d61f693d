// Package faiss is exact inner-product search by FAISS's IndexFlatIP through go-faiss, with the checks that go-faiss
// leaves to its caller.
package faiss

// #cgo noescape crosssum_faiss_threads
// #cgo nocallback crosssum_faiss_threads
// const char *crosssum_faiss_version(void);
// void crosssum_faiss_threads(int n);
import "C"

import (
	"fmt"
	"runtime"
	"sync/atomic"

	gofaiss "github.com/DataIntelligenceCrew/go-faiss"
)

var threads atomic.Int32

// SetThreads sets how many threads a search takes; until then it is what OMP_NUM_THREADS says.
func SetThreads(n int) { threads.Store(int32(n)) }

// Threads is what SetThreads set, 0 before.
func Threads() int { return int(threads.Load()) }

// Version is FAISS's: "1.7.3".
func Version() string { return C.GoString(C.crosssum_faiss_version()) }

// Flat holds a block of vectors. It is not safe for concurrent use.
type Flat struct {
	index *gofaiss.IndexFlat
	d     int
	rows  int
}

// NewFlat copies vectors, [rows, d] in row-major order, into a new index. Close frees it.
func NewFlat(d int, vectors []float32) (*Flat, error) {
	if d <= 0 || len(vectors)%d != 0 {
		return nil, fmt.Errorf("faiss: %d values are no vectors of %d", len(vectors), d)
	}
	index, err := gofaiss.NewIndexFlatIP(d)
	if err != nil {
		return nil, fmt.Errorf("faiss: %w", err)
	}
	f := &Flat{index: index, d: d, rows: len(vectors) / d}
	if f.rows > 0 {
		if err := index.Add(vectors); err != nil {
			index.Delete()
			return nil, fmt.Errorf("faiss: %w", err)
		}
	}
	return f, nil
}

// Search finds the min(k, rows) vectors with the largest inner product for each of queries, [n, d]: scores and row
// numbers, [n, k], best first. Scores are fp32 in FAISS's own order of summation: proposals, not results.
func (f *Flat) Search(queries []float32, k int) (scores []float32, rows []int64, width int, err error) {
	if len(queries)%f.d != 0 {
		return nil, nil, 0, fmt.Errorf("faiss: %d values are no queries of %d", len(queries), f.d)
	}
	width = min(k, f.rows)
	if len(queries) == 0 || width <= 0 {
		return nil, nil, 0, nil
	}
	runtime.LockOSThread() // OpenMP's number of threads belongs to the thread
	defer runtime.UnlockOSThread()
	if n := threads.Load(); n > 0 {
		C.crosssum_faiss_threads(C.int(n))
	}
	scores, rows, err = f.index.Search(queries, int64(width))
	if err != nil {
		return nil, nil, 0, fmt.Errorf("faiss: %w", err)
	}
	return scores, rows, width, nil
}

// Close frees the index.
func (f *Flat) Close() { f.index.Delete() }
