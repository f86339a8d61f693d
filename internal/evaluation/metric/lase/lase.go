// Package lase is LaSE (language-agnostic summary evaluation) from what models and tokenizers have said already.
//
//	LaSE = MS * LC * LP
//	MS = dot product of the unit vectors of the generated and the reference text
//	LC = 1 if the wanted language is the classifier's first choice or unknown to it, else its probability
//	LP = exp(min(0, 1 - |generated| / (|reference| + 6))), lengths in ROUGE tokens, neither lower-cased nor stemmed
package lase

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"sort"
)

// slack is c of the length penalty: so many tokens above the reference's length cost nothing.
const slack = 6

// Value is one text's LaSE with its parts, as fractions.
type Value struct{ LaSE, MS, LC, LP float64 }

// Score multiplies the parts. wanted is the probability of the wanted language, below 0 when the classifier does not
// know it; first tells whether it is the first choice. MS is not clamped: a negative cosine gives a negative LaSE.
func Score(generated, reference []float32, first bool, wanted float64, generatedTokens, referenceTokens int) Value {
	v := Value{MS: Dot(generated, reference), LC: Confidence(first, wanted), LP: LengthPenalty(generatedTokens, referenceTokens)}
	v.LaSE = v.MS * v.LC * v.LP
	return v
}

// Dot is the product of two vectors of one width, summed in index order in float64.
func Dot(a, b []float32) float64 {
	sum := 0.0
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

// Confidence is LC.
func Confidence(first bool, wanted float64) float64 {
	if first || wanted < 0 {
		return 1
	}
	return wanted
}

// LengthPenalty is LP.
func LengthPenalty(generated, reference int) float64 {
	return math.Exp(math.Min(0, 1-float64(generated)/float64(reference+slack)))
}

// Shuffled gives every row the index of a row with another reference: the value of LaSE for texts that have nothing to
// do with each other. It is a derangement of the distinct reference texts of each group (language) by a hash of seed and
// text; a group of one text takes its partner from all groups. -1 where all references are equal.
func Shuffled(seed uint64, groups, references []string) []int {
	type item struct {
		hash [32]byte
		row  int
	}
	ring := func(member func(i int) bool) (next map[string]int, distinct int) {
		seen := map[string]bool{}
		var items []item
		for i, text := range references {
			if member(i) && !seen[text] {
				seen[text] = true
				b := binary.LittleEndian.AppendUint64(nil, seed)
				items = append(items, item{sha256.Sum256(append(b, text...)), i})
			}
		}
		sort.Slice(items, func(i, j int) bool { return bytes.Compare(items[i].hash[:], items[j].hash[:]) < 0 })
		next = map[string]int{}
		for i, it := range items {
			next[references[it.row]] = items[(i+1)%len(items)].row
		}
		return next, len(items)
	}
	all, distinct := ring(func(int) bool { return true })
	own := map[string]map[string]int{}
	out := make([]int, len(references))
	for i, g := range groups {
		next, ok := own[g]
		if !ok {
			var n int
			if next, n = ring(func(j int) bool { return groups[j] == g }); n < 2 {
				next = all
			}
			own[g] = next
		}
		out[i] = -1
		if distinct > 1 {
			out[i] = next[references[i]]
		}
	}
	return out
}
