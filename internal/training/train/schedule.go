package train

import "math"

// rate is the learning rate of a step, which counts from 1:
//
//	scale * d_model^-0.5 * min(step^-0.5, step * warmup^-1.5)
//
// Without warm-up the second term is left out.
func rate(step, warmup, dModel int, scale float64) float64 {
	s := float64(step)
	r := math.Pow(s, -0.5)
	if warmup > 0 {
		r = math.Min(r, s*math.Pow(float64(warmup), -1.5))
	}
	return scale * math.Pow(float64(dModel), -0.5) * r
}
