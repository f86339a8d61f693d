package withdraw

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func (f *found) add(s *Search, language, id string, train bool) *Article {
	a := Article{language, id}
	if !s.wanted[a] {
		return nil
	}
	a = Article{strings.Clone(language), strings.Clone(id)} // rows share the memory of a batch
	f.all[a] = true
	if train {
		f.train[a] = true
	}
	return &a
}

// read searches a file of a unit; equal files are read once.
func read[T any](s *Search, u schemas.Unit, name string, row func(*T, *found)) (found, error) {
	path, err := s.Store.File(u, name)
	if err != nil {
		return found{}, err
	}
	return s.once(path, func(f *found) error {
		return arrowfile.Each(path, func(r *T) error {
			row(r, f)
			return nil
		})
	})
}

func (s *Search) once(path string, read func(f *found) error) (found, error) {
	if f, ok := s.found[path]; ok {
		return f, nil
	}
	f := found{all: map[Article]bool{}, train: map[Article]bool{}}
	err := read(&f)
	if err == nil {
		s.found[path] = f
	}
	return f, err
}

// folders names the folders in dir that are not hidden, in order; none where dir is not there.
func folders(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}
