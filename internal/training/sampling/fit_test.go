package sampling

import (
	"strings"
	"testing"

	"crosssum/schemas"
)

func TestAMiniBatchThatNoPairHasIsHalvedUntilHalfOfTheSamplesAreOfPairsThatHaveIt(t *testing.T) {
	pair := func(source, target string, samples int) Pair { return Pair{source, target, samples} }
	for name, c := range map[string]struct {
		pairs   []Pair
		changes func(*schemas.TrainParams)
		want    int
	}{
		"a pair has as many":                      {[]Pair{pair("a", "b", 32), pair("b", "a", 3)}, nil, 32},
		"the largest has 17":                      {[]Pair{pair("a", "b", 17), pair("b", "a", 17)}, nil, 16},
		"the largest has 31, most others few":     {[]Pair{pair("a", "b", 31), pair("b", "a", 9), pair("a", "c", 9), pair("c", "a", 9), pair("b", "c", 9)}, nil, 8},
		"one sample":                              {[]Pair{pair("a", "b", 1)}, nil, 1},
		"no sample":                               {[]Pair{pair("a", "b", 0)}, nil, 32},
		"not to be fitted":                        {[]Pair{pair("a", "b", 17)}, func(p *schemas.TrainParams) { p.FitMiniBatch = false }, 32},
		"native pairs that do not count":          {[]Pair{pair("a", "a", 90), pair("a", "b", 5)}, nil, 4},
		"pairs outside of the setting":            {[]Pair{pair("a", "b", 90), pair("b", "a", 20)}, func(p *schemas.TrainParams) { p.Setting, p.Pivot = "many_to_one", "a" }, 16},
		"an odd one":                              {[]Pair{pair("a", "b", 29)}, func(p *schemas.TrainParams) { p.MiniBatch = 30 }, 15},
		"ranks that have to share a batch":        {[]Pair{pair("a", "b", 29)}, func(p *schemas.TrainParams) { p.MiniBatch, p.Pairs, p.Ranks = 36, 1, 2 }, 18},
		"ranks that could not share a larger one": {[]Pair{pair("a", "b", 9)}, func(p *schemas.TrainParams) { p.MiniBatch, p.Pairs, p.Ranks = 32, 1, 8 }, 8},
	} {
		p := schemas.Paper().Train
		p.Pairs = 2
		if c.changes != nil {
			c.changes(&p)
		}
		fitted := Fit(c.pairs, p)
		if fitted.MiniBatch != c.want {
			t.Errorf("%s: %d, wanted %d", name, fitted.MiniBatch, c.want)
		}
		if _, err := New(c.pairs, fitted, 1); (err == nil) != (c.want < 32 || name == "a pair has as many") {
			t.Errorf("%s: sampled with %v", name, err)
		}
	}
}

func TestAMiniBatchThatNoPairHasIsRefusedWithTheOneToAskFor(t *testing.T) {
	p := schemas.Paper().Train
	p.FitMiniBatch = false
	_, err := New([]Pair{{"a", "b", 17}}, p, 1)
	for _, want := range []string{"32 training samples of a mini-batch (largest: 17)", `{"train": {"mini_batch": 16}} in the file of --params, or in the form's JSON`,
		`./crosssum train: {"mini_batch": 16}`, "set train.fit_mini_batch"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

func TestLanguagesThatCannotBeTrainedOnAreKnownWithoutASample(t *testing.T) {
	change := func(f func(*schemas.TrainParams)) schemas.TrainParams {
		p := schemas.Paper().Train
		f(&p)
		return p
	}
	for name, c := range map[string]struct {
		languages string
		params    schemas.TrainParams
		want      string
	}{
		"two languages":                     {"a b", schemas.Paper().Train, ""},
		"one within itself":                 {"a", change(func(p *schemas.TrainParams) { p.NativePairs = true }), ""},
		"one":                               {"a", schemas.Paper().Train, `{"train": {"native_pairs": true}}`},
		"a pivot that is there":             {"a b", change(func(p *schemas.TrainParams) { p.Setting, p.Pivot = "many_to_one", "a" }), ""},
		"a pivot that is not there":         {"a b", change(func(p *schemas.TrainParams) { p.Setting, p.Pivot = "many_to_one", "c" }), "no pair into c"},
		"the same the other way":            {"a b", change(func(p *schemas.TrainParams) { p.Setting, p.Pivot = "one_to_many", "c" }), "no pair out of c"},
		"a pivot that is all there is":      {"a", change(func(p *schemas.TrainParams) { p.Setting, p.Pivot = "one_to_many", "a" }), "no pair out of a"},
		"the same, but it may go to itself": {"a", change(func(p *schemas.TrainParams) { p.Setting, p.Pivot, p.NativePairs = "one_to_many", "a", true }), ""},
	} {
		err := Possible(strings.Fields(c.languages), c.params)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
