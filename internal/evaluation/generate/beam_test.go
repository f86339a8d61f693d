package generate

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"crosssum/internal/model/t5"
	"crosssum/internal/native/torch"
)

// beams is testdata/beams.json: what transformers' generate returns for testdata/tiny (see make_beams.py).
type beams struct {
	Sources [][]int32
	Starts  []int
	Cases   []struct {
		Beams         int
		LengthPenalty float64 `json:"length_penalty"`
		NoRepeatNgram int     `json:"no_repeat_ngram"`
		MaxLength     int     `json:"max_length"`
		EarlyStopping string  `json:"early_stopping"`
		Banned        []int
		Found         [][]Hypothesis
	}
}

func loadTiny(t *testing.T) (*t5.Model, beams) {
	t.Helper()
	config, err := t5.LoadConfig("testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	weights, err := t5.LoadWeights("testdata/tiny/model.safetensors", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(weights.Free)
	raw, err := os.ReadFile("testdata/beams.json")
	if err != nil {
		t.Fatal(err)
	}
	var b beams
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return &t5.Model{Config: config, Weights: weights}, b
}

func always() error { return nil }
func ignore(int)    {}

func TestEveryBeamAndScoreIsThatOfTransformers(t *testing.T) {
	model, b := loadTiny(t)
	live := torch.Live()
	for _, c := range b.Cases {
		name := fmt.Sprintf("%d beams, penalty %v, %d-grams, length %d, early stopping %s", c.Beams, c.LengthPenalty, c.NoRepeatNgram,
			c.MaxLength, c.EarlyStopping)
		o := Options{Beams: c.Beams, MaxLength: c.MaxLength, LengthPenalty: c.LengthPenalty, NoRepeatNgram: c.NoRepeatNgram, EOS: 1,
			Banned: c.Banned, Stopping: map[string]Stopping{"False": StopHeuristic, "True": StopEarly, "never": StopNever}[c.EarlyStopping]}
		found, err := decode(model, b.Sources, b.Starts, o, always, ignore)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for e := range found {
			if len(found[e]) != len(c.Found[e]) {
				t.Errorf("%s: example %d has %d beams, want %d", name, e, len(found[e]), len(c.Found[e]))
				continue
			}
			for i, want := range c.Found[e] {
				got := found[e][i]
				if !slices.Equal(got.Tokens, want.Tokens) || math.Abs(float64(got.Score-want.Score)) > 1e-4 {
					t.Errorf("%s: example %d, beam %d: %v, want %v", name, e, i, got, want)
				}
			}
		}
	}
	if torch.Live() != live {
		t.Errorf("%d tensors leaked", torch.Live()-live)
	}
}

func TestAnExampleAloneIsDecodedAsInABatch(t *testing.T) {
	model, b := loadTiny(t)
	o := Options{Beams: 5, MaxLength: 20, LengthPenalty: 0.6, NoRepeatNgram: 2, EOS: 1}
	together, err := decode(model, b.Sources, b.Starts, o, always, ignore)
	if err != nil {
		t.Fatal(err)
	}
	for e := range b.Sources {
		alone, err := decode(model, b.Sources[e:e+1], b.Starts[e:e+1], o, always, ignore)
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range alone[0] {
			if !slices.Equal(h.Tokens, together[e][i].Tokens) {
				t.Errorf("example %d, beam %d: %v alone, %v in the batch", e, i, h, together[e][i])
			}
		}
	}
}

// table is a decoder without a model: the log-probability of a token depends on the one before.
type table [][]float32

func (d table) Step(tokens, from []int) (scores []float32, err error) {
	for _, token := range tokens {
		scores = append(scores, d[token]...)
	}
	return scores, nil
}

func TestWithEnoughBeamsTheSearchIsExhaustive(t *testing.T) {
	// Tokens: 0 start, 1 </s>, 2, 3. From the start 2 is likelier, but 3 leads to the better whole.
	log := func(p float64) float32 { return float32(math.Log(p)) }
	d := table{
		{log(1e-9), log(1e-9), log(0.6), log(0.4)},
		{0, 0, 0, 0},
		{log(1e-9), log(0.3), log(0.35), log(0.35)},
		{log(1e-9), log(0.9), log(0.05), log(0.05)},
	}
	greedy, err := Search(d, []int{0}, Options{Beams: 1, MaxLength: 3, EOS: 1})
	if err != nil || greedy[0][0].Tokens[0] != 2 {
		t.Error(greedy, err)
	}
	wide, err := Search(d, []int{0}, Options{Beams: 4, MaxLength: 3, EOS: 1})
	if err != nil || !slices.Equal(wide[0][0].Tokens, []int{3, 1}) || math.Abs(float64(wide[0][0].Score)-math.Log(0.36)) > 1e-6 {
		t.Error(wide, err)
	}
	banned, err := Search(d, []int{0}, Options{Beams: 4, MaxLength: 3, EOS: 1, Banned: []int{3}})
	if err != nil || !slices.Equal(banned[0][0].Tokens, []int{2, 2}) {
		t.Error(banned, err)
	}
}

func TestNgramsThatWouldRepeatAreBannedStartTokenIncluded(t *testing.T) {
	for _, c := range []struct {
		tokens []int
		n      int
		want   []int
	}{
		{[]int{7, 5, 7}, 2, []int{5}}, {[]int{7, 5, 7, 6, 7}, 2, []int{5, 6}}, {[]int{7, 5}, 2, nil}, {[]int{7, 5}, 1, []int{7, 5}},
		{[]int{7, 5, 6, 7, 5}, 3, []int{6}}, {[]int{7}, 3, nil}, {[]int{7, 7, 7}, 0, nil},
	} {
		if got := repeats(c.tokens, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%v, n %d: %v, want %v", c.tokens, c.n, got, c.want)
		}
	}
}

func TestACancelledSearchEndsWithItsError(t *testing.T) {
	model, b := loadTiny(t)
	stop, steps := errors.New("stop"), 0
	_, err := decode(model, b.Sources, b.Starts, Options{Beams: 2, MaxLength: 20, EOS: 1}, func() error {
		if steps++; steps > 3 {
			return stop
		}
		return nil
	}, ignore)
	if !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestAnyOfSeveralEndsEndsABeamAsInTransformers(t *testing.T) { // see testdata/make_ends.py
	model, b := loadTiny(t)
	var want struct {
		Cases []struct {
			Beams         int
			LengthPenalty float64 `json:"length_penalty"`
			NoRepeatNgram int     `json:"no_repeat_ngram"`
			MaxLength     int     `json:"max_length"`
			EarlyStopping string  `json:"early_stopping"`
			Ends          []int
			Found         [][]Hypothesis
		}
	}
	raw, err := os.ReadFile("testdata/ends.json")
	if err == nil {
		err = json.Unmarshal(raw, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range want.Cases {
		o := Options{Beams: c.Beams, MaxLength: c.MaxLength, LengthPenalty: c.LengthPenalty, NoRepeatNgram: c.NoRepeatNgram, EOS: 1,
			Ends: slices.DeleteFunc(slices.Clone(c.Ends), func(id int) bool { return id == 1 }), Stopping: map[string]Stopping{"False": StopHeuristic, "True": StopEarly, "never": StopNever}[c.EarlyStopping]}
		found, err := decode(model, b.Sources, b.Starts, o, always, ignore)
		if err != nil {
			t.Fatal(err)
		}
		for e := range c.Found {
			for i, want := range c.Found[e] {
				got := found[e][i]
				if !slices.Equal(got.Tokens, want.Tokens) || c.Beams > 1 && math.Abs(float64(got.Score-want.Score)) > 1e-4 {
					t.Errorf("%d beams, ends %v: example %d, beam %d: %v, want %v", c.Beams, c.Ends, e, i, got, want)
				}
			}
		}
	}
}
