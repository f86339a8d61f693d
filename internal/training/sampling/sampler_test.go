package sampling

import (
	"bufio"
	"errors"
	"math"
	"math/rand"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"crosssum/internal/fault"
	"crosssum/schemas"
)

func params(change func(*schemas.TrainParams)) schemas.TrainParams {
	p := schemas.Paper().Train
	if change != nil {
		change(&p)
	}
	return p
}

func published(t *testing.T) []Pair {
	t.Helper()
	f, err := os.Open("testdata/pair-counts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var pairs []Pair
	for lines := bufio.NewScanner(f); lines.Scan(); {
		field := strings.Split(lines.Text(), "\t")
		if strings.HasPrefix(field[0], "#") || field[0] == "source" {
			continue
		}
		n, err := strconv.Atoi(field[2])
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, Pair{field[0], field[1], n})
	}
	if len(pairs) != 1942 {
		t.Fatalf("%d pairs, want 1942", len(pairs))
	}
	return pairs
}

func sampler(t *testing.T, pairs []Pair, p schemas.TrainParams, seed uint64) *Sampler {
	t.Helper()
	s, err := New(pairs, p, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheFixedLanguageHoldsForItsBatchAndTheCoinIsFair(t *testing.T) {
	pairs := published(t)
	s := sampler(t, pairs, params(nil), 5)
	both, sources := 0.0, 0.0
	for step := range 20000 {
		s.languages(step)
		oneSource, oneTarget := true, true
		for _, k := range s.pick {
			oneSource = oneSource && pairs[k].Source == pairs[s.pick[0]].Source
			oneTarget = oneTarget && pairs[k].Target == pairs[s.pick[0]].Target
		}
		switch {
		case oneSource && oneTarget:
			both++
		case oneSource:
			sources++
		case !oneTarget:
			t.Fatalf("step %d fixes neither its source nor its target: %v", step, s.pick)
		}
	}
	if share := sources / (20000 - both); math.Abs(share-0.5) > 0.015 {
		t.Errorf("the source was fixed in %.3f of the steps, want 0.5", share)
	}
}

func TestPairsUnderAMiniBatchAreDroppedBeforeQ(t *testing.T) {
	pairs := []Pair{{"a", "b", 31}, {"b", "a", 32}, {"a", "c", 1000}, {"a", "a", 500}}
	s := sampler(t, pairs, params(nil), 1)
	if kept := s.Kept(); !reflect.DeepEqual(kept, []int{2, 1}) {
		t.Errorf("kept %v, want a-c and b-a", kept)
	}
	if n := len(s.bySource.fixed.items); n != 2 {
		t.Errorf("%d source languages, want 2", n)
	}
	s = sampler(t, pairs, params(func(p *schemas.TrainParams) { p.NativePairs = true }), 1)
	if kept := s.Kept(); !reflect.DeepEqual(kept, []int{3, 2, 1}) {
		t.Errorf("with native pairs kept %v", kept)
	}
}

func TestEachExampleOfAPairIsSeenOnceBeforeAnyTwiceAndNeverTwiceInAMiniBatch(t *testing.T) {
	for _, n := range []int{32, 33, 40, 63, 64, 65, 95, 96, 1000} {
		s := sampler(t, []Pair{{"a", "b", n}, {"b", "a", 32}}, params(func(p *schemas.TrainParams) { p.Pairs = 3 }), uint64(n))
		var stream []int
		for step := range 300 {
			batch, err := s.Batch(step)
			if err != nil {
				t.Fatal(err)
			}
			if len(batch) != 3*32 {
				t.Fatalf("a batch of %d", len(batch))
			}
			for i := 0; i < len(batch); i += 32 {
				seen := map[int]bool{}
				for _, d := range batch[i : i+32] {
					if d.Pair != batch[i].Pair || seen[d.Sample] {
						t.Fatalf("n = %d, step %d: mini-batch %v mixes pairs or repeats an example", n, step, batch[i:i+32])
					}
					seen[d.Sample] = true
					if d.Pair == 0 {
						stream = append(stream, d.Sample)
					}
				}
			}
		}
		if len(stream) < 4*n {
			t.Fatalf("n = %d: only %d draws", n, len(stream))
		}
		first := append([]int(nil), stream[:n]...)
		for pass := 0; (pass+1)*n <= len(stream); pass++ {
			seen := make([]bool, n)
			for _, e := range stream[pass*n : (pass+1)*n] {
				if e < 0 || e >= n || seen[e] {
					t.Fatalf("n = %d: pass %d holds example %d twice or out of range", n, pass, e)
				}
				seen[e] = true
			}
			if pass > 0 && reflect.DeepEqual(first, stream[pass*n:(pass+1)*n]) {
				t.Fatalf("n = %d: pass %d was not reshuffled", n, pass)
			}
		}
	}
}

func TestABatchIsAFunctionOfSeedAndStepInAnyOrderOfAccessAndOfPairs(t *testing.T) {
	pairs := []Pair{{"a", "b", 33}, {"b", "a", 64}, {"a", "c", 70}, {"c", "a", 500}, {"c", "b", 40}}
	p := params(func(p *schemas.TrainParams) { p.Pairs = 2 })
	s := sampler(t, pairs, p, 99)
	var want [][]Draw
	for step := range 400 {
		batch, err := s.Batch(step)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, batch)
	}
	random := rand.New(rand.NewSource(1))
	again := sampler(t, pairs, p, 99)
	for range 300 {
		step := random.Intn(400)
		if got, _ := again.Batch(step); !reflect.DeepEqual(got, want[step]) {
			t.Fatalf("step %d differs when it is drawn out of order", step)
		}
	}
	order := random.Perm(len(pairs))
	mixed := make([]Pair, len(pairs))
	for to, from := range order {
		mixed[to] = pairs[from]
	}
	s = sampler(t, mixed, p, 99)
	for step := range 100 {
		got, _ := s.Batch(step)
		for i, d := range got {
			if (Draw{order[d.Pair], d.Sample}) != want[step][i] {
				t.Fatalf("step %d depends on the order of the pairs", step)
			}
		}
	}
	if other, _ := sampler(t, pairs, p, 100).Batch(0); reflect.DeepEqual(other, want[0]) {
		t.Error("another seed gives the same batch")
	}
}

func TestWhatCannotBeSampledIsInvalidInput(t *testing.T) {
	good := []Pair{{"a", "b", 100}}
	for name, try := range map[string]func() error{
		"no pair is large enough": func() error { _, err := New([]Pair{{"a", "b", 31}}, params(nil), 1); return err },
		"a pair is given twice":   func() error { _, err := New(append(good, good...), params(nil), 1); return err },
		"an unknown sampling": func() error {
			_, err := New(good, params(func(p *schemas.TrainParams) { p.Sampling = "dice" }), 1)
			return err
		},
		"not a number": func() error {
			_, err := New(good, params(func(p *schemas.TrainParams) { p.Alpha = math.NaN() }), 1)
			return err
		},
		"a pivot that many to many has not": func() error {
			_, err := New(good, params(func(p *schemas.TrainParams) { p.Pivot = "a" }), 1)
			return err
		},
		"no pivot for many to one": func() error {
			_, err := New(good, params(func(p *schemas.TrainParams) { p.Setting = "many_to_one" }), 1)
			return err
		},
		"a pivot that no pair has": func() error {
			_, err := New(good, params(func(p *schemas.TrainParams) { p.Setting, p.Pivot = "many_to_one", "c" }), 1)
			return err
		},
		"a negative step": func() error {
			s, _ := New(good, params(nil), 1)
			_, err := s.Batch(-1)
			return err
		},
	} {
		var typed *fault.Error
		err := try()
		if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput {
			t.Errorf("%s: %v", name, err)
		}
		if name == "a pivot that no pair has" && !strings.Contains(err.Error(), "no pair into c has training samples: name train.pivot as the data name languages: {\"train\": {\"pivot\": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkReplay25000Steps is what a resumed training pays once.
func BenchmarkReplay25000Steps(b *testing.B) {
	var pairs []Pair
	for i := range 44 {
		for j := range 44 {
			if i != j {
				pairs = append(pairs, Pair{strconv.Itoa(i), strconv.Itoa(j), 40 + 97*i + 31*j})
			}
		}
	}
	for range b.N {
		s, err := New(pairs, schemas.Paper().Train, 1)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Batch(25000); err != nil {
			b.Fatal(err)
		}
	}
}
