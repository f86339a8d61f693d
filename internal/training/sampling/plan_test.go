package sampling

import (
	"math"
	"testing"

	"crosssum/schemas"
)

func TestThePlanIsWhatBatchesDraw(t *testing.T) {
	pairs := []Pair{{"a", "b", 100}, {"b", "a", 100}, {"a", "c", 400}, {"c", "a", 400}, {"b", "c", 50}, {"c", "b", 50}, {"c", "d", 3}}
	for _, sampling := range samplings {
		params := params(func(p *schemas.TrainParams) { p.Sampling, p.MiniBatch = sampling, 4 })
		s, err := New(pairs, params, 7)
		if err != nil {
			t.Fatal(err)
		}
		const steps = 4000
		drawn := make([]int, len(pairs))
		for step := range steps {
			batch, err := s.Batch(step)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(batch); i += params.MiniBatch {
				drawn[batch[i].Pair]++
			}
		}
		plan, sum := s.Plan(steps), 0.0
		if len(plan) != 6 {
			t.Fatalf("%s: %d pairs in the plan; c-d has too few samples for a mini-batch, the others have enough", sampling, len(plan))
		}
		for i, k := range s.Kept() {
			p := plan[i]
			sum += p.Expected
			if p.Batches != drawn[k] {
				t.Errorf("%s: %s-%s is planned %d times and drawn %d times", sampling, p.Source, p.Target, p.Batches, drawn[k])
			}
			if math.Abs(p.Drawn-p.Expected) > 0.015 { // languages are drawn once a step: some 4,000 draws
				t.Errorf("%s: %s-%s: expected share %.4f, drawn %.4f", sampling, p.Source, p.Target, p.Expected, p.Drawn)
			}
			if want := float64(drawn[k]*4) / float64(p.Samples); p.Epochs != want {
				t.Errorf("%s: %s-%s: %v epochs, want %v", sampling, p.Source, p.Target, p.Epochs, want)
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("%s: probabilities add up to %v", sampling, sum)
		}
	}
}

var samplings = []string{"coin", "fixed_source", "fixed_target", "unistage"}

// By hand: targets of source a: b 100, c 400; p_a = 500/1000, and so on.
func TestExpectedSharesAreThoseOfAlgorithm1(t *testing.T) {
	pairs := []Pair{{"a", "b", 100}, {"a", "c", 400}, {"b", "c", 500}}
	s, err := New(pairs, params(func(p *schemas.TrainParams) { p.Sampling, p.MiniBatch, p.Pairs = "fixed_source", 4, 1 }), 1)
	if err != nil {
		t.Fatal(err)
	}
	qb, qc := math.Pow(0.2, 0.75), math.Pow(0.8, 0.75)
	want := []float64{0.5 * qb / (qb + qc), 0.5 * qc / (qb + qc), 0.5}
	for k, got := range s.Expected() {
		if math.Abs(got-want[k]) > 1e-12 {
			t.Errorf("%s-%s: %v, want %v", pairs[k].Source, pairs[k].Target, got, want[k])
		}
	}
}
