package link

import (
	"math/rand"
	"testing"

	"crosssum/schemas"
)

func TestASweepAcceptsAtEveryThresholdWhatLinkDoes(t *testing.T) {
	w := randomWorld(rand.New(rand.NewSource(7)), 0.25, map[string]int{"english": 70, "french": 60, "russian": 50})
	w.images = map[string][]string{}
	for _, l := range []string{"english", "french"} {
		for _, id := range w.ids(l)[:20] {
			w.images[l+"/"+id] = []string{"the same"}
		}
	}
	in := w.input(t)
	none := func(int, int) {}
	for _, rule := range []string{"margin", "agreement", "mutual", "seed", "induced"} {
		in.Rule = rule
		s, err := NewSweep(in, func(int32, *schemas.ArticleRow) error { return nil }, none)
		if err != nil {
			t.Fatal(err)
		}
		last := s.Len() + 1
		for _, threshold := range []float64{0.6, 0.9, 0.9345, 1, 1.02, 1.1} {
			in.Threshold = threshold
			r, err := link(in, none)
			if err != nil {
				t.Fatal(err)
			}
			got := s.At(threshold)
			if len(got) != len(r.accepted) || len(got) > last {
				t.Fatalf("%s at %v: %d pairs, link accepts %d", rule, threshold, len(got), len(r.accepted))
			}
			for i, n := range got {
				if a, b := s.Pair(n); a != r.accepted[i].a || b != r.accepted[i].b {
					t.Fatalf("%s at %v: pair %d is %d, %d", rule, threshold, i, a, b)
				}
			}
			size := map[int32]int{}
			largest := 0
			for n := range int32(r.articles.Len()) {
				root := r.forest.Root(n)
				size[root]++
				largest = max(largest, size[root])
			}
			if s.Largest(got) != largest {
				t.Errorf("%s at %v: largest component %d, wanted %d", rule, threshold, s.Largest(got), largest)
			}
			last = len(got)
		}
	}
}
