package neardup

import (
	"fmt"
	"math"
)

// A signature has Bands * Rows minimal hashes of a text's shingles, a byte of each (b-bit MinHash: Li and König, 2010).
const (
	Bands = 20
	Rows  = 5
	size  = Bands * Rows
)

// Signature is what a text is found again by when it is there no longer. The zero value is that of a text without tokens.
type Signature [size]byte

var permutations = func() (of [size]uint64) {
	for i := range of {
		of[i] = mix(uint64(i)) | 1
	}
	return of
}()

// Sign makes the signature of a set of shingles.
func Sign(shingles []uint64) (s Signature) {
	if len(shingles) == 0 {
		return s
	}
	for i, by := range permutations {
		least := uint64(math.MaxUint64)
		for _, h := range shingles {
			least = min(least, h*by) // an odd factor permutes
		}
		s[i] = byte(mix(least) >> 56)
	}
	return s
}

// Similarity estimates the Jaccard similarity of what was signed, without bias; its standard deviation is sqrt(J (1 - J) / 100), some .04.
func (s *Signature) Similarity(other *Signature) float64 {
	same := 0
	for i := range s {
		if s[i] == other[i] {
			same++
		}
	}
	return (float64(same)/size - 1./256) / (1 - 1./256)
}

// allowance is how far under the threshold an estimate still proposes a pair: four standard deviations at most.
const allowance = 0.2

// Band is the part of the signature by which two are found to be alike.
func (s *Signature) Band(i int) (key uint64) {
	for _, b := range s[i*Rows : (i+1)*Rows] {
		key = key<<8 | uint64(b)
	}
	return key
}

// firstShared tells whether band i is the first that the two have in common: there a pair is met once.
func (s *Signature) firstShared(other *Signature, i int) bool {
	for j := range i {
		if s.Band(j) == other.Band(j) {
			return false
		}
	}
	return true
}

// Pack and Unpack are how a signature stands in an Arrow file: four bytes a number, the first the lowest; none of a text without tokens.
func (s *Signature) Pack() []int32 {
	if *s == (Signature{}) {
		return nil
	}
	out := make([]int32, size/4)
	for i := range s {
		out[i/4] |= int32(s[i]) << (i % 4 * 8)
	}
	return out
}

// Unpack is the inverse of Pack; an error for another length.
func Unpack(packed []int32) (s Signature, err error) {
	if len(packed) != 0 && len(packed) != size/4 {
		return s, fmt.Errorf("a MinHash signature of %d numbers, wanted %d", len(packed), size/4)
	}
	for i := range 4 * len(packed) {
		s[i] = byte(packed[i/4] >> (i % 4 * 8))
	}
	return s, nil
}
