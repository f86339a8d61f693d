package main

import (
	"fmt"
	"math/rand/v2"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// increment measures a crawl that adds five in a hundred targets: with the earlier lists, and without.
func (o *options) increment() error {
	earlier, added := o.Path("earlier.arrow"), 0
	w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](earlier, o.width(), nil)
	if err != nil {
		return err
	}
	generator := rand.New(rand.NewPCG(5, 5))
	if err := arrowfile.Each(o.target, func(r *schemas.EmbeddingRow) error {
		if generator.IntN(20) == 0 {
			added++
			return nil
		}
		return w.Append(schemas.EmbeddingRow{Language: r.Language, ID: r.ID, TextDigest: r.TextDigest, Embedding: r.Embedding})
	}); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	before := engine.SearchRequest{Source: o.source, Target: earlier, Keep: o.keep, BlockRows: o.block, Forward: o.Path("f0"), Backward: o.Path("b0")}
	if _, _, err := o.search(before); err != nil {
		return err
	}
	now := before
	now.Target, now.Forward, now.Backward = o.target, o.Path("f1"), o.Path("b1")
	full, all, err := o.search(now)
	if err != nil {
		return err
	}
	now.Forward, now.Backward = o.Path("f2"), o.Path("b2")
	now.Earlier = &engine.EarlierSearch{Source: before.Source, Target: before.Target, Forward: before.Forward, Backward: before.Backward}
	part, some, err := o.search(now)
	if err != nil {
		return err
	}
	fmt.Printf("a crawl of %d new rows: %d products of %d (%.1f %%), %d rows searched in all, whole process %.2f s instead of %.2f s %s\n", added,
		some.Products, all.Products, 100*float64(some.Products)/float64(all.Products), some.Searched, part.whole.Seconds(), full.whole.Seconds(), some.HintIgnored)
	return nil
}

func (o *options) width() int {
	d, err := arrowfile.Dimension(o.target, "embedding")
	if err != nil {
		return o.d
	}
	return d
}

// memory measures peak memory at n and 10 n rows with one budget of block_rows, over that of a search of next to nothing
// (the libraries).
func (o *options) memory() error {
	const d, block = 384, 4096
	var peaks []float64
	for _, rows := range []int{16, 10000, 100000} {
		source, target := o.Path(fmt.Sprint("s", rows)), o.Path(fmt.Sprint("t", rows))
		if err := random(source, target, rows, rows, d); err != nil {
			return err
		}
		m, _, err := o.search(engine.SearchRequest{Source: source, Target: target, Keep: o.keep, BlockRows: block,
			Forward: o.Path(fmt.Sprint("mf", rows)), Backward: o.Path(fmt.Sprint("mb", rows))})
		if err != nil {
			return err
		}
		peaks = append(peaks, m.peakMiB)
	}
	fmt.Printf("peak memory, vectors of %d, block_rows %d: libraries alone %.0f MiB, 2 x 10000 articles %.0f MiB, 2 x 100000 articles %.0f MiB: "+
		"%.2f times (%.2f without the libraries), %.0f bytes more an article\n", d, block, peaks[0], peaks[1], peaks[2], peaks[2]/peaks[1],
		(peaks[2]-peaks[0])/(peaks[1]-peaks[0]), (peaks[2]-peaks[1])*(1<<20)/(2*90000))
	return nil
}
