package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"crosssum/internal/engine"
)

// ask starts an engine, has it answer one request, and waits for its end.
func (o *options) ask(ctx context.Context, request engine.SearchRequest, result any) (measure, error) {
	args, err := json.Marshal(request)
	if err != nil {
		return measure{}, err
	}
	command := engine.Command(ctx, engine.Options{Program: o.Engine, Threads: o.Threads}, o.Numerics)
	in, err := command.StdinPipe()
	if err != nil {
		return measure{}, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return measure{}, err
	}
	command.Stderr = os.Stderr
	start := time.Now()
	if err := command.Start(); err != nil {
		return measure{}, err
	}
	if err := json.NewEncoder(in).Encode(engine.Request{ID: 1, Op: engine.OpSearch, Args: args}); err != nil {
		return measure{}, err
	}
	var search time.Duration
	var failed error = errors.New("the engine ended without an answer")
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	began := time.Time{}
	for lines.Scan() {
		var event engine.Event
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return measure{}, err
		}
		if began.IsZero() { // the first rows are read
			began = time.Now()
		}
		if event.Error != nil {
			failed = event.Error
			break
		}
		if event.Result != nil {
			search, failed = time.Since(began), json.Unmarshal(event.Result, result)
			break
		}
	}
	peak := peakMiB(command.Process.Pid) // what Wait reports has the peak of this process in it
	in.Close()
	if err := errors.Join(failed, command.Wait()); err != nil {
		return measure{}, err
	}
	return measure{time.Since(start), search, command.ProcessState.UserTime(), peak}, nil
}

// peakMiB is the most memory that a process has had at a time.
func peakMiB(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	fmt.Sscan(after, &kib)
	return kib / 1024
}

// peer runs faiss-cpu on the same files.
func (o *options) peer() (measure, error) {
	command := exec.Command(o.Python, "bench/align/peer.py", o.source, o.target, strconv.Itoa(o.keep), o.Path("peer"))
	threads := strconv.Itoa(o.Threads)
	command.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive", "OMP_NUM_THREADS="+threads, "OPENBLAS_NUM_THREADS="+threads)
	command.Stderr = os.Stderr
	start := time.Now()
	out, err := command.Output()
	if err != nil {
		return measure{}, fmt.Errorf("%s: %w", o.Python, err)
	}
	whole := time.Since(start)
	var said struct {
		Seconds float64 `json:"search_seconds"`
		KiB     float64 `json:"peak_kib"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return measure{}, fmt.Errorf("peer.py: %w", err)
	}
	return measure{whole, time.Duration(said.Seconds * 1e9), command.ProcessState.UserTime(), said.KiB / 1024}, nil
}
