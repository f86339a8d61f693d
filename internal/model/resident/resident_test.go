package resident

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAModelIsReadAgainOnlyWhenItsFilesChangeOrAnotherWasAskedFor(t *testing.T) {
	write := func(dir, text string) {
		if err := os.WriteFile(filepath.Join(dir, "weights"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, b := t.TempDir(), t.TempDir()
	write(a, "a")
	write(b, "b")
	var r Model[string]
	loads, frees := 0, ""
	get := func(dir string) string {
		m, err := r.Get(dir, func() (string, error) {
			loads++
			text, err := os.ReadFile(filepath.Join(dir, "weights"))
			return string(text), err
		}, func(m string) { frees += m })
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if got := get(a) + get(a) + get(b) + get(a); got != "aaba" || loads != 3 || frees != "ab" {
		t.Errorf("got %s in %d loads, freed %s", got, loads, frees)
	}
	write(a, "changed")
	if got := get(a); got != "changed" || loads != 4 {
		t.Errorf("got %s in %d loads", got, loads)
	}
	r.Drop()
	r.Drop()
	if frees != "abachanged" {
		t.Errorf("freed %s", frees)
	}
	broken := errors.New("broken")
	if _, err := r.Get(b, func() (string, error) { return "", broken }, nil); err != broken {
		t.Error(err)
	}
	if got := get(b); got != "b" {
		t.Errorf("after an error: %s", got)
	}
}
