package crawl

import (
	"bufio"
	"cmp"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// runBytes is how much text a sorter holds before it spills a sorted run: the memory that ingest takes of a language of
// any size, give or take a line.
const runBytes = 128 << 20

// located is an article with where it stood.
type located struct {
	Article Article
	File    int
	Line    int64
}

func (l located) compare(m located) int {
	return cmp.Or(cmp.Compare(l.Article.ID, m.Article.ID), cmp.Compare(l.File, m.File), cmp.Compare(l.Line, m.Line))
}

// sorter brings articles into (id, file, line) order, on disk beyond limit bytes.
type sorter struct {
	dir   string
	limit int
	rows  []located
	bytes int
	runs  []string
}

func (s *sorter) add(l located) error {
	s.rows = append(s.rows, l)
	a := l.Article
	s.bytes += len(a.ID) + len(a.URL) + len(a.Title) + len(a.Summary) + len(a.Text) + 160
	for _, image := range a.Images {
		s.bytes += len(image) + 16
	}
	if s.bytes >= s.limit {
		return s.spill()
	}
	return nil
}

func (s *sorter) spill() error {
	slices.SortFunc(s.rows, located.compare)
	path := filepath.Join(s.dir, "run"+strconv.Itoa(len(s.runs)))
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	out := gob.NewEncoder(buffered)
	for i := range s.rows {
		if err := out.Encode(&s.rows[i]); err != nil {
			return err
		}
	}
	s.runs, s.rows, s.bytes = append(s.runs, path), nil, 0
	return errors.Join(buffered.Flush(), file.Close())
}

// each calls f with every row in order.
func (s *sorter) each(f func(located) error) error {
	if len(s.runs) == 0 {
		slices.SortFunc(s.rows, located.compare)
		for _, l := range s.rows {
			if err := f(l); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	return merge(s.runs, f)
}

// run is one sorted file and its foremost row.
type run struct {
	in   *gob.Decoder
	head located
}

func (r *run) next() error {
	r.head = located{}
	return r.in.Decode(&r.head)
}

func merge(paths []string, f func(located) error) error {
	var open []*run // by their heads
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		r := &run{in: gob.NewDecoder(bufio.NewReaderSize(file, 1<<18))}
		if err := r.next(); err == nil {
			open = append(open, r)
		} else if !errors.Is(err, io.EOF) {
			return err
		}
	}
	order := func(a, b *run) int { return a.head.compare(b.head) }
	slices.SortFunc(open, order)
	for len(open) > 0 {
		first := open[0]
		if err := f(first.head); err != nil {
			return err
		}
		open = slices.Delete(open, 0, 1)
		if err := first.next(); err == nil {
			at, _ := slices.BinarySearchFunc(open, first, order)
			open = slices.Insert(open, at, first)
		} else if !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}
