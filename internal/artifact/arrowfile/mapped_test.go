package arrowfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// tokens writes rows whose lists are 0, 1, 2, ... ids long, in batches of 8 MiB.
func tokens(t *testing.T, rows int, zstd bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens.arrow")
	w, err := arrowfile.Create(path, schemas.Tokens, zstd)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := w.Append("english", fmt.Sprint(i), list(i), list(i%7), int32(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func list(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(n*1000 + i)
	}
	return ids
}

func TestListsAreReadWhereTheyLie(t *testing.T) {
	const rows = 3000 // 18 MB in three batches
	var views [][]int32
	m, err := arrowfile.Map(tokens(t, rows, false), schemas.Tokens, func(r arrowfile.Row, lists [][]int32) error {
		if r.Str(1) != fmt.Sprint(len(views)/2) || r.Int(4) != int64(len(views)/2) {
			return fmt.Errorf("row %s has number %d", r.Str(1), len(views)/2)
		}
		views = append(views, lists...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for i := range rows { // of which nothing but the mapping is left
		if !slices.Equal(views[2*i], list(i)) || !slices.Equal(views[2*i+1], list(i%7)) {
			t.Fatalf("row %d: %v %v", i, views[2*i], views[2*i+1])
		}
	}
}

func TestAFileThatCannotBeMappedIsNamed(t *testing.T) {
	whole, err := os.ReadFile(tokens(t, 100, false))
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.arrow")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{"compressed": tokens(t, 100, true), "cut off": cut} {
		m, err := arrowfile.Map(path, schemas.Tokens, func(arrowfile.Row, [][]int32) error { return nil })
		if !errors.Is(err, arrowfile.ErrBroken) || m != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	stop := errors.New("stop")
	if _, err := arrowfile.Map(tokens(t, 100, false), schemas.Tokens, func(arrowfile.Row, [][]int32) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error: %v", err)
	}
}
