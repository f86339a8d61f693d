package main

import (
	"strings"
	"testing"
)

func TestAPackageLinksNativeCodeIfAnythingThatItsTestsStandOnHasSome(t *testing.T) {
	pure, native, err := parted(t.Context(), []string{"crosssum/schemas", "crosssum/internal/native/faiss", "crosssum/internal/mining/search",
		"crosssum/starter", "crosssum/internal/training/train/failures"}) // the last has tests alone
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(pure, " "); got != "crosssum/schemas crosssum/starter" {
		t.Errorf("without: %s", got)
	}
	if got := strings.Join(native, " "); got != "crosssum/internal/native/faiss crosssum/internal/mining/search crosssum/internal/training/train/failures" {
		t.Errorf("with: %s", got)
	}
}
