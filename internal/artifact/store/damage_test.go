package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/store"
	"crosssum/internal/testkit"
)

func TestAnObjectThatWasCutIsReplacedWhenItsBytesComeAgain(t *testing.T) {
	s := open(t, t.TempDir())
	unit, _, err := publish(s, "some bytes")
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.File(unit, "0.txt")
	if err := errors.Join(err, os.Chmod(path, 0o644), os.Truncate(path, 3)); err != nil {
		t.Fatal(err)
	}
	if err := testkit.Verify(s, unit.Files["0.txt"]); err == nil {
		t.Error("the damage is not seen")
	}
	if _, other, err := publish(s, "some bytes"); err != nil || other {
		t.Fatal(other, err)
	}
	whole(t, s)
}

// TestWhatIsGoneOrBrokenIsNamedWithWhatToRemove: a person finds the record by the error, removes it, and the unit is made anew.
func TestWhatIsGoneOrBrokenIsNamedWithWhatToRemove(t *testing.T) {
	s := open(t, t.TempDir())
	unit, _, err := publish(s, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.Path(unit.Files["1.txt"].Digest)
	if err := errors.Join(err, os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(s.Root(), "stages/embed", key+".json")
	_, err = s.File(unit, "1.txt")
	if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "1.txt of unit english is gone") || !strings.Contains(err.Error(), "stages/*/"+key+".json") {
		t.Error(err)
	}
	if err := s.GetJSON(unit.Files["1.txt"].Digest, new(any)); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "is gone") {
		t.Error(err)
	}
	if err := os.WriteFile(record, []byte(`{"name": "eng`), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // by who looks it up, and by who would publish it
		if _, err = s.Lookup("embed", key); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), record) {
			t.Error(err)
		}
		_, _, err = publish(s, "a", "b")
	}
	if err == nil {
		t.Error("a broken record was taken for one")
	}
	if err := os.Remove(record); err != nil {
		t.Fatal(err)
	}
	if _, _, err := publish(s, "a", "b"); err != nil {
		t.Error(err)
	}
	whole(t, s)
}
