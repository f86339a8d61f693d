package encode

import "math"

// meanPooling makes one vector [hidden] of the states [tokens, hidden] of a text: the mean over the tokens, special ones
// included, added up in float64.
func meanPooling(states, vector []float32) {
	n := len(states) / len(vector)
	for j := range vector {
		sum := 0.0
		for i := range n {
			sum += float64(states[i*len(vector)+j])
		}
		vector[j] = float32(sum / float64(n))
	}
}

// unit divides v by its length, computed in float64; false if v is zero or not finite.
func unit(v []float32) bool {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return false
	}
	length := math.Sqrt(sum)
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
	return true
}

// finite tells whether no value of v is NaN or infinite.
func finite(v []float32) bool {
	for _, x := range v {
		if x-x != 0 {
			return false
		}
	}
	return true
}
