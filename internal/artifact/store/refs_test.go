package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"crosssum/internal/artifact/store"
)

func digest(n int) string { return fmt.Sprintf("%064x", n) }

func TestOfManyWritersOfOneRefTheFirstWinsAndAllAreToldWho(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	winners := make([]string, 16)
	for i := range winners {
		group.Go(func() {
			winner, err := s.AddRef("catalogue/news", 1, digest(i))
			if err != nil {
				t.Error(err)
			}
			winners[i] = winner
		})
	}
	group.Wait()
	refs, err := s.Refs("catalogue/news")
	if err != nil || len(refs) != 1 {
		t.Fatalf("refs %v, %v", refs, err)
	}
	for i, w := range winners {
		if w != refs[0] {
			t.Errorf("writer %d was told %s, and %s stands there", i, w, refs[0])
		}
	}
}

func TestARefGrowsWithoutGapsAndItsNameStaysInside(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddRef("a", 2, digest(2)); err == nil {
		t.Error("entry 2 was added before entry 1")
	}
	for n := 1; n <= 3; n++ {
		if _, err := s.AddRef("a", n, digest(n)); err != nil {
			t.Fatal(err)
		}
	}
	if refs, err := s.Refs("a"); err != nil || strings.Join(refs, " ") != strings.Join([]string{digest(1), digest(2), digest(3)}, " ") {
		t.Errorf("refs %v, %v", refs, err)
	}
	for _, name := range []string{"", "..", "a/../b", "/a", "A b"} {
		if _, err := s.Refs(name); err == nil {
			t.Errorf("name %q was taken", name)
		}
	}
}
