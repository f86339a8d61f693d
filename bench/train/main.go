// Command train measures training beside transformers: whole processes, from a file of texts to a saved model, with the same batches in
// the same order, threads and settings, in turn. Run it in the repository root, after ./crosssum setup:
//
//	./crosssum benchmark train --python VENV/bin/python
//
// It prints samples a second and peak memory of each, the ratios, and how long the first step and a resumption take.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"crosssum/bench/harness"
	"crosssum/schemas"
)

type options struct {
	harness.Compared
	model, crawl                 string
	batch, source, target, steps int
	skipResume                   bool
}

func main() {
	var o options
	set := harness.Flags("train", "Measures training beside transformers: whole processes, the same batches, settings and threads, in turn.",
		" --python ~/peers/bin/python")
	o.Flags(set, "transformers", "transformers, torch and sentencepiece", 2)
	set.StringVar(&o.model, "model", "models/crosssum-small", "directory to start from; mt5-small: random weights in its shape, made once under build/")
	set.StringVar(&o.crawl, "crawl", "corpus/sample", "crawl folder whose articles are trained on")
	set.StringVar(&o.Numerics, "numerics", "native", "native (native in fp32 and portable are printed beside it) or portable")
	set.IntVar(&o.batch, "batch", 32, "samples a step, in one forward pass for both")
	set.IntVar(&o.source, "source-tokens", 256, "tokens of an article")
	set.IntVar(&o.target, "target-tokens", 84, "tokens of a summary")
	set.IntVar(&o.steps, "steps", 40, "steps of each run")
	set.BoolVar(&o.skipResume, "no-resume", false, "do not measure how long a resumption takes")
	o.Run(set, o.run)
}

func (o *options) run() (err error) {
	if o.model == "mt5-small" {
		if o.model, err = o.makeSmall(); err != nil {
			return err
		}
	}
	if err := writeBatches(o.Path("batches.jsonl"), o.crawl, o.model, o.batch, o.steps); err != nil {
		return err
	}
	fmt.Printf("%s, %d steps of %d, source %d, target %d tokens, %d threads, OMP_WAIT_POLICY=passive, 1-minute load %s\n", filepath.Base(o.model),
		o.steps, o.batch, o.source, o.target, o.Threads, harness.Load())
	if err := o.compare(); err != nil || o.skipResume {
		return err
	}
	return o.resume()
}

// makeSmall has transformers write random weights in mT5-small's shape, if they are not there: 1.2 GB under build/.
func (o *options) makeSmall() (string, error) {
	dir := filepath.Join("build", "bench", "mt5-small")
	if _, err := os.Stat(filepath.Join(dir, "model.safetensors")); err == nil {
		return dir, nil
	}
	make := exec.Command(o.Python, "bench/train/make_small.py", "models/crosssum-small", dir)
	make.Stderr = os.Stderr
	return dir, make.Run()
}

// params writes the settings that both train by: the published ones.
func (o *options) params(precision string, every int) (string, error) {
	p := schemas.Paper().Train
	p.Steps, p.MicroBatch, p.SourceTokens, p.TargetTokens, p.CheckpointEvery, p.Precision = o.steps, o.batch, o.source, o.target, every, precision
	raw, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	path := o.Path("params-" + precision + strconv.Itoa(every) + ".json")
	return path, os.WriteFile(path, raw, 0o644)
}

// measure is what one process took.
type measure struct {
	whole, first, steps, processor time.Duration // start to end; start to the end of step 1; from there to the end of the last step
	peakMiB                        float64
	losses                         [2]float64 // of the first and the last step
}

// series are the runs of one program.
type series struct {
	name string
	runs []measure
}

func (s series) least(of func(measure) time.Duration) time.Duration {
	return of(slices.MinFunc(s.runs, func(a, b measure) int { return int(of(a) - of(b)) }))
}

func (s series) whole() time.Duration {
	return s.least(func(m measure) time.Duration { return m.whole })
}
func (s series) step() time.Duration {
	return s.least(func(m measure) time.Duration { return m.steps })
}
func (s series) spent() time.Duration {
	return s.least(func(m measure) time.Duration { return m.processor })
}

func (s series) peak() (peak float64) {
	for _, m := range s.runs {
		peak = max(peak, m.peakMiB)
	}
	return peak
}

func (s series) print(o *options) {
	slowest := slices.MaxFunc(s.runs, func(a, b measure) int { return int(a.whole - b.whole) }).whole
	samples := float64(o.batch * o.steps)
	fmt.Printf("%-26s whole process %6.1f s (to %.1f), %6.1f samples/s; steps 2 to %d %6.1f s, %6.1f samples/s; first step after %4.1f s; processor %6.1f s; peak %5.0f MiB; loss %.3f to %.3f\n",
		s.name, s.whole().Seconds(), slowest.Seconds(), samples/s.whole().Seconds(), o.steps, s.step().Seconds(),
		(samples-float64(o.batch))/s.step().Seconds(), s.least(func(m measure) time.Duration { return m.first }).Seconds(), s.spent().Seconds(),
		s.peak(), s.runs[0].losses[0], s.runs[0].losses[1])
}

// compare runs the programs in turn and prints what they took.
func (o *options) compare() error {
	var ours []series
	modes := o.modes()
	for _, m := range modes {
		ours = append(ours, series{name: "crosssum " + m.name})
	}
	peer := series{name: "transformers"}
	for range o.Runs {
		for i, m := range modes {
			took, err := o.train(m, o.steps+1)
			if err != nil {
				return err
			}
			ours[i].runs = append(ours[i].runs, took)
		}
		if o.NoPeer {
			continue
		}
		took, err := o.peer()
		if err != nil {
			return fmt.Errorf("transformers: %w; bench/README.md says how to install it, --no-peer leaves it out", err)
		}
		peer.runs = append(peer.runs, took)
	}
	for _, s := range ours {
		s.print(o)
	}
	if o.NoPeer {
		return nil
	}
	peer.print(o)
	for _, s := range ours {
		fmt.Printf("%s: %.2f times the samples a second (steps alone %.2f, processor time %.2f), %.2f of the peak memory\n", s.name,
			peer.whole().Seconds()/s.whole().Seconds(), peer.step().Seconds()/s.step().Seconds(), peer.spent().Seconds()/s.spent().Seconds(), s.peak()/peer.peak())
	}
	return nil
}
