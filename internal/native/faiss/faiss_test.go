package faiss

import (
	"strings"
	"testing"
)

func TestTheLargestInnerProductsComeFirst(t *testing.T) {
	index, err := NewFlat(2, []float32{1, 0, 0, 1, 0.8, 0.6})
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	scores, rows, width, err := index.Search([]float32{1, 0, 0, 2}, 5)
	if err != nil || width != 3 || index.rows != 3 {
		t.Fatal(width, err)
	}
	want := []int64{0, 2, 1, 1, 2, 0}
	for i, row := range rows {
		if row != want[i] {
			t.Fatalf("rows %v, want %v (scores %v)", rows, want, scores)
		}
	}
	if scores[0] != 1 || scores[3] != 2 {
		t.Error(scores)
	}
}

func TestEmptyAndWrongSizesAreHandled(t *testing.T) {
	if _, err := NewFlat(3, make([]float32, 4)); err == nil || !strings.Contains(err.Error(), "no vectors of 3") {
		t.Error(err)
	}
	index, err := NewFlat(3, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	if _, _, width, err := index.Search([]float32{1, 2, 3}, 4); err != nil || width != 0 {
		t.Error(width, err)
	}
	if _, _, _, err := index.Search([]float32{1}, 4); err == nil {
		t.Error("a query of a wrong dimension was taken")
	}
	if Version() != "1.7.3" && !strings.HasPrefix(Version(), "1.") {
		t.Error(Version())
	}
}
