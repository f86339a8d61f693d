package random

import "testing"

// The known answers of Random123's kat_vectors for philox4x32 with 10 rounds.
func TestPhiloxGivesThePublishedAnswers(t *testing.T) {
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, [2]uint32{0xffffffff, 0xffffffff},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Philox(c.counter, c.key); got != c.want {
			t.Errorf("Philox(%x, %x) = %x, want %x", c.counter, c.key, got, c.want)
		}
	}
}

func TestStreamsOfOneSeedDifferByPurposeIndexAndSub(t *testing.T) {
	seen := map[uint64]string{}
	for _, s := range []struct {
		name                string
		purpose, index, sub uint32
	}{{"languages 0", 1, 0, 0}, {"languages 1", 1, 1, 0}, {"shuffle 0 0", 2, 0, 0}, {"shuffle 0 1", 2, 0, 1}, {"shuffle 1 0", 2, 1, 0}} {
		stream := New(7, s.purpose, s.index, s.sub)
		word := uint64(stream.Uint32())<<32 | uint64(stream.Uint32())
		if other, ok := seen[word]; ok {
			t.Errorf("%s begins like %s", s.name, other)
		}
		seen[word] = s.name
	}
}

func TestBelowIsUniform(t *testing.T) {
	stream, n := New(3, 9, 0, 0), 7
	counts, square := make([]float64, n), 0.0
	for range 70000 {
		counts[stream.Below(uint32(n))]++
	}
	for _, count := range counts {
		square += (count - 10000) * (count - 10000) / 10000
	}
	if square > 27 { // chi-square with six degrees of freedom: one in ten thousand
		t.Errorf("counts %v: chi-square %.1f", counts, square)
	}
}
