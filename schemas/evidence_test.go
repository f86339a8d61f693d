package schemas

import (
	"math"
	"strings"
	"testing"
)

func TestACutLiesBetweenItsNeighbours(t *testing.T) {
	m := EvidenceModel{Weights: map[string]float64{"margin": 1}, Cuts: []Cut{{0.9, 0.2}, {0.95, 0.4}, {0.99, 0.8}}}
	for precision, wanted := range map[float64]float64{0: 0.2, 0.9: 0.2, 0.925: 0.3, 0.95: 0.4, 0.97: 0.6, 0.99: 0.8} {
		if got, err := m.Cut(precision); err != nil || math.Abs(got-wanted) > 1e-12 {
			t.Errorf("%v: %v, %v, wanted %v", precision, got, err, wanted)
		}
	}
	for _, precision := range []float64{0.991, 1} {
		if _, err := m.Cut(precision); err == nil || !strings.Contains(err.Error(), "0.99 was") {
			t.Errorf("%v: %v", precision, err)
		}
	}
	if _, err := (EvidenceModel{}).Cut(0); err == nil {
		t.Error("a model without cuts has one")
	}
}

func TestAModelThatIsNoneIsNamed(t *testing.T) {
	weights := map[string]float64{"margin": 1}
	cuts := []Cut{{0.9, 0.2}}
	for says, m := range map[string]EvidenceModel{
		"evidence.bias":             {Bias: math.Inf(1), Weights: weights, Cuts: cuts},
		`"luck" is not one of`:      {Weights: map[string]float64{"luck": 1}, Cuts: cuts},
		"evidence.weights.margin":   {Weights: map[string]float64{"margin": math.NaN()}, Cuts: cuts},
		"evidence.weights: are":     {Cuts: cuts},
		"evidence.cuts: are":        {Weights: weights},
		"evidence.cuts[1]: stands":  {Weights: weights, Cuts: []Cut{{0.9, 0.5}, {0.95, 0.4}}},
		"cuts[0].precision: 9":      {Weights: weights, Cuts: []Cut{{9, 0.5}}},
		"cuts[0].probability: -0.5": {Weights: weights, Cuts: []Cut{{0.9, -0.5}}},
	} {
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if err := (EvidenceModel{Weights: weights, Cuts: cuts}).Check(); err != nil {
		t.Error(err)
	}
}
