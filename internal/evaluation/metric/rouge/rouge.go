// Package rouge is multilingual ROUGE-1, ROUGE-2 and ROUGE-L as XL-Sum's evaluation computes it: full Unicode
// lower-casing, punctuation dropped, the aggressive OpenNMT tokenization (or a segmenter), stemming of tokens longer
// than three code points. Scores are F1 times 100.
package rouge

// Scores are F1 values between 0 and 100.
type Scores struct{ R1, R2, RL float64 }

// Score compares a hypothesis with a reference in the language that the hypothesis should be in.
func Score(language, reference, hypothesis string) Scores {
	return Compare(Tokens(language, reference, true), Tokens(language, hypothesis, true))
}

// Compare scores two token lists. Both empty: 0, as the reference implementation has it.
func Compare(reference, hypothesis []string) Scores {
	ids := map[string]uint32{}
	r, h := number(ids, reference), number(ids, hypothesis)
	return Scores{
		R1: f1(hits(r, h, 1), len(r), len(h)),
		R2: f1(hits(r, h, 2), len(r)-1, len(h)-1),
		RL: f1(lcs(r, h), len(r), len(h)),
	}
}

func number(ids map[string]uint32, tokens []string) []uint32 {
	out := make([]uint32, len(tokens))
	for i, t := range tokens {
		id, ok := ids[t]
		if !ok {
			id = uint32(len(ids))
			ids[t] = id
		}
		out[i] = id
	}
	return out
}

// hits is the number of n-grams (n = 1 or 2) that both have, each counted as often as the side that has fewer.
func hits(r, h []uint32, n int) int {
	counts := make(map[uint64]int, len(r))
	gram := func(tokens []uint32, i int) uint64 {
		if n == 1 {
			return uint64(tokens[i])
		}
		return uint64(tokens[i])<<32 | uint64(tokens[i+1])
	}
	for i := 0; i+n <= len(r); i++ {
		counts[gram(r, i)]++
	}
	common := 0
	for i := 0; i+n <= len(h); i++ {
		if g := gram(h, i); counts[g] > 0 {
			counts[g]--
			common++
		}
	}
	return common
}

// f1 = 2PR / (P+R) times 100 with P = hits / hypothesis, R = hits / reference (both at least 1).
func f1(hits, reference, hypothesis int) float64 {
	precision := float64(hits) / float64(max(hypothesis, 1))
	recall := float64(hits) / float64(max(reference, 1))
	if precision+recall == 0 {
		return 0
	}
	return 100 * (2 * precision * recall / (precision + recall))
}

// lcs is the length of the longest common subsequence.
func lcs(a, b []uint32) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else if row[j] > above {
				row[j+1] = row[j]
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
