package torch

import (
	"math"
	"slices"
	"testing"
)

// philox is the textbook form of Philox4x32-10, to hold the vectorized one against.
func philox(counter [4]uint32, seed uint64) [4]uint32 {
	k0, k1 := uint32(seed), uint32(seed>>32)
	for range 10 {
		p, q := 0xD2511F53*uint64(counter[0]), 0xCD9E8D57*uint64(counter[2])
		counter = [4]uint32{uint32(q>>32) ^ counter[1] ^ k0, uint32(q), uint32(p>>32) ^ counter[3] ^ k1, uint32(p)}
		k0, k1 = k0+0x9E3779B9, k1+0xBB67AE85
	}
	return counter
}

func TestPhiloxGivesThePublishedNumbers(t *testing.T) { // Random123's kat_vectors
	for _, c := range []struct {
		counter [4]uint32
		seed    uint64
		want    [4]uint32
	}{
		{[4]uint32{}, 0, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822,
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := philox(c.counter, c.seed); got != c.want {
			t.Errorf("%x, want %x", got, c.want)
		}
	}
}

func masks(t *testing.T, p float64, m Mask, shape ...int) (values []float32) {
	t.Helper()
	must(t, Do, func() { values = Zeros(Float32, shape...).DropoutMask(p, m).Float32s() })
	return values
}

func TestADropoutMaskIsPhiloxOfItsNumbers(t *testing.T) {
	const p = 0.25
	m := Mask{Seed: 0x123456789abcdef0, Step: 7, Site: 3, First: 5}
	values := masks(t, p, m, 2, 3, 37)
	for i, v := range values {
		example, at := i/111, i%111
		block, within := uint32(at/32*8+at%8), at%32/8 // 32 values: word 0 of 8 counters, then word 1, ...
		random := philox([4]uint32{block, m.First + uint32(example), m.Site, m.Step}, m.Seed)[within]
		want := float32(1 / (1 - p))
		if float64(random) < p*(1<<32) {
			want = 0
		}
		if v != want {
			t.Fatalf("value %d: %v, want %v", i, v, want)
		}
	}
}

func TestAMaskDependsOnNeitherThreadsNorMicroBatches(t *testing.T) {
	m := Mask{Seed: 1, Step: 2, Site: 3}
	SetThreads(1)
	whole := masks(t, 0.1, m, 8, 64, 96)
	SetThreads(2)
	if !slices.Equal(whole, masks(t, 0.1, m, 8, 64, 96)) {
		t.Error("two threads give another mask than one")
	}
	m.First = 6
	if !slices.Equal(whole[6*64*96:], masks(t, 0.1, m, 2, 64, 96)) {
		t.Error("the last two examples alone get another mask")
	}
	m.Step++
	if slices.Equal(whole[6*64*96:], masks(t, 0.1, m, 2, 64, 96)) {
		t.Error("the next step gets the same mask")
	}
	dropped := 0
	for _, v := range whole {
		if v == 0 {
			dropped++
		}
	}
	if share := float64(dropped) / float64(len(whole)); math.Abs(share-0.1) > 0.006 { // 4.4 sigma
		t.Errorf("dropped a share of %v", share)
	}
}
