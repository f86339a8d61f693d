package search

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"crosssum/internal/native/faiss"
	"crosssum/internal/native/nearest"
)

const (
	spare     = 8    // candidates that FAISS proposes beyond those that are kept
	chunkRows = 1024 // queries a call of FAISS
	auditRows = 16   // rows of a block that FAISS searches too,
	auditBase = 4096 // in so many of the other
)

// side is one side of a comparison: a block of a table, with what is known of its neighbours in the other.
type side struct {
	*nearest.Block
	table, other *table
	lists        *lists
	progress     func(rows int64)
	columns      bool // of the product
	at           span // what is loaded
	quantized    bool
}

func (s *search) side(t, other *table, l *lists, size int, columns bool) (*side, error) {
	b, err := nearest.NewBlock(min(size, t.rows), t.d, s.keep)
	return &side{Block: b, table: t, other: other, lists: l, progress: s.progress, columns: columns}, err
}

// load reads vectors and lists, unless they are there.
func (b *side) load(at span) error {
	if b.at == at {
		return nil
	}
	b.at, b.quantized = at, false
	if err := b.table.load(b.Block, at); err != nil {
		return err
	}
	b.progress(0)
	return b.lists.load(b.Block)
}

// quantize prepares the block for products of bytes, unless it is.
func (b *side) quantize() {
	if !b.quantized {
		stripes(b.Rows(), func(from, to int) { b.Quantize(b.columns, b.table.centre, b.other.centre, from, to) })
		b.quantized = true
	}
}

// useFAISS says what proposes: FAISS where the processor or the length of the lists leaves nothing else. Products of bytes
// are faster for few rows too (BenchmarkFewRows).
func (s *search) useFAISS() bool {
	if proposer != "" {
		return proposer == "faiss"
	}
	return nearest.Instructions() == "" || s.keep > nearest.MaxKeep
}

// compare improves the lists of two blocks by what they hold of each other. diagonal: source is a copy of target, whose
// lists are wanted.
func (s *search) compare(source, target *side, diagonal bool) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	s.result.Products += int64(source.Rows()) * int64(target.Rows())
	if !s.useFAISS() {
		if err := s.multiply(source, target, diagonal); err != nil {
			return err
		}
		if err := s.audit(target, source, diagonal); err != nil || diagonal {
			return err
		}
		return s.audit(source, target, false)
	}
	if err := s.ask(target.Block, source.Block, diagonal); err != nil {
		return err
	}
	if diagonal {
		s.progress(int64(source.Rows()))
		return nil
	}
	return s.ask(source.Block, target.Block, false)
}

// multiply lets one product of bytes serve both directions.
func (s *search) multiply(source, target *side, diagonal bool) error {
	source.quantize()
	target.quantize()
	pair, err := nearest.NewPair(source.Block, target.Block, !diagonal, true, diagonal)
	if err != nil {
		return err
	}
	stripes(source.Rows(), func(from, to int) {
		if s.ctx.Err() == nil {
			pair.Scan(from, to)
			s.progress(int64(to - from))
		}
	})
	if err := s.ctx.Err(); err != nil {
		pair.Close()
		return err
	}
	stripes(target.Rows(), func(from, to int) {
		pair.Finish(from, to)
		s.progress(int64(to - from))
	})
	exact, err := pair.Close()
	s.result.Exact += exact
	return err
}

// audit has FAISS, the reference, search some rows of a block: nothing that it finds may be missing in their lists. So a
// processor that multiplies wrongly is an error and not a worse data set.
func (s *search) audit(from, in *side, diagonal bool) error {
	d := s.source.d
	index, err := faiss.NewFlat(d, in.Vectors()[:min(in.Rows(), auditBase)*d])
	if err != nil {
		return err
	}
	defer index.Close()
	step := (from.Rows() + auditRows - 1) / auditRows
	var queries []float32
	for i := 0; i < from.Rows(); i += step {
		queries = append(queries, from.Vectors()[i*d:(i+1)*d]...)
	}
	_, found, width, err := index.Search(queries, s.keep+1)
	if err != nil {
		return err
	}
	for q := range len(queries) / d {
		i := q * step
		list := from.Block.Lists()[i*s.keep : (i+1)*s.keep]
		before := slices.Clone(list)
		nearest.Offer(from.Block, in.Block, i, found[q*width:(q+1)*width], width, diagonal)
		if !slices.Equal(before, list) {
			return fmt.Errorf("search: products of bytes (%s) missed neighbours of %s in %s that FAISS found: this processor, or this build for it, is not to be trusted",
				nearest.Instructions(), from.table.ids.At(from.Places()[i]), in.table.path)
		}
	}
	return nil
}

