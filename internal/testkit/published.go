// Package testkit holds what tests share; the folder toy has a corpus whose right alignment is known (make_toy.py writes it).
package testkit

import (
	"fmt"
	"testing"

	"crosssum/internal/artifact/digest"
	"crosssum/internal/artifact/store"
	"crosssum/schemas"
)

// Unit puts a unit into a store as an earlier stage would; fill writes its files into a folder.
func Unit(t testing.TB, s *store.Store, stage string, key any, name string, counts map[string]int64, fill func(dir string)) schemas.Unit {
	t.Helper()
	draft, err := s.Draft()
	if err != nil {
		t.Fatal(err)
	}
	defer draft.Close()
	fill(draft.Dir)
	unit, other, err := draft.Publish(stage, store.Key(stage, 1, key), name, counts)
	if err != nil || other {
		t.Fatalf("%s of %s: %v, other bytes before: %v", stage, name, err, other)
	}
	return unit
}

// Stage puts a unit for each name into a store, and seals the stage.
func Stage(t testing.TB, s *store.Store, stage string, names []string, counts map[string]int64, fill func(name, dir string)) schemas.Ref {
	t.Helper()
	var units []schemas.Unit
	for _, name := range names {
		units = append(units, Unit(t, s, stage, name, name, counts, func(dir string) { fill(name, dir) }))
	}
	return Seal(t, s, stage, units...)
}

// Seal makes a stage of its units, as the end of a stage does.
func Seal(t testing.TB, s *store.Store, stage string, units ...schemas.Unit) schemas.Ref {
	t.Helper()
	index, err := s.PutJSON(schemas.Index{Stage: stage, Units: units})
	if err != nil {
		t.Fatal(err)
	}
	ref := schemas.Ref{Stage: stage, Index: index.Digest, Units: len(units), Counts: map[string]int64{}}
	for _, u := range units {
		for name, n := range u.Counts {
			ref.Counts[name] += n
		}
	}
	return ref
}

// Verify reads an object of a store and compares its digest.
func Verify(s *store.Store, f schemas.File) error {
	path, err := s.Path(f.Digest)
	if err != nil {
		return err
	}
	got, _, err := digest.File(path)
	if err == nil && got != f.Digest {
		err = fmt.Errorf("object %s has the bytes of %s", f.Digest, got)
	}
	return err
}
