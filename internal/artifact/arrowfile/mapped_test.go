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

// zipped are tokens in a file that is compressed.
type zipped struct {
	Language string  `arrow:"language"`
	ID       string  `arrow:"id"`
	Source   []int32 `arrow:"source"`
	Label    []int32 `arrow:"label"`
	Dropped  int32   `arrow:"dropped"`
}

func tokens(i int) schemas.TokensRow {
	return schemas.TokensRow{Language: "english", ID: fmt.Sprint(i), Source: list(i), Label: list(i % 7), Dropped: int32(i)}
}

// written writes rows whose lists are 0, 1, 2, ... ids long, in batches of 8 MiB.
func written[T any](t *testing.T, rows int, row func(i int) T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens.arrow")
	if err := arrowfile.WriteRows(path, rows, row); err != nil {
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
	m, err := arrowfile.Map(written(t, rows, tokens), func(r *schemas.TokensRow) error {
		if r.ID != fmt.Sprint(len(views)/2) || int(r.Dropped) != len(views)/2 {
			return fmt.Errorf("row %s has number %d", r.ID, len(views)/2)
		}
		views = append(views, r.Source, r.Label)
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
	whole, err := os.ReadFile(written(t, 100, tokens))
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.arrow")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{"compressed": written(t, 100, func(i int) zipped {
		r := tokens(i)
		return zipped{r.Language, r.ID, r.Source, r.Label, r.Dropped}
	}), "cut off": cut} {
		m, err := arrowfile.Map(path, func(*schemas.TokensRow) error { return nil })
		if !errors.Is(err, arrowfile.ErrBroken) || m != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	stop := errors.New("stop")
	if _, err := arrowfile.Map(written(t, 100, tokens), func(*schemas.TokensRow) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error: %v", err)
	}
}
