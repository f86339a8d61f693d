package link

import (
	"math"
	"testing"
)

// lists2 makes the lists of one language whose articles are numbered from; each is pairs of target and score, best first.
func lists2(from int, each ...[]hit2) *lists {
	l := &lists{from: from, offsets: []int32{0}}
	for _, hits := range each {
		for _, h := range hits {
			l.targets, l.scores = append(l.targets, h.target), append(l.scores, h.score)
		}
		l.offsets = append(l.offsets, int32(len(l.targets)))
	}
	return l
}

type hit2 struct {
	target int32
	score  float32
}

// pair2 has articles 0 and 1 in one language, 2 and 3 in the other: 0 and 2 are each other's nearest; 3 is the nearest of
// nobody, and its own nearest is 1.
func pair2(score float32, marks [][]uint64, threshold float64) *languagePair {
	forward := lists2(0, []hit2{{2, 0.9}, {3, 0.1}}, []hit2{{2, 0.8}, {3, score}})
	backward := lists2(2, []hit2{{0, 0.9}, {1, 0.8}}, []hit2{{1, score}, {0, 0.1}})
	return newLanguagePair(&Articles{}, forward, backward, 2, threshold, marks)
}

func rulesOf(t *testing.T, cs []contender, err error) map[[2]int32]string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	out := map[[2]int32]string{}
	for _, c := range cs {
		if c.accepted() {
			out[[2]int32{c.a, c.b}] = c.rule
		}
	}
	return out
}

func TestSeedIsTheUnionOfBothDirectionsAndThresholdsAreInclusive(t *testing.T) {
	alike := [][]uint64{{1}, {2}, {3}, {2}} // 1 and 3 share a picture
	apart := [][]uint64{{1}, {2}, {3}, {4}}
	below := math.Nextafter32(0.735, 0)
	for name, c := range map[string]struct {
		score float32
		marks [][]uint64
		want  string // rule of the pair 1-3, which is nearest in one direction only
	}{
		"at 0.735":                              {0.735, apart, "seed"},
		"just under 0.735":                      {below, apart, ""},
		"just under 0.735, with a picture":      {below, alike, "seed_shared"},
		"at 0.735, with a picture for nothing":  {0.735, alike, "seed"},
		"at 0.666, with a picture":              {0.666, alike, "seed_shared"},
		"just under 0.666, with a picture":      {math.Nextafter32(0.666, 0), alike, ""},
		"at 0.666, with nothing that is shared": {0.666, apart, ""},
	} {
		cs, _, err := eitherNearest(pair2(c.score, c.marks, 0.735))
		got := rulesOf(t, cs, err)
		if got[[2]int32{1, 3}] != c.want || got[[2]int32{0, 2}] != "seed" || got[[2]int32{1, 2}] != "seed" {
			t.Errorf("%s: %v, wanted %q for 1-3", name, got, c.want)
		}
	}
}

func TestMutualLeavesOutWhatIsNearestInOneDirectionOnly(t *testing.T) {
	cs, candidates, err := mutualNearest(pair2(0.8, nil, 0.7437))
	if got := rulesOf(t, cs, err); len(got) != 1 || got[[2]int32{0, 2}] != "mutual" || candidates != 2 {
		t.Errorf("%v of %d candidates", got, candidates)
	}
}

func TestMarginIsTheRatioToBothNeighbourhoods(t *testing.T) {
	cs, _, err := marginBest(pair2(0.8, nil, 0))
	if err != nil || len(cs) != 2 {
		t.Fatalf("%v, %v", cs, err)
	}
	// 0-2: neighbourhoods (0.9 + 0.1) / 2 and (0.9 + 0.8) / 2; 1-3: (0.8 + 0.8) / 2 and (0.8 + 0.1) / 2.
	for i, want := range []float32{float32(float64(float32(0.9)) / (((0.9+0.1)/2 + (0.9+0.8)/2) / 2)), float32(0.8 / ((0.8 + 0.45) / 2))} {
		if c := cs[i]; math.Abs(float64(c.margin-want)) > 1e-6 || c.value != c.margin || c.rule != "margin" {
			t.Errorf("%d-%d: margin %v, want %v", c.a, c.b, c.margin, want)
		}
	}
	if cs[1].a != 1 || cs[1].b != 3 {
		t.Errorf("1 is nearer to 2, and best by margin with 3: %v", cs)
	}
}

