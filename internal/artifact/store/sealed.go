package store

import (
	"encoding/json"
	"fmt"
	"os"

	"crosssum/schemas"
)

// Index reads the sealed index of a stage.
func (s *Store) Index(ref schemas.Ref) (schemas.Index, error) {
	var index schemas.Index
	err := s.GetJSON(ref.Index, &index)
	return index, err
}

// Files lists the path of one file of every unit of a sealed stage, in unit order, and the digests for a key.
func (s *Store) Files(ref schemas.Ref, name string) (units []schemas.Unit, paths, digests []string, err error) {
	index, err := s.Index(ref)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, u := range index.Units {
		path, err := s.File(u, name)
		if err != nil {
			return nil, nil, nil, err
		}
		paths, digests = append(paths, path), append(digests, u.Files[name].Digest)
	}
	return index.Units, paths, digests, nil
}

// FileOf is the path of a file of one unit of a sealed stage.
func (s *Store) FileOf(ref schemas.Ref, unit, name string) (string, error) {
	index, err := s.Index(ref)
	if err != nil {
		return "", err
	}
	for _, u := range index.Units {
		if u.Name == unit {
			return s.File(u, name)
		}
	}
	return "", fmt.Errorf("%s: index %s has no unit %q", ref.Stage, ref.Index, unit)
}

// First is the path of a file of the first unit that has it; "" of a stage that did not run, or where no unit has it.
func (s *Store) First(ref schemas.Ref, name string) (string, error) {
	if ref.Index == "" {
		return "", nil
	}
	index, err := s.Index(ref)
	if err != nil {
		return "", err
	}
	for _, u := range index.Units {
		if _, ok := u.Files[name]; ok {
			return s.File(u, name)
		}
	}
	return "", nil
}

// ReadFirst decodes the JSON file that First finds; where there is none v stays as it is.
func (s *Store) ReadFirst(ref schemas.Ref, name string, v any) (found bool, err error) {
	path, err := s.First(ref, name)
	if err != nil || path == "" {
		return false, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(b, v)
}
