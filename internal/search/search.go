// Package search finds the nearest neighbours between two files of embeddings, exactly. FAISS proposes candidates block
// by block; float64 dot products in index order, rounded once to fp32, decide. The result therefore depends on
// nothing but the vectors and ids: not on blocks, threads, processor, or the order of rows.
package search

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"crosssum/internal/engine"
	"crosssum/internal/native/faiss"
	"crosssum/schemas"
)

const (
	spare     = 8    // candidates proposed beyond those that are kept
	chunkRows = 1024 // queries a call of FAISS: some tenths of a second, so that progress is seen
	maxKeep   = 4096
	maxBlock  = 1 << 20
)

// Run answers one request. Outputs must not exist. Errors of the input are *engine.Error.
func Run(ctx context.Context, r engine.SearchRequest, report engine.Report) (engine.SearchResult, error) {
	if r.Keep < 1 || r.Keep > maxKeep || r.BlockRows < 1 || r.BlockRows > maxBlock {
		return engine.SearchResult{}, invalid("search: keep %d (1 to %d), block_rows %d (1 to %d)", r.Keep, maxKeep, r.BlockRows, maxBlock)
	}
	source, err := scan(r.Source)
	if err != nil {
		return engine.SearchResult{}, err
	}
	s := &search{ctx: ctx, report: report, keep: r.Keep, same: r.Source == r.Target, source: source, target: source}
	if !s.same {
		if s.target, err = scan(r.Target); err != nil {
			return engine.SearchResult{}, err
		}
		if s.source.d != s.target.d {
			return engine.SearchResult{}, invalid("%s has vectors of %d values, %s of %d: embed both with one encoder",
				r.Source, s.source.d, r.Target, s.target.d)
		}
	}
	return s.run(r)
}

// search is the state of one request.
type search struct {
	ctx               context.Context
	report            engine.Report
	keep              int
	same              bool // source and target are one file
	source, target    *table
	forward, backward *lists
	done, total       int64 // queries, each counted once a block that it was searched in
	widened           map[widenedQuery]bool
}

type widenedQuery struct {
	backward bool
	row      int
}

func (s *search) run(r engine.SearchRequest) (engine.SearchResult, error) {
	s.widened = map[widenedQuery]bool{}
	s.forward = newLists(s.source, s.target, s.keep)
	blocksOf := func(t *table) int64 { return int64((len(t.ids) + r.BlockRows - 1) / r.BlockRows) }
	s.total = int64(len(s.source.ids)) * blocksOf(s.target)
	if !s.same {
		s.backward = newLists(s.target, s.source, s.keep)
		s.total += int64(len(s.target.ids)) * blocksOf(s.source)
	}
	err := s.target.blocks(r.BlockRows, func(target *block) error {
		index, err := faiss.NewFlat(target.d, target.vectors)
		if err != nil {
			return err
		}
		defer index.Close()
		return s.source.blocks(r.BlockRows, func(source *block) error {
			if err := s.pass(s.forward, source, target, index, false); err != nil || s.same {
				return err
			}
			reverse, err := faiss.NewFlat(source.d, source.vectors)
			if err != nil {
				return err
			}
			defer reverse.Close()
			return s.pass(s.backward, target, source, reverse, true)
		})
	})
	if err != nil {
		return engine.SearchResult{}, err
	}
	return s.write(r)
}

func (s *search) write(r engine.SearchRequest) (engine.SearchResult, error) {
	result := engine.SearchResult{Rows: int64(len(s.source.ids)), Widened: int64(len(s.widened))}
	rows, err := s.forward.write(r.Forward)
	if err != nil {
		return result, err
	}
	result.Neighbours = rows
	if !s.same {
		result.Rows += int64(len(s.target.ids))
		if rows, err = s.backward.write(r.Backward); err != nil {
			return result, err
		}
		result.Neighbours += rows
	}
	return result, nil
}

// pass searches the rows of one block in another: a chunk of queries after the other.
func (s *search) pass(l *lists, from, to *block, index *faiss.Flat, backward bool) error {
	slack := roundingBound(from.d) * maxNorm(to)
	for first := 0; first < from.rows(); first += chunkRows {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		rows := make([]int, 0, chunkRows)
		for i := first; i < min(first+chunkRows, from.rows()); i++ {
			rows = append(rows, i)
		}
		s.done += int64(len(rows))
		width := s.keep + spare
		if s.same {
			width++ // the row itself
		}
		for ; len(rows) > 0; width *= 4 {
			unsafe, err := s.propose(l, from, to, index, rows, width, slack)
			if err != nil {
				return err
			}
			for _, i := range unsafe {
				s.widened[widenedQuery{backward, from.from + i}] = true
			}
			rows = unsafe
		}
		s.report(schemas.Progress{Done: s.done, Total: s.total, Of: "rows"})
	}
	return nil
}

// propose asks for width candidates for each of rows of block from, scores them exactly, and returns the rows for
// which a row of the block that was not proposed might still belong into the list.
func (s *search) propose(l *lists, from, to *block, index *faiss.Flat, rows []int, width int, slack float64) ([]int, error) {
	d := from.d
	queries := make([]float32, 0, len(rows)*d)
	for _, i := range rows {
		queries = append(queries, from.vectors[i*d:(i+1)*d]...)
	}
	scores, found, width, err := index.Search(queries, width)
	if err != nil {
		return nil, err
	}
	unsafe := make([]bool, len(rows))
	var wrong error
	var once sync.Once
	parallel(len(rows), func(q int) {
		i := rows[q]
		row := from.from + i
		query := from.vectors[i*d : (i+1)*d]
		for _, j := range found[q*width : (q+1)*width] {
			if j < 0 || int(j) >= to.rows() {
				once.Do(func() { wrong = fmt.Errorf("faiss proposed row %d of %d for %s", j, to.rows(), from.ids[row]) })
				return
			}
			other := to.from + int(j)
			if s.same && other == row {
				continue
			}
			l.add(row, neighbour{int32(other), float32(dot(query, to.vectors[int(j)*d:(int(j)+1)*d]))})
		}
		if width < to.rows() {
			worst := float64(scores[(q+1)*width-1])
			unsafe[q] = !l.safe(row, worst+slack*from.norms[row])
		}
	})
	if wrong != nil {
		return nil, wrong
	}
	again := rows[:0:0]
	for q, i := range rows {
		if unsafe[q] {
			again = append(again, i)
		}
	}
	return again, nil
}

// dot is the inner product in float64, in index order. A product of two fp32 is exact in float64, so that fused
// multiply-add gives the same bits.
func dot(a, b []float32) float64 {
	sum := 0.0
	b = b[:len(a)]
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

// roundingBound is gamma_d = d u / (1 - d u), u = 2^-24: an fp32 inner product of width d, summed in any order, is off by
// at most gamma_d |x| |y| (Higham, "Accuracy and stability of numerical algorithms", 3.1); twice that, for the rest.
func roundingBound(d int) float64 {
	du := float64(d) / (1 << 24)
	return 2 * du / (1 - du)
}

func maxNorm(b *block) float64 {
	largest := 0.0
	for _, n := range b.norms[b.from : b.from+b.rows()] {
		largest = max(largest, n)
	}
	return largest
}

// parallel calls f with 0..n-1, spread over the processors.
func parallel(n int, f func(int)) {
	workers := min(runtime.GOMAXPROCS(0), (n+63)/64)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := n * w / workers; i < n*(w+1)/workers; i++ {
				f(i)
			}
		}()
	}
	wait.Wait()
}
