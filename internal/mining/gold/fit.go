package gold

import (
	"hash/fnv"
	"math"
	"slices"

	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

const (
	// folds of clusters: each is judged by weights that were fitted to the others.
	folds = 5
	// rechoices: contenders are chosen with the weights that were fitted to those chosen before.
	rechoices = 3
	// ridge keeps the weights of few known pairs small, in features of unit variance.
	ridge = 1
	// newtonSteps are plenty: the method doubles the digits with each.
	newtonSteps = 30
)

// startEvidence chooses the contenders that weights are fitted to first. Any encoder's margins lie around 1.
var startEvidence = schemas.EvidenceModel{Bias: -2, Weights: map[string]float64{"margin": 35, "token_margin": 9, "agreement": 11},
	Cuts: []schemas.Cut{{Precision: 1, Probability: 1}}}

// wantedPrecisions are those that a card has cuts for, where they are reached.
var wantedPrecisions = []float64{0.9, 0.95, 0.97, 0.98, 0.99, 0.995}

// fitEvidence fits the rule "evidence" to the known pairs, and gives every contender of the sweep the probability that weights
// fitted without its clusters say. A wrong pair lies in two clusters: it is nowhere fitted to where either is judged.
func (j *jury) fitEvidence(in link.Input, beat func()) (*schemas.EvidenceModel, error) {
	model := startEvidence
	for range rechoices {
		in.Model = &model
		if err := j.sweep.Rechoose(in, beat); err != nil {
			return nil, err
		}
		j.reconsider()
		fitted, ok := j.fit(-1)
		if !ok {
			return nil, invalid("gold: its pairs are all right or all wrong, or too few to fit weights to")
		}
		model = fitted
	}
	var byFold [folds]schemas.EvidenceModel
	for f := range byFold {
		ok := false
		if byFold[f], ok = j.fit(f); !ok {
			byFold[f] = model
		}
	}
	for i := range j.sweep.Len() {
		a, _ := j.sweep.Pair(i)
		m := &model
		if j.cluster[a] >= 0 {
			m = &byFold[j.fold(a)]
		}
		j.sweep.Judge(i, probability(m, j.sweep.Features(i)))
	}
	model.Cuts = j.cuts()
	return &model, nil
}

// fold is that of an article's cluster.
func (j *jury) fold(n int32) int {
	h := fnv.New32a()
	c := uint32(j.cluster[n])
	h.Write([]byte{byte(c), byte(c >> 8), byte(c >> 16), byte(c >> 24)})
	return int(h.Sum32()>>8) % folds
}

// fit is a logistic regression over the judged contenders, without those of a fold; -1: of all.
func (j *jury) fit(without int) (schemas.EvidenceModel, bool) {
	var x [][]float64
	var y []float64
	for i, v := range j.verdicts {
		a, b := j.sweep.Pair(i)
		if v.judged && (without < 0 || j.fold(a) != without && j.fold(b) != without) {
			x, y = append(x, j.sweep.Features(i)), append(y, float64(btoi(v.right)))
		}
	}
	right := 0.0
	for _, r := range y {
		right += r
	}
	if right == 0 || right == float64(len(y)) {
		return schemas.EvidenceModel{}, false
	}
	w := logistic(x, y)
	m := schemas.EvidenceModel{Bias: round(w[0], 1e4), Weights: map[string]float64{}, Cuts: startEvidence.Cuts}
	for k, name := range schemas.EvidenceFeatures {
		m.Weights[name] = round(w[k+1], 1e4)
	}
	return m, true
}

func probability(m *schemas.EvidenceModel, features []float64) float32 {
	sum := m.Bias
	for k, name := range schemas.EvidenceFeatures {
		sum += m.Weights[name] * features[k]
	}
	return float32(1 / (1 + math.Exp(-sum)))
}

// cuts finds for each wanted precision the smallest probability from which the contenders have it.
func (j *jury) cuts() (cuts []schemas.Cut) {
	order := make([]int, j.sweep.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return -compare(j.sweep.Value(a), j.sweep.Value(b)) })
	found := make([]float64, len(wantedPrecisions))
	judged, right := 0, 0
	for n, i := range order {
		judged += btoi(j.verdicts[i].judged)
		right += btoi(j.verdicts[i].right)
		if n+1 < len(order) && j.sweep.Value(order[n+1]) == j.sweep.Value(i) || judged == 0 {
			continue
		}
		for k, wanted := range wantedPrecisions {
			if float64(right) >= wanted*float64(judged) {
				found[k] = float64(j.sweep.Value(i))
			}
		}
	}
	for k, p := range found {
		if p > 0 {
			cuts = append(cuts, schemas.Cut{Precision: wantedPrecisions[k], Probability: math.Floor(p*1e4) / 1e4})
		}
	}
	return cuts
}

func compare(a, b float32) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// logistic fits a bias and weights to features x and outcomes y, 0 or 1, by Newton's method.
func logistic(x [][]float64, y []float64) []float64 {
	d := len(x[0])
	mean, scale := make([]float64, d), make([]float64, d)
	for _, row := range x {
		for k, v := range row {
			mean[k] += v / float64(len(x))
		}
	}
	for _, row := range x {
		for k, v := range row {
			scale[k] += (v - mean[k]) * (v - mean[k]) / float64(len(x))
		}
	}
	for k := range scale {
		if scale[k] = math.Sqrt(scale[k]); scale[k] == 0 {
			scale[k] = 1
		}
	}
	w, f := make([]float64, d+1), make([]float64, d+1)
	for range newtonSteps {
		h, g := make([][]float64, d+1), make([]float64, d+1)
		for k := range h {
			h[k] = make([]float64, d+1)
			if k > 0 {
				h[k][k], g[k] = ridge, -ridge*w[k]
			}
		}
		h[0][0] = 1e-9
		for n, row := range x {
			f[0] = 1
			sum := w[0]
			for k, v := range row {
				f[k+1] = (v - mean[k]) / scale[k]
				sum += w[k+1] * f[k+1]
			}
			p := 1 / (1 + math.Exp(-sum))
			for k, v := range f {
				g[k] += (y[n] - p) * v
				for l := range f {
					h[k][l] += p * (1 - p) * v * f[l]
				}
			}
		}
		step := solve(h, g)
		largest := 0.0
		for _, s := range step {
			largest = max(largest, math.Abs(s))
		}
		for k, s := range step {
			w[k] += s * min(1, 4/max(largest, 1e-12)) // where the classes lie apart, a whole step would leap into nowhere
		}
		if largest < 1e-9 {
			break
		}
	}
	for k := range mean {
		w[k+1] /= scale[k]
		w[0] -= w[k+1] * mean[k]
	}
	return w
}

// solve is Gaussian elimination with pivots.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	for i := range n {
		p := i
		for r := i + 1; r < n; r++ {
			if math.Abs(a[r][i]) > math.Abs(a[p][i]) {
				p = r
			}
		}
		a[i], a[p], b[i], b[p] = a[p], a[i], b[p], b[i]
		for r := i + 1; r < n; r++ {
			factor := a[r][i] / a[i][i]
			for c := i; c < n; c++ {
				a[r][c] -= factor * a[i][c]
			}
			b[r] -= factor * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for c := i + 1; c < n; c++ {
			b[i] -= a[i][c] * b[c]
		}
		b[i] /= a[i][i]
	}
	return b
}
