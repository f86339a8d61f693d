// Command embed measures encoding of real summaries beside sentence-transformers: whole processes, the same texts, model and
// threads, in turn. Run it in the repository root, after ./crosssum setup:
//
//	./crosssum benchmark embed --python VENV/bin/python
//
// It prints the least time of several alternating runs and their spread, texts a second, the ratio, both peaks of memory, how
// far apart the vectors are, and which share of its time the encoder needs for the model's matrix products alone.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"crosssum/bench/harness"
	"crosssum/internal/engine"
)

type options struct {
	harness.Compared
	model, prefix  string
	folders, lines string
	texts          int
}

func main() {
	var o options
	set := harness.Flags("embed", "Measures encoding of real summaries beside sentence-transformers: whole processes, the same texts, model and threads, in turn.",
		" --python ~/peers/bin/python --texts 4000")
	o.Flags(set, "sentence-transformers", "sentence-transformers and pyarrow", 3)
	set.StringVar(&o.model, "model", "build/models/multilingual-e5-small", "directory of the encoder")
	set.StringVar(&o.prefix, "prefix", "query: ", "put before every text by both")
	set.StringVar(&o.Numerics, "numerics", "native", "native (the portable figure is printed beside it) or portable")
	set.StringVar(&o.folders, "crawls", "corpus/sample,data/outside", "crawl folders whose summaries are taken, the first ones first")
	set.IntVar(&o.texts, "texts", 20000, "summaries")
	o.Run(set, func() error { return run(&o) })
}

func run(o *options) (err error) {
	summaries, err := collect(strings.Split(o.folders, ","), o.texts)
	if err != nil {
		return err
	}
	o.lines = o.Path("summaries.jsonl")
	if err := writeLines(o.lines, summaries); err != nil {
		return err
	}
	distinct := map[string]bool{}
	for _, s := range summaries {
		distinct[s] = true
	}
	fmt.Printf("%d summaries, %d distinct, %s, %d threads, OMP_WAIT_POLICY=passive, 1-minute load %s\n", len(summaries), len(distinct),
		filepath.Base(o.model), o.Threads, harness.Load())
	if err := o.compare(len(summaries)); err != nil {
		return err
	}
	return o.floor()
}

// measure is what one process took.
type measure struct {
	whole, processor time.Duration
	peakMiB          float64
}

// series are the runs of one program.
type series struct {
	name string
	runs []measure
}

func (s series) least() time.Duration {
	return slices.MinFunc(s.runs, func(a, b measure) int { return int(a.whole - b.whole) }).whole
}

func (s series) print(texts int) {
	slowest := slices.MaxFunc(s.runs, func(a, b measure) int { return int(a.whole - b.whole) }).whole
	var peak float64
	processor := s.runs[0].processor
	for _, m := range s.runs {
		peak, processor = max(peak, m.peakMiB), min(processor, m.processor)
	}
	fmt.Printf("%-22s whole process %6.1f s (to %.1f)  %5.0f texts/s  processor time %6.1f s  peak %5.0f MiB\n", s.name, s.least().Seconds(),
		slowest.Seconds(), float64(texts)/s.least().Seconds(), processor.Seconds(), peak)
}

// mode is a way to run the engine.
type mode struct{ name, numerics, precision string }

// modes are those to measure, the one that was asked for first. Under native, fp32 is measured too where that means bf16.
func (o *options) modes() []mode {
	if o.Numerics != "native" {
		return []mode{{o.Numerics, o.Numerics, ""}}
	}
	list := []mode{{"native", "native", ""}}
	if nativeBF16() {
		list = append(list, mode{"native in fp32", "native", "fp32"})
	}
	return append(list, mode{"portable", "portable", ""})
}

// command is a program in a mode of the engine.
func (o *options) command(program string, m mode, args ...string) *exec.Cmd {
	c := engine.Command(context.Background(), engine.Options{Program: program, Threads: o.Threads}, m.numerics, args...)
	c.Env = slices.DeleteFunc(c.Env, func(kv string) bool { return strings.HasPrefix(kv, "CROSSSUM_PRECISION=") })
	if m.precision != "" {
		c.Env = append(c.Env, "CROSSSUM_PRECISION="+m.precision)
	}
	return c
}

// compare runs the programs in turn and prints what they took.
func (o *options) compare(texts int) error {
	modes := o.modes()
	ours := make([]series, len(modes))
	peer := series{name: "sentence-transformers"}
	for i := range o.Runs {
		for m, mode := range modes {
			ours[m].name = "crosssum " + mode.name
			took, err := o.process(o.command(o.Engine, mode, "encode", "--json", "--model", o.model, "--prefix", o.prefix, "--input", o.lines,
				"--output", o.Path(mode.name+".arrow")))
			if err != nil {
				return err
			}
			ours[m].runs = append(ours[m].runs, took)
		}
		if o.NoPeer {
			continue
		}
		threads := strconv.Itoa(o.Threads)
		command := exec.Command(o.Python, "bench/embed/peer.py", o.model, o.prefix, o.lines, o.Path(modes[0].name+".arrow"), threads)
		command.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive", "OMP_NUM_THREADS="+threads, "TRANSFORMERS_OFFLINE=1", "HF_HUB_OFFLINE=1")
		if i == o.Runs-1 { // it compares the vectors too, for some tenths of a second more
			command.Args = append(command.Args, "compare")
			defer func() { fmt.Print(o.said("compared")) }()
		}
		took, err := o.process(command)
		if err != nil {
			return fmt.Errorf("sentence-transformers: %w; bench/README.md says how to install it, --no-peer leaves it out", err)
		}
		peer.runs = append(peer.runs, took)
	}
	for _, s := range ours {
		s.print(texts)
	}
	if !o.NoPeer {
		peer.print(texts)
		for _, s := range ours {
			fmt.Printf("%s: %.2f times as fast\n", s.name, peer.least().Seconds()/s.least().Seconds())
		}
	}
	return nil
}

func (o *options) said(name string) string {
	b, _ := os.ReadFile(o.Path(name))
	return string(b)
}

// process runs a program to its end.
func (o *options) process(command *exec.Cmd) (measure, error) {
	var complaint strings.Builder
	command.Stderr = &complaint
	began := time.Now()
	if err := command.Run(); err != nil {
		return measure{}, fmt.Errorf("%w\n%s", err, complaint.String())
	}
	state := command.ProcessState
	return measure{time.Since(began), state.UserTime() + state.SystemTime(), float64(state.SysUsage().(*syscall.Rusage).Maxrss) / 1024}, nil
}
