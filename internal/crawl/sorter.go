package crawl

import (
	"bufio"
	"container/heap"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
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

func (l located) before(m located) bool {
	if l.Article.ID != m.Article.ID {
		return l.Article.ID < m.Article.ID
	}
	if l.File != m.File {
		return l.File < m.File
	}
	return l.Line < m.Line
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
	sort.Slice(s.rows, func(i, j int) bool { return s.rows[i].before(s.rows[j]) })
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
		sort.Slice(s.rows, func(i, j int) bool { return s.rows[i].before(s.rows[j]) })
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

type runs []*run

func (h runs) Len() int           { return len(h) }
func (h runs) Less(i, j int) bool { return h[i].head.before(h[j].head) }
func (h runs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runs) Push(r any)        { *h = append(*h, r.(*run)) }
func (h *runs) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func merge(paths []string, f func(located) error) error {
	var open runs
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		r := &run{in: gob.NewDecoder(bufio.NewReaderSize(file, 1<<18))}
		if err := r.next(); errors.Is(err, io.EOF) {
			continue
		} else if err != nil {
			return err
		}
		open = append(open, r)
	}
	heap.Init(&open)
	for len(open) > 0 {
		if err := f(open[0].head); err != nil {
			return err
		}
		switch err := open[0].next(); {
		case errors.Is(err, io.EOF):
			heap.Pop(&open)
		case err != nil:
			return err
		default:
			heap.Fix(&open, 0)
		}
	}
	return nil
}
