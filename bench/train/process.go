package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"crosssum/internal/engine"
)

// mode is a way to run the engine.
type mode struct{ name, numerics, precision string }

// modes are those to measure, the one that was asked for first. Under native, auto is bf16 where the processor multiplies it.
func (o *options) modes() []mode {
	if o.Numerics != "native" {
		return []mode{{o.Numerics, o.Numerics, "auto"}}
	}
	return []mode{{"native", "native", "auto"}, {"native in fp32", "native", "fp32"}, {"portable", "portable", "auto"}}
}

// command trains into a folder.
func (o *options) command(m mode, output string, every int) (*exec.Cmd, error) {
	params, err := o.params(m.precision, every)
	if err != nil {
		return nil, err
	}
	c := engine.Command(context.Background(), engine.Options{Program: o.Engine, Threads: o.Threads}, m.numerics, "train", "--model", o.model,
		"--batches", o.Path("batches.jsonl"), "--output", output, "--params", params)
	c.Env = slices.DeleteFunc(c.Env, func(kv string) bool { return strings.HasPrefix(kv, "CROSSSUM_PRECISION=") })
	return c, nil
}

// train runs a training of ours to its end.
func (o *options) train(m mode, every int) (took measure, err error) {
	output := o.Path("ours")
	defer os.RemoveAll(output)
	c, err := o.command(m, output, every)
	if err != nil {
		return took, err
	}
	err = follow(c, func(step int, loss float64, at time.Duration) bool {
		if took.first == 0 {
			took.first, took.losses[0] = at, loss
		}
		took.steps, took.losses[1] = at-took.first, loss
		return true
	}, &took)
	return took, err
}

// follow starts a training, hears of its steps, and kills it when heard says so.
func follow(c *exec.Cmd, heard func(step int, loss float64, at time.Duration) (on bool), took *measure) error {
	stderr, err := c.StderrPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := c.Start(); err != nil {
		return err
	}
	var complaint strings.Builder
	killed := false
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		var step, of int
		var loss float64
		if n, _ := fmt.Sscanf(lines.Text(), "step %d of %d, loss %f", &step, &of, &loss); n < 3 {
			fmt.Fprintln(&complaint, lines.Text())
		} else if step > 0 && !killed && !heard(step, loss, time.Since(began)) {
			killed = true
			c.Process.Kill()
		}
	}
	err = c.Wait()
	if err != nil && !killed {
		return fmt.Errorf("%w\n%s", err, complaint.String())
	}
	took.whole = time.Since(began)
	took.account(c.ProcessState)
	return nil
}

func (m *measure) account(s *os.ProcessState) {
	m.processor, m.peakMiB = s.UserTime()+s.SystemTime(), float64(s.SysUsage().(*syscall.Rusage).Maxrss)/1024
}

// peer runs transformers on the same batches.
func (o *options) peer() (took measure, err error) {
	params, err := o.params("auto", o.steps+1)
	if err != nil {
		return took, err
	}
	threads := strconv.Itoa(o.Threads)
	c := exec.Command(o.Python, "bench/train/peer.py", o.model, o.Path("batches.jsonl"), o.Path("theirs"), params, threads)
	c.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive", "OMP_NUM_THREADS="+threads, "TRANSFORMERS_OFFLINE=1", "HF_HUB_OFFLINE=1")
	var complaint strings.Builder
	c.Stderr = &complaint
	began := time.Now()
	out, err := c.Output()
	if err != nil {
		return took, fmt.Errorf("%w\n%s", err, complaint.String())
	}
	took.whole = time.Since(began)
	took.account(c.ProcessState)
	var said struct {
		Seconds []float64 `json:"step_seconds"`
		Losses  []float64 `json:"losses"`
	}
	if err := json.Unmarshal(out, &said); err != nil || len(said.Seconds) == 0 || len(said.Seconds) != len(said.Losses) {
		return took, fmt.Errorf("peer.py said %q: %w", out, err)
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for _, s := range said.Seconds[1:] {
		took.steps += seconds(s)
	}
	took.first, took.losses = seconds(said.Seconds[0]), [2]float64{said.Losses[0], said.Losses[len(said.Losses)-1]}
	return took, os.RemoveAll(o.Path("theirs"))
}

// resume kills a training behind its first checkpoint and says how long it takes from the start of the next one to the end of its
// first step.
func (o *options) resume() error {
	m, output := o.modes()[0], o.Path("resumed")
	const every = 2
	c, err := o.command(m, output, every)
	if err != nil {
		return err
	}
	if err := follow(c, func(step int, _ float64, _ time.Duration) bool { return step < every+2 }, &measure{}); err != nil {
		return err
	}
	if c, err = o.command(m, output, every); err != nil {
		return err
	}
	from := 0 // the first word is of the step that it goes on from
	return follow(c, func(step int, _ float64, at time.Duration) bool {
		if from == 0 {
			from = step
		}
		if step == from {
			return true
		}
		fmt.Printf("crosssum %s: killed after step %d, resumed from %d: step %d done %.1f s after the start\n", m.name, every+2, from, step, at.Seconds())
		return false
	}, &measure{})
}
