package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"

	"crosssum/internal/engine"
	"crosssum/schemas"
)

// BenchmarkFewRows measures where FAISS stops being as fast as products of bytes: the number that fewRows should be.
// Processor time, which other processes disturb less.
func BenchmarkFewRows(b *testing.B) {
	defer func() { proposer = "" }()
	random := rand.New(rand.NewPCG(1, 1))
	dir := b.TempDir()
	many := write(b, dir, "many", clustered(random, "m", 7000, 384))
	for _, rows := range []int{5, 20, 40, 80, 160, 1000} {
		few := write(b, dir, "few", clustered(random, "f", rows, 384))
		for _, proposer = range proposers {
			b.Run(fmt.Sprintf("%d-%s", rows, proposer), func(b *testing.B) {
				start := processorSeconds()
				for range b.N {
					os.Remove(dir + "/f")
					os.Remove(dir + "/b")
					if _, err := Run(context.Background(), engine.SearchRequest{Source: few, Target: many, Keep: 8, BlockRows: 16384,
						Forward: dir + "/f", Backward: dir + "/b"}, func(schemas.Progress) {}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric((processorSeconds()-start)*1000/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

func processorSeconds() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
