// Package search finds the nearest neighbours between two files of embeddings, exactly and in both directions at once.
// Products of bytes or FAISS propose candidates block by block; float64 dot products in index order, rounded once to fp32,
// decide. The result therefore depends on nothing but the vectors and ids: not on blocks, threads, processor, the order of
// rows, or on what an earlier search had found already.
package search

import (
	"context"
	"fmt"
	"sync"

	"crosssum/internal/engine"
	"crosssum/schemas"
)

// proposer says what proposes candidates: "" is the fastest for each pair of blocks. Tests set it.
var proposer = ""

// Run answers one request. Outputs must not exist. Errors of the input are *fault.Error. In memory are two blocks of at
// most BlockRows rows with their lists, and the ids.
func Run(ctx context.Context, r engine.SearchRequest, report engine.Report) (result engine.SearchResult, err error) {
	params := schemas.AlignParams{Rule: "mutual", Neighbours: 1, Keep: r.Keep, BlockRows: r.BlockRows} // a search has the last two
	if err := params.Check(); err != nil {
		return result, invalid("%v", err)
	}
	s := &search{ctx: ctx, report: report, keep: r.Keep, same: r.Backward == ""}
	if s.same && r.Source != r.Target {
		return result, invalid("search: no file is named for the neighbours of %s in %s", r.Target, r.Source)
	}
	defer s.close()
	if s.source, err = s.scan(r.Source, r.Earlier != nil, false); err != nil {
		return result, err
	}
	s.target = s.source
	if !s.same {
		if s.target, err = s.scan(r.Target, r.Earlier != nil, false); err != nil {
			return result, err
		}
		if s.source.d != s.target.d {
			return result, invalid("%s has vectors of %d values, %s of %d: embed both with one encoder",
				r.Source, s.source.d, r.Target, s.target.d)
		}
	}
	if s.forward, err = newLists(s.source, s.target, s.keep, r.Forward); err != nil {
		return result, err
	}
	s.backward = s.forward
	if !s.same {
		if s.backward, err = newLists(s.target, s.source, s.keep, r.Forward); err != nil {
			return result, err
		}
	}
	if r.Earlier != nil {
		if s.result.HintIgnored, err = s.takeOver(*r.Earlier); err != nil {
			return result, err
		}
	}
	if err := s.blocks(r.BlockRows); err != nil {
		return result, err
	}
	return s.write(r)
}

// search is the state of one request.
type search struct {
	ctx               context.Context
	report            engine.Report
	keep              int
	same              bool // within one file
	source, target    *table
	forward, backward *lists // one and the same where same
	result            engine.SearchResult

	lock        sync.Mutex
	done, total int64 // rows, each counted once a block that it is compared with
}

func (s *search) scan(path string, digests, earlier bool) (*table, error) {
	return scan(s.ctx, path, digests, earlier, func(rows int) { s.report(schemas.Progress{Done: int64(rows), Of: "rows read"}) })
}

func (s *search) close() {
	s.forward.close()
	s.source.close()
	if !s.same {
		s.backward.close()
		s.target.close()
	}
}

// blocks compares every pair of blocks of which a side is searched in all of the other. Within one file, a pair of blocks
// is compared once, for both.
func (s *search) blocks(size int) error {
	sources, targets := s.source.spans(size), s.target.spans(size)
	if len(sources) == 0 || len(targets) == 0 {
		return nil
	}
	wanted := func(t, f int) bool {
		return (targets[t].whole || sources[f].whole) && (!s.same || f >= t)
	}
	for t := range targets {
		for f := range sources {
			if wanted(t, f) {
				s.total += int64(targets[t].rows + sources[f].rows)
			}
		}
	}
	s.count()
	source, err := s.side(s.source, s.target, s.forward, size, false)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := s.side(s.target, s.source, s.backward, size, true)
	if err != nil {
		return err
	}
	defer target.Close()
	for t, at := range targets {
		if err := target.load(at); err != nil {
			return err
		}
		for f, at := range sources {
			if !wanted(t, f) {
				continue
			}
			if err := source.load(at); err != nil {
				return err
			}
			diagonal := s.same && t == f
			if err := s.compare(source, target, diagonal); err != nil {
				return err
			}
			if diagonal { // the lists are target's
				source.at = span{}
			} else if err := source.lists.store(source.Block); err != nil {
				return err
			}
		}
		if s.same { // its lists are about to change
			source.at = span{}
		}
		if err := target.lists.store(target.Block); err != nil {
			return err
		}
	}
	return nil
}

// count sums up what will have been searched.
func (s *search) count() {
	for _, t := range []*table{s.source, s.target} {
		if t == s.target && s.same {
			return
		}
		for place := range t.rows {
			if t.whole(int32(place + 1)) {
				s.result.Searched++
			}
		}
	}
}

func (s *search) write(r engine.SearchRequest) (engine.SearchResult, error) {
	beat := func() { s.progress(0) }
	s.result.Rows = int64(s.source.rows)
	rows, err := s.forward.write(r.Forward, beat)
	if err != nil {
		return s.result, err
	}
	s.result.Neighbours = rows
	if !s.same {
		s.result.Rows += int64(s.target.rows)
		if rows, err = s.backward.write(r.Backward, beat); err != nil {
			return s.result, err
		}
		s.result.Neighbours += rows
	}
	if s.done != s.total {
		return s.result, fmt.Errorf("search: %d of %d rows were compared", s.done, s.total)
	}
	return s.result, nil
}

// progress counts rows as done.
func (s *search) progress(rows int64) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.done += rows
	s.report(schemas.Progress{Done: s.done, Total: s.total, Of: "rows",
		Metrics: map[string]float64{"products": float64(s.result.Products), "searched_rows": float64(s.result.Searched)}})
}
