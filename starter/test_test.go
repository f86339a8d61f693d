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

func TestPackagesWithTheLongestTestsComeFirst(t *testing.T) {
	packages, err := testPackages(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"crosssum/internal/testkit/chain", "crosssum/internal/training/train"} {
		if packages[i] != want {
			t.Errorf("%s is package %d, not %s", packages[i], i+1, want)
		}
	}
	if n := len(longest); packages[n] != "crosssum/activities" {
		t.Errorf("behind the longest comes %s", packages[n])
	}
}