func TestNearMissesAreWithinTwoHundredthsOfTheThresholdThatApplies(t *testing.T) {
	for _, c := range []struct {
		value  float32
		shared bool
		want   bool
	}{
		{0.715, false, true}, {math.Nextafter32(0.715, 0), false, false}, {0.646, true, true}, {math.Nextafter32(0.646, 0), true, false}, {0.65, false, false},
	} {
		x := contender{value: c.value, shared: c.shared, rule: "seed"}.with(0.735)
		if x.accepted() || x.near() != c.want {
			t.Errorf("%v: accepted %v, near miss %v", c, x.accepted(), x.near())
		}
	}
}

func TestEveryAcceptedPairOfInductionKeepsTheRuleThatTookIt(t *testing.T) {
	// A triangle over three languages: two strong edges, and a weak one that they induce; beside it a weak pair alone.
	w := world{keep: 8, vectors: map[string]map[string][]float64{
		"english": {"e": {1, 0, 0, 0}, "x": {0, 0, 1, 0}},
		"hindi":   {"h": {0.9, math.Sqrt(1 - 0.81), 0, 0}, "y": {0, 0, 0.65, math.Sqrt(1 - 0.65*0.65)}},
		"thai":    {"t": {0.66, 0.7, 0.1, math.Sqrt(1 - 0.66*0.66 - 0.49 - 0.01)}},
	}}
	in := w.input(t)
	in.Rule, in.Threshold, in.DuplicateThreshold, in.K = "induced", 0.7437, 2, 1
	r, got := run(t, in)
	want := map[string]string{"english/e hindi/h": "mutual", "english/e thai/t": "induced", "hindi/h thai/t": "mutual"}
	for name, rule := range want {
		if got[name].rule != rule {
			t.Errorf("%s: rule %q, want %q", name, got[name].rule, rule)
		}
	}
	if len(got) != len(want) || r.counts["near_misses"] != 0 {
		t.Errorf("accepted %v, %d near misses", keys(got), r.counts["near_misses"])
	}
	accepted := int64(0)
	for _, b := range r.histogram.Bins {
		accepted += b.Accepted
	}
	if accepted != 3 || len(r.histogram.Above) != 3 || len(r.histogram.Below) != 1 {
		t.Errorf("histogram %+v", r.histogram)
	}
}

func TestCopiesOfOneSummaryAreDuplicatesOfOneComponentHoweverManyThereAre(t *testing.T) {
	w := world{keep: 3, vectors: map[string]map[string][]float64{"english": {}, "hindi": {"h": {0, 1}}}}
	for i := range 20 {
		w.vectors["english"][string(rune('a'+i))] = []float64{1, 0}
	}
	in := w.input(t)
	in.K, in.DuplicateThreshold = 1, 1
	r, _ := run(t, in)
	for n := range int32(20) {
		if r.forest.Root(n) != 0 {
			t.Errorf("copy %d stands apart, with only %d neighbours kept", n, w.keep)
		}
	}
	if r.counts["components"] != 2 {
		t.Errorf("%d components", r.counts["components"])
	}
}

// TestEqualMarginsGoToTheSmallerIDInWhateverOrderTheyAreSeen: all cosines are alike, and so are all margins.
func TestEqualMarginsGoToTheSmallerIDInWhateverOrderTheyAreSeen(t *testing.T) {
	both, either := []hit2{{2, 0.9}, {3, 0.9}}, []hit2{{0, 0.9}, {1, 0.9}}
	for name, p := range map[string]*languagePair{
		"smaller first": newLanguagePair(&Articles{}, lists2(0, both, both), lists2(2, either, either), 2, 1, nil),
		"larger first":  newLanguagePair(&Articles{}, lists2(0, both[1:]), lists2(2, either[:1], either[:1]), 1, 1, nil), // 2 is seen from its own side
	} {
		cs, _, err := marginBest(p)
		if got := rulesOf(t, cs, err); len(got) != 1 || got[[2]int32{0, 2}] != "margin" {
			t.Errorf("%s: %v", name, got)
		}
	}
}
