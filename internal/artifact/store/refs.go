package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A ref is a named list of digests that only grows: refs/<name>/<n> holds the digest of the n-th object, counted from 1. An
// entry is created once and never changed, so that of several writers of one number the first wins and the others are
// told. Names are paths of parts such as "catalogue/news".

// Refs lists the digests of a name in order: empty for a name that has none. A gap ends the list.
func (s *Store) Refs(name string) ([]string, error) {
	var digests []string
	for {
		digest, err := s.ref(name, len(digests)+1)
		if errors.Is(err, ErrAbsent) {
			return digests, nil
		}
		if err != nil {
			return nil, err
		}
		digests = append(digests, digest)
	}
}

// AddRef makes digest the n-th object of name. first is the digest that stands there now: digest itself, or the one of a
// writer that came before. The entry n - 1 must be there.
func (s *Store) AddRef(name string, n int, digest string) (first string, err error) {
	if !digestForm.MatchString(digest) {
		return "", fmt.Errorf("store: %q is not a digest", digest)
	}
	if n > 1 {
		if _, err := s.ref(name, n-1); err != nil {
			return "", fmt.Errorf("store: ref %s %d before %d: %w", name, n, n-1, err)
		}
	}
	target, err := s.refPath(name, n)
	if err != nil {
		return "", err
	}
	err = s.create(target, []byte(digest+"\n"), "ref")
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return s.ref(name, n)
}

func (s *Store) ref(name string, n int) (string, error) {
	path, err := s.refPath(name, n)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrAbsent
	}
	if err != nil {
		return "", err
	}
	digest := strings.TrimSuffix(string(b), "\n")
	if !digestForm.MatchString(digest) {
		return "", fmt.Errorf("store: ref %s %d holds %.80q, which is not a digest: %w", name, n, digest, ErrCorrupt)
	}
	return digest, nil
}

func (s *Store) refPath(name string, n int) (string, error) {
	for _, part := range strings.Split(name, "/") {
		if !nameForm.MatchString(part) || part == "." || part == ".." {
			return "", fmt.Errorf("store: bad ref name %q", name)
		}
	}
	if n < 1 || n > 1<<30 {
		return "", fmt.Errorf("store: ref %s has no number %d", name, n)
	}
	return filepath.Join(s.root, "refs", filepath.FromSlash(name), fmt.Sprintf("%06d", n)), nil
}
