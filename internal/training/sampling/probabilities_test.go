package sampling

import (
	"math"
	"testing"

	"crosssum/schemas"
)

// chiSquareZ is Pearson's statistic as a standard normal (Wilson and Hilferty); cells expecting under 5 are joined.
func chiSquareZ(got, want []float64) float64 {
	var x, restGot, restWant float64
	cells := 0
	for i := range want {
		if want[i] < 5 {
			restGot, restWant = restGot+got[i], restWant+want[i]
			continue
		}
		x += (got[i] - want[i]) * (got[i] - want[i]) / want[i]
		cells++
	}
	if restWant > 0 {
		x += (restGot - restWant) * (restGot - restWant) / restWant
		cells++
	}
	k := float64(cells - 1)
	return (math.Cbrt(x/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k))
}

// algorithm1 computes the probability of every pair from the paper's equations, plainly.
func algorithm1(pairs []Pair, mini int, alpha, beta float64, fixed, other func(Pair) string) []float64 {
	sum, all := map[string]float64{}, 0.0
	for _, p := range pairs {
		if p.Samples >= mini {
			sum[fixed(p)] += float64(p.Samples)
			all += float64(p.Samples)
		}
	}
	zFixed, zOther := 0.0, map[string]float64{}
	for _, n := range sum {
		zFixed += math.Pow(n/all, alpha)
	}
	for _, p := range pairs {
		if p.Samples >= mini {
			zOther[fixed(p)] += math.Pow(float64(p.Samples)/sum[fixed(p)], beta)
		}
	}
	q := make([]float64, len(pairs))
	for i, p := range pairs {
		if p.Samples >= mini {
			q[i] = math.Pow(sum[fixed(p)]/all, alpha) / zFixed * math.Pow(float64(p.Samples)/sum[fixed(p)], beta) / zOther[fixed(p)]
		}
	}
	return q
}

func source(p Pair) string { return p.Source }
func target(p Pair) string { return p.Target }

func TestPairsComeWithTheExactProbabilitiesOfAlgorithm1(t *testing.T) {
	pairs, steps := published(t), 60000
	bySource := algorithm1(pairs, 32, 0.5, 0.75, source, target)
	byTarget := algorithm1(pairs, 32, 0.5, 0.75, target, source)
	coin, unistage, z := make([]float64, len(pairs)), make([]float64, len(pairs)), 0.0
	for i, p := range pairs {
		coin[i] = (bySource[i] + byTarget[i]) / 2
		if p.Samples >= 32 {
			unistage[i] = math.Pow(float64(p.Samples), 0.25)
			z += unistage[i]
		}
	}
	for i := range unistage {
		unistage[i] /= z
	}
	exact := map[string][]float64{"coin": coin, "fixed_source": bySource, "fixed_target": byTarget, "unistage": unistage}
	for _, sampling := range samplings {
		s := sampler(t, pairs, params(func(p *schemas.TrainParams) { p.Sampling = sampling }), 11)
		got := make([]float64, len(pairs))
		for step := range steps { // one mini-batch a step: those of one step share a language
			s.languages(step)
			got[s.pick[step%s.m]]++
		}
		for name, q := range exact {
			want := make([]float64, len(q))
			for i := range q {
				want[i] = q[i] * float64(steps)
			}
			z := chiSquareZ(got, want)
			if name == sampling && z > 4 {
				t.Errorf("%s: the frequencies are off: z = %.1f", sampling, z)
			}
			if name != sampling && z < 6 {
				t.Errorf("%s passes for %s (z = %.1f): the test could not fail", sampling, name, z)
			}
		}
	}
}

// of filters pairs, as the settings do.
func of(pairs []Pair, keep func(Pair) bool) (out []Pair) {
	for _, p := range pairs {
		if keep(p) {
			out = append(out, p)
		}
	}
	return out
}

func TestEachSettingAndChoiceOfParametersHasItsOwnExactProbabilities(t *testing.T) {
	pairs := published(t)
	for _, language := range []string{"en", "ru", "hi", "bn"} { // the published counts have no native pairs
		pairs = append(pairs, Pair{language, language, 20000})
	}
	cross := func(p Pair) bool { return p.Source != p.Target }
	cases := []struct {
		name        string
		change      func(*schemas.TrainParams)
		pairs       []Pair
		mini        int
		alpha, beta float64
	}{
		{"as published", func(*schemas.TrainParams) {}, of(pairs, cross), 32, 0.5, 0.75},
		{"alpha and beta exchanged", func(p *schemas.TrainParams) { p.Alpha, p.Beta = 0.75, 0.5 }, of(pairs, cross), 32, 0.75, 0.5},
		{"no smoothing", func(p *schemas.TrainParams) { p.Alpha, p.Beta = 1, 1 }, of(pairs, cross), 32, 1, 1},
		{"mini-batches of 500 from 3 pairs", func(p *schemas.TrainParams) { p.MiniBatch, p.Pairs = 500, 3 }, of(pairs, cross), 500, 0.5, 0.75},
		{"native pairs in", func(p *schemas.TrainParams) { p.NativePairs = true }, pairs, 32, 0.5, 0.75},
		{"many to one", func(p *schemas.TrainParams) { p.Setting, p.Pivot = "many_to_one", "ru" },
			of(pairs, func(p Pair) bool { return cross(p) && p.Target == "ru" }), 32, 0.5, 0.75},
		{"one to many", func(p *schemas.TrainParams) { p.Setting, p.Pivot = "one_to_many", "hi" },
			of(pairs, func(p Pair) bool { return cross(p) && p.Source == "hi" }), 32, 0.5, 0.75},
		{"one to many, native pairs in", func(p *schemas.TrainParams) { p.Setting, p.Pivot, p.NativePairs = "one_to_many", "hi", true },
			of(pairs, func(p Pair) bool { return p.Source == "hi" }), 32, 0.5, 0.75},
	}
	const steps = 40000
	exact := make([]map[[2]string]float64, len(cases))
	for c, of := range cases {
		exact[c] = map[[2]string]float64{}
		bySource := algorithm1(of.pairs, of.mini, of.alpha, of.beta, source, target)
		byTarget := algorithm1(of.pairs, of.mini, of.alpha, of.beta, target, source)
		for k, p := range of.pairs {
			exact[c][[2]string{p.Source, p.Target}] = (bySource[k] + byTarget[k]) / 2
		}
	}
	for c, of := range cases {
		s := sampler(t, pairs, params(of.change), 17)
		got := make([]float64, len(pairs))
		for step := range steps { // one mini-batch a step: those of one step share a language
			s.languages(step)
			got[s.pick[step%s.m]]++
		}
		for other := range cases {
			want := make([]float64, len(pairs))
			for k, p := range pairs {
				want[k] = exact[other][[2]string{p.Source, p.Target}] * steps
			}
			z := chiSquareZ(got, want)
			if other == c && !(z < 4) {
				t.Errorf("%s: the frequencies are off: z = %.1f", of.name, z)
			}
			if other != c && z < 6 {
				t.Errorf("%s passes for %s (z = %.1f): the test could not fail", of.name, cases[other].name, z)
			}
		}
	}
}
