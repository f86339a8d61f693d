package lase

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestTheLengthPenaltyForgivesSixTokens(t *testing.T) {
	for _, c := range []struct {
		generated, reference int
		want                 float64
	}{
		{0, 0, 1}, {6, 0, 1}, {7, 0, math.Exp(1 - 7./6)}, {16, 10, 1}, {17, 10, math.Exp(-1. / 16)}, {32, 10, math.Exp(-1)},
	} {
		if got := LengthPenalty(c.generated, c.reference); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%d against %d tokens: %v, wanted %v", c.generated, c.reference, got, c.want)
		}
	}
}

func TestLaSEIsTheProductOfItsParts(t *testing.T) {
	a, b := []float32{0.6, 0.8}, []float32{1, 0}
	for _, c := range []struct {
		name   string
		b      []float32
		first  bool
		wanted float64
		length int
		want   float64
	}{
		{"the wanted language first", b, true, 0.4, 10, 0.6},
		{"the wanted language second", b, false, 0.25, 10, 0.6 * 0.25},
		{"a language that the classifier does not know", b, false, -1, 10, 0.6},
		{"twice too long", b, true, 1, 32, 0.6 * math.Exp(-1)},
		{"the opposite meaning is negative", []float32{-1, 0}, true, 1, 10, -0.6},
	} {
		v := Score(a, c.b, c.first, c.wanted, c.length, 10)
		if math.Abs(v.LaSE-c.want) > 1e-7 || v.LaSE != v.MS*v.LC*v.LP {
			t.Errorf("%s: %+v, wanted %v", c.name, v, c.want)
		}
	}
}

func TestShuffledReferencesAreOthersOfTheSameLanguage(t *testing.T) {
	var groups, references []string
	for i := range 60 {
		groups = append(groups, []string{"english", "hindi", "thai"}[i%3])
		references = append(references, fmt.Sprintf("%s %d", groups[i], i%21)) // each reference several times
	}
	groups, references = append(groups, "alone"), append(references, "alone")
	got := Shuffled(7, groups, references)
	for i, j := range got {
		if j < 0 || references[j] == references[i] {
			t.Errorf("row %d got %d, which has the same reference", i, j)
		} else if groups[i] != "alone" && groups[j] != groups[i] {
			t.Errorf("row %d of %s got %d of %s", i, groups[i], j, groups[j])
		}
	}
	if !slices.Equal(got, Shuffled(7, groups, references)) {
		t.Error("the same seed gives another order")
	}
	if slices.Equal(got, Shuffled(8, groups, references)) {
		t.Error("another seed gives the same order")
	}
	if got := Shuffled(7, []string{"a", "b"}, []string{"same", "same"}); got[0] != -1 || got[1] != -1 {
		t.Errorf("equal references have no other: %v", got)
	}
}
