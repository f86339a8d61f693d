package gold

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"sort"

	"crosssum/schemas"
)

// bootstrap fills in 95 % intervals: clusters are drawn with replacement, so that siblings and all translations of a key come
// or stay away together, and the shares of every threshold are taken again with each draw. Where a draw has nothing to
// divide by, it says nothing about that share.
func (j *jury) bootstrap(points []schemas.Point, seed uint64) {
	random := rand.NewPCG(seed, 0)
	weights := make([]int64, j.clusters)
	samples := make([][8][]float64, len(points)) // [threshold][group*4 + estimate][resample]
	for range Resamples {
		clear(weights)
		for range weights {
			n, _ := bits.Mul64(random.Uint64(), uint64(j.clusters))
			weights[n]++
		}
		var gold, counts [2 * measures]int64
		for g := range j.goldBy {
			for c, n := range j.goldBy[g] {
				gold[g] += weights[c] * int64(n)
			}
		}
		for i, changes := range j.changes {
			for _, c := range changes {
				counts[c.at] += weights[c.cluster] * int64(c.by)
			}
			for g := range 2 {
				n := counts[g*measures:]
				for e, share := range [4][2]int64{{n[countRight], n[countJudged]}, {n[countFound], gold[g]},
					{n[countByKey], n[countJudged]}, {n[countByKey], gold[g]}} {
					if share[1] > 0 {
						list := &samples[i][g*4+e]
						*list = append(*list, float64(share[0])/float64(share[1]))
					}
				}
			}
		}
	}
	for i := range points {
		for g, c := range [2]*schemas.Curve{&points[i].All, &points[i].English} {
			for e, estimate := range [4]*schemas.Estimate{&c.Precision, &c.Recall, &c.KeyPrecision, &c.KeyRecall} {
				estimate.Low, estimate.High = interval(samples[i][g*4+e])
			}
		}
	}
}

// interval has the 2.5th and the 97.5th percentile, the nearest samples outwards; (0, 1) of nothing.
func interval(samples []float64) (low, high float64) {
	if len(samples) == 0 {
		return 0, 1
	}
	sort.Float64s(samples)
	last := float64(len(samples) - 1)
	return samples[int(math.Floor(0.025*last))], samples[int(math.Ceil(0.975*last))]
}
