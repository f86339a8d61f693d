// Command growth measures how the memory of each stage grows with ten times the articles: of the worker, and of its engine.
// Run it in the repository root:
//
//	./crosssum benchmark growth
//
// Articles are made up, in two languages, each a translation of one of the other; the encoder is a small StaticEmbedding made
// here, so that minutes are enough. Every stage is its real activity over a real store and engine, in a process of its own; what
// counts is the most resident memory that this process, and the engine that it started, ever had. Beside a run of next to no
// articles stand one of --articles and one of ten times as many.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"crosssum/bench/harness"
)

type options struct {
	engine, classifier, dir, stages string
	articles, dimension             int
	stage                           string // set in the processes that this one starts
}

func main() {
	var o options
	set := harness.Flags("growth", "Measures how the memory of each stage grows with ten times the articles: of the worker, and of its engine.",
		" --articles 5000")
	set.StringVar(&o.engine, "engine", "build/bin/engine", "the native program")
	set.StringVar(&o.classifier, "classifier", "build/models/lid.176.ftz", "fastText's language classifier")
	set.IntVar(&o.articles, "articles", 20000, "articles of the smaller crawl")
	set.IntVar(&o.dimension, "dimension", 64, "width of the vectors")
	set.StringVar(&o.stages, "stages", "", "print only these, separated by commas; those before the last of them run too, since each works on what others made")
	set.StringVar(&o.stage, "stage", "", "for this program's own use")
	set.StringVar(&o.dir, "dir", "", "for this program's own use")
	harness.Run(set, func() error {
		if o.stage != "" {
			return o.one()
		}
		return o.run()
	})
}

// peaks are the most resident bytes of a stage's processes.
type peaks struct{ Worker, Engine, Seconds float64 }

func (o *options) run() error {
	fmt.Printf("%d and %d articles of two languages, vectors of %d, block_rows %d, 1-minute load %s\n", o.articles, 10*o.articles, o.dimension,
		params().Align.BlockRows, harness.Load())
	var measured [3]map[string]peaks
	for i, articles := range []int{200, o.articles, 10 * o.articles} {
		var err error
		if measured[i], err = o.measure(articles); err != nil {
			return err
		}
	}
	fmt.Printf("%-12s %-7s %10s %10s %10s %8s %16s %9s\n", "stage", "process", "idle", "articles", "10 times", "ratio", "bytes an article", "seconds")
	for _, name := range stageNames {
		if !o.wanted(name) {
			continue
		}
		for _, process := range []string{"worker", "engine"} {
			var mib [3]float64
			for i := range mib {
				p := measured[i][name]
				mib[i] = map[string]float64{"worker": p.Worker, "engine": p.Engine}[process] / (1 << 20)
			}
			if mib[2] == 0 {
				continue
			}
			fmt.Printf("%-12s %-7s %6.0f MiB %6.0f MiB %6.0f MiB %8.2f %16.0f %9.1f\n", name, process, mib[0], mib[1], mib[2], mib[2]/mib[1],
				(mib[2]-mib[1])*(1<<20)/float64(9*o.articles), measured[2][name].Seconds)
		}
	}
	return nil
}

// wanted says whether a stage is to be printed.
func (o *options) wanted(stage string) bool {
	return o.stages == "" || slices.Contains(strings.Split(o.stages, ","), stage)
}

// measure runs every stage on a crawl of so many articles.
func (o *options) measure(articles int) (map[string]peaks, error) {
	dir, err := os.MkdirTemp("", "bench-growth-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := writeCrawl(filepath.Join(dir, "crawls", crawlName), articles); err != nil {
		return nil, err
	}
	if err := writeEncoder(filepath.Join(dir, "models", encoderName), o.dimension); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	out := map[string]peaks{}
	for i, name := range stageNames {
		if !slices.ContainsFunc(stageNames[i:], o.wanted) {
			break
		}
		command := exec.Command(self, "--stage", name, "--dir", dir, "--engine", o.engine, "--classifier", o.classifier, "--dimension", strconv.Itoa(o.dimension))
		command.Stderr = os.Stderr
		said, err := command.Output()
		if err != nil {
			return nil, fmt.Errorf("%s of %d articles: %w", name, articles, err)
		}
		var p peaks
		if err := json.Unmarshal(said, &p); err != nil {
			return nil, err
		}
		out[name] = p
	}
	return out, nil
}
