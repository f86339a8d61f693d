// Package random draws random numbers that are a pure function of what they are for: the order of samples, new weights.
package random

import "math/bits"

// Philox is the counter-based generator Philox4x32-10 (Salmon et al., SC 2011): a block of four random words that is a
// pure function of counter and key. It has no state, so any draw can be made again without the draws before it.
func Philox(counter [4]uint32, key [2]uint32) [4]uint32 {
	for round := 0; round < 10; round++ {
		hi0, lo0 := bits.Mul32(0xD2511F53, counter[0])
		hi1, lo1 := bits.Mul32(0xCD9E8D57, counter[2])
		counter = [4]uint32{hi1 ^ counter[1] ^ key[0], lo1, hi0 ^ counter[3] ^ key[1], lo0}
		key[0] += 0x9E3779B9
		key[1] += 0xBB67AE85
	}
	return counter
}

// Purposes keep the streams of one seed apart.
const (
	Languages  uint32 = 1  // index = step: coin, fixed language, then the other languages
	Shuffle    uint32 = 2  // index = pass, sub = pair: the order of a pair's examples
	Initialize uint32 = 16 // index = weight: the values of a new model
	Memory     uint32 = 17 // index = step: tokens that measure what a training takes
)

// Stream is the sequence of words of one (seed, purpose, index, sub): counter = {block, index, sub, purpose}.
type Stream struct {
	key     [2]uint32
	counter [4]uint32
	block   [4]uint32
	used    int
}

// New starts a stream at its first word.
func New(seed uint64, purpose, index, sub uint32) *Stream {
	return &Stream{
		key:     [2]uint32{uint32(seed), uint32(seed >> 32)},
		counter: [4]uint32{0, index, sub, purpose},
		used:    4,
	}
}

// Uint32 is the next word.
func (s *Stream) Uint32() uint32 {
	if s.used == 4 {
		s.block = Philox(s.counter, s.key)
		s.counter[0]++
		s.used = 0
	}
	s.used++
	return s.block[s.used-1]
}

// Float64 is uniform on [0, 1): 53 bits of the next two words.
func (s *Stream) Float64() float64 {
	hi, lo := uint64(s.Uint32()), uint64(s.Uint32())
	return float64((hi<<32|lo)>>11) / (1 << 53)
}

// Below is uniform on 0..n-1 without bias (Lemire's multiplication, with rejection). n must not be 0.
func (s *Stream) Below(n uint32) uint32 {
	for {
		hi, lo := bits.Mul32(s.Uint32(), n)
		if lo >= n || lo >= -n%n {
			return hi
		}
	}
}

// Permutation is a uniform permutation of 0..n-1 (Fisher and Yates).
func (s *Stream) Permutation(n int) []uint32 {
	order := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	for i := n - 1; i > 0; i-- {
		j := s.Below(uint32(i + 1))
		order[i], order[j] = order[j], order[i]
	}
	return order
}
