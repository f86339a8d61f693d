package schemas_test

import (
	"slices"
	"strings"
	"testing"

	"crosssum/schemas"
)

func TestTheNearestNamesAreThoseThatWereMeant(t *testing.T) {
	names := []string{"BuildDataset", "Calibrate", "Pipeline", "Realign", "Train"}
	for name, want := range map[string]string{"Pipelin": "Pipeline", "pipeline": "Pipeline", "PIPELINES": "Pipeline", "build_dataset": "BuildDataset",
		"data": "BuildDataset", "Realing": "Realign", "": "Train"} {
		if near := schemas.Nearest(name, names, 2); len(near) != 2 || near[0] != want {
			t.Errorf("%q: %v, want %s first", name, near, want)
		}
	}
	if near := schemas.Nearest(strings.Repeat("ü", 1<<20), names, 9); len(near) != len(names) {
		t.Errorf("of five names, nine: %v", near)
	}
	if !slices.IsSorted(names) {
		t.Error("the list that was given is in another order")
	}
}
