// Command align measures the search behind alignment, in both directions and from file to file, beside faiss-cpu's
// IndexFlatIP called for each direction on the same files with the same threads. Run it in the repository root:
//
//	./crosssum benchmark align --python VENV/bin/python
//
// It prints, for whole processes and for the search alone, the least of several alternating runs and their spread, the
// ratio, and whether neighbours and mutual pairs are the same; then what a crawl of new rows costs by products, and how
// peak memory grows with ten times the rows.
package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"crosssum/bench/harness"
	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
)

type options struct {
	harness.Compared
	rows, queries, d, keep, block int
	source, target                string
	skipIncrement, skipMemory     bool
}

func main() {
	var o options
	set := harness.Flags("align", "Measures the search behind alignment beside faiss-cpu's IndexFlatIP, both directions, the same files and threads.",
		" --python ~/peers/bin/python")
	o.Flags(set, "faiss-cpu", "faiss-cpu, numpy and pyarrow", 3)
	set.StringVar(&o.Numerics, "numerics", "native", "portable or native")
	set.StringVar(&o.source, "source", "", "a file of embeddings instead of random vectors")
	set.StringVar(&o.target, "target", "", "the other file")
	set.IntVar(&o.rows, "rows", 50000, "vectors of the target")
	set.IntVar(&o.queries, "queries", 10000, "vectors of the source")
	set.IntVar(&o.d, "dimensions", 768, "width of the vectors")
	set.IntVar(&o.keep, "keep", 8, "neighbours of each row")
	set.IntVar(&o.block, "block-rows", 16384, "rows of a block: bounds memory")
	set.BoolVar(&o.skipIncrement, "no-increment", false, "do not measure a crawl of new rows")
	set.BoolVar(&o.skipMemory, "no-memory", false, "do not measure peak memory")
	o.Run(set, func() error { return run(&o) })
}

func run(o *options) (err error) {
	if o.source == "" {
		o.source, o.target = o.Path("source.arrow"), o.Path("target.arrow")
		if err := random(o.source, o.target, o.queries, o.rows, o.d); err != nil {
			return err
		}
	}
	queries, err := arrowfile.Rows(o.source)
	if err != nil {
		return err
	}
	rows, err := arrowfile.Rows(o.target)
	if err != nil {
		return err
	}
	fmt.Printf("%d x %d vectors of %d, keep %d, block_rows %d, %d threads, OMP_WAIT_POLICY=passive, numerics %s, load before %s\n",
		queries, rows, o.width(), o.keep, o.block, o.Threads, o.Numerics, harness.Load())
	if err := o.compare(); err != nil {
		return err
	}
	if !o.skipIncrement {
		if err := o.increment(); err != nil {
			return err
		}
	}
	if !o.skipMemory {
		return o.memory()
	}
	return nil
}

// measure is what one process took.
type measure struct {
	whole     time.Duration // start to end
	search    time.Duration // of that, what the process itself says the search took
	processor time.Duration // user time of all threads
	peakMiB   float64
}

// compare runs both in turn and prints what they took and found.
func (o *options) compare() error {
	request := engine.SearchRequest{Source: o.source, Target: o.target, Keep: o.keep, BlockRows: o.block}
	var ours, peers []measure
	for i := range o.Runs {
		request.Forward, request.Backward = o.Path(fmt.Sprint("forward", i)), o.Path(fmt.Sprint("backward", i))
		m, result, err := o.search(request)
		if err != nil {
			return err
		}
		ours = append(ours, m)
		if i == 0 {
			fmt.Printf("compared %d pairs of rows, %d of them exactly\n", result.Products, result.Exact)
		}
		if o.NoPeer {
			continue
		}
		if m, err = o.peer(); err != nil {
			fmt.Println("faiss-cpu: not measured:", err)
			o.NoPeer = true
			continue
		}
		peers = append(peers, m)
	}
	print("crosssum", ours)
	if o.Numerics == "native" {
		if err := o.portable(request); err != nil {
			return err
		}
	}
	if o.NoPeer {
		return nil
	}
	print("faiss-cpu", peers)
	for _, of := range measured {
		fmt.Printf("%s: %.2f times as fast\n", of.name, float64(least(peers, of.get))/float64(least(ours, of.get)))
	}
	return o.same(request)
}

// portable prints the figure of the other mode beside it. What proposes takes the processor's instructions in both: they
// cannot change a result.
func (o *options) portable(request engine.SearchRequest) error {
	o.Numerics = "portable"
	defer func() { o.Numerics = "native" }()
	var list []measure
	for i := range o.Runs {
		request.Forward, request.Backward = o.Path(fmt.Sprint("portable-forward", i)), o.Path(fmt.Sprint("portable-backward", i))
		m, _, err := o.search(request)
		if err != nil {
			return err
		}
		list = append(list, m)
	}
	print("portable", list)
	return nil
}

var measured = []struct {
	name string
	get  func(measure) time.Duration
}{
	{"whole process", func(m measure) time.Duration { return m.whole }},
	{"search alone", func(m measure) time.Duration { return m.search }},
	{"processor time", func(m measure) time.Duration { return m.processor }},
}

func least(list []measure, get func(measure) time.Duration) time.Duration {
	smallest := get(list[0])
	for _, m := range list {
		smallest = min(smallest, get(m))
	}
	return smallest
}

func print(name string, list []measure) {
	fmt.Printf("%-10s", name)
	for _, of := range measured {
		var all []time.Duration
		for _, m := range list {
			all = append(all, of.get(m))
		}
		slices.Sort(all)
		fmt.Printf("  %s %.2f s (to %.2f)", of.name, all[0].Seconds(), all[len(all)-1].Seconds())
	}
	fmt.Printf("  peak %.0f MiB\n", list[0].peakMiB)
}

// search runs an engine for one request.
func (o *options) search(request engine.SearchRequest) (measure, engine.SearchResult, error) {
	var result engine.SearchResult
	m, err := o.ask(context.Background(), request, &result)
	return m, result, err
}