// ask lets FAISS propose neighbours of the rows of one block in the other: keep and some more of each, and more again
// until the best that was left out is safely below the last of the list.
func (s *search) ask(from, in *nearest.Block, diagonal bool) error {
	d := s.source.d
	index, err := faiss.NewFlat(d, in.Vectors())
	if err != nil {
		return err
	}
	defer index.Close()
	slack := roundingBound(d) * longest(in.Vectors(), d)
	for first := 0; first < from.Rows(); first += chunkRows {
		rows := make([]int, 0, chunkRows)
		for i := first; i < min(first+chunkRows, from.Rows()); i++ {
			rows = append(rows, i)
		}
		done := int64(len(rows))
		width := s.keep + spare
		if diagonal {
			width++ // the row itself
		}
		for ; len(rows) > 0; width *= 4 {
			if err := s.ctx.Err(); err != nil {
				return err
			}
			if rows, err = s.propose(from, in, index, rows, width, slack, diagonal); err != nil {
				return err
			}
		}
		s.progress(done)
	}
	return nil
}

// propose asks for width candidates for each of rows and has them scored exactly. It returns the rows for which one that
// was not proposed might still belong into the list.
func (s *search) propose(from, in *nearest.Block, index *faiss.Flat, rows []int, width int, slack float64, diagonal bool) ([]int, error) {
	d := s.source.d
	vector := func(i int) []float32 { return from.Vectors()[i*d : (i+1)*d] }
	queries := make([]float32, 0, len(rows)*d)
	for _, i := range rows {
		queries = append(queries, vector(i)...)
	}
	scores, found, width, err := index.Search(queries, width)
	if err != nil {
		return nil, err
	}
	again := rows[:0:0]
	for q, i := range rows {
		nearest.Offer(from, in, i, found[q*width:(q+1)*width], width, diagonal)
		s.result.Exact += int64(width)
		if width == in.Rows() {
			continue
		}
		bound := float64(scores[(q+1)*width-1]) + slack*length(vector(i))
		if from.Counts()[i] < int32(s.keep) || from.Lists()[(i+1)*s.keep-1].Score <= float32(bound) {
			again = append(again, i)
		}
	}
	return again, nil
}

// roundingBound is gamma_d = d u / (1 - d u), u = 2^-24: an fp32 inner product of width d, summed in any order, is off by
// at most gamma_d |x| |y| (Higham, "Accuracy and stability of numerical algorithms", 3.1); twice that, for the rest.
func roundingBound(d int) float64 {
	du := float64(d) / (1 << 24)
	return 2 * du / (1 - du)
}

func length(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

func longest(vectors []float32, d int) float64 {
	largest := 0.0
	for ; len(vectors) > 0; vectors = vectors[d:] {
		largest = max(largest, length(vectors[:d]))
	}
	return largest
}

// stripes calls f with ranges of 0..n-1 of nearest.Stripe rows, spread over the threads that native code has.
func stripes(n int, f func(from, to int)) {
	workers := runtime.GOMAXPROCS(0)
	if t := faiss.Threads(); t > 0 {
		workers = t
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(workers, (n+nearest.Stripe-1)/nearest.Stripe) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for {
				to := int(next.Add(nearest.Stripe))
				if to-nearest.Stripe >= n {
					return
				}
				f(to-nearest.Stripe, min(to, n))
			}
		}()
	}
	wait.Wait()
}
