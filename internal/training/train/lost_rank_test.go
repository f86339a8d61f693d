package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// lives says whether there is a process that has not ended: one that has may wait to be reaped.
func lives(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

// loseRank runs a request and, in the step after `step`, sends a signal to rank 1. It returns the error's message.
func loseRank(t *testing.T, request engine.TrainRequest, pid func(int) int, work string, step int64, signal syscall.Signal, within time.Duration) string {
	t.Helper()
	request.Work, request.Output = work, t.TempDir()
	var sent time.Time
	_, err := Run(context.Background(), request, func(p schemas.Progress) {
		if p.Done == step && p.Metrics["part_of_step"] > 0 && sent.IsZero() {
			sent = time.Now()
			must(t, syscall.Kill(pid(1), signal))
		}
	})
	var typed *fault.Error
	if !errors.As(err, &typed) || typed.Type != schemas.LostRank || !strings.Contains(err.Error(), "rank 1 ") {
		t.Fatalf("a run that lost rank 1 ended with %v", err)
	}
	if took := time.Since(sent); took > within {
		t.Errorf("that was found after %s", took)
	}
	if left, _ := filepath.Glob(filepath.Join(work, atomicfile.Prefix+"*")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
	if lives(pid(1)) {
		t.Error("the lost rank's process is still there")
	}
	return err.Error()
}

func TestAKilledRankIsFoundAtOnceAndTheRunGoesOnToTheSameBytes(t *testing.T) {
	request, pid := toyRanks(t, 2)
	model, metrics, _ := trainIn(t, request, t.TempDir())
	work := t.TempDir()
	message := loseRank(t, request, pid, work, 4, syscall.SIGTERM, 10*time.Second)
	if !strings.Contains(message, "in step 5") || !strings.Contains(message, "terminated") || !strings.Contains(message, "from the checkpoint of step 3") {
		t.Error(message)
	}
	again, metricsAgain, result := trainIn(t, request, work)
	if result.ResumedFrom != 3 || result.NotReproducibleSince != 0 || !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Errorf("resumed from %d, not reproducible since %d, same model %v, same metrics %v", result.ResumedFrom, result.NotReproducibleSince,
			bytes.Equal(model, again), bytes.Equal(metrics, metricsAgain))
	}
}

func TestALostRankEndsTheStepBetweenTwoMicroBatches(t *testing.T) {
	gone := errors.New("gone")
	s := &ranks{size: 2, alive: func() error { return gone }, explain: func(err error) error { return err }}
	r := &run{inputs: inputs{request: engine.TrainRequest{Params: schemas.Demo().Train}}, ranks: s}
	var stopped bool
	err := torch.DoGrad(func() {
		stopped = r.forwardBackward(context.Background(), []sequence{{[]int32{3, 1}, []int32{4, 1}, 2}, {[]int32{3, 1}, []int32{4, 1}, 2}}, &metric{Step: 1})
	})
	if !errors.Is(err, gone) || stopped {
		t.Errorf("stopped %v, %v", stopped, err)
	}
}

func TestARankLostTwiceAtOneCheckpointIsDoneWithout(t *testing.T) {
	request, pid := toyRanks(t, 2)
	request.Params.Ranks = 1
	_, metrics, _ := trainIn(t, request, t.TempDir())
	request.Params.Ranks = 2
	work := t.TempDir()
	loseRank(t, request, pid, work, 4, syscall.SIGTERM, 10*time.Second)
	if message := loseRank(t, request, pid, work, 4, syscall.SIGTERM, 10*time.Second); !strings.Contains(message, "with ranks 1 in place of 2") {
		t.Error(message)
	}
	_, again, result := trainIn(t, request, work)
	if result.ResumedFrom != 3 || result.NotReproducibleSince != 4 {
		t.Errorf("resumed from %d, not reproducible since %d", result.ResumedFrom, result.NotReproducibleSince)
	}
	if loss, _ := differences(t, metrics, again); loss > 1e-4 {
		t.Errorf("losses differ by %v from those of a run by one rank", loss)
	}
}

func TestRanksDieWithTheEngineThatStartedThemAndTheNextOneGoesOn(t *testing.T) {
	request, pid := toyRanks(t, 2)
	request.Params.Steps, request.Params.CheckpointEvery = 300, 20 // long enough to be killed amid
	client := engine.New(engine.Options{Program: os.Args[0]})
	defer client.Close()
	run := func(work string, report engine.Report) (model, metrics []byte, err error) {
		request.Work, request.Output = work, t.TempDir()
		if err = client.Call(context.Background(), "portable", engine.OpTrain, request, nil, report); err != nil {
			return nil, nil, err
		}
		model, err = os.ReadFile(filepath.Join(request.Output, modelFile))
		must(t, err)
		metrics, err = os.ReadFile(filepath.Join(request.Output, metricsFile))
		must(t, err)
		return model, metrics, nil
	}
	model, metrics, err := run(t.TempDir(), nil)
	must(t, err)
	work, killed := t.TempDir(), false
	_, _, err = run(work, func(p schemas.Progress) {
		if p.Metrics["checkpoint"] > 0 && !killed {
			killed = true
			must(t, syscall.Kill(pid(0), syscall.SIGTERM))
		}
	})
	if !killed || err == nil {
		t.Fatalf("killed %v, and the call ended with %v", killed, err)
	}
	for until := time.Now().Add(5 * time.Second); lives(pid(1)); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("rank 1 lives on")
		}
	}
	again, metricsAgain, err := run(work, nil)
	must(t, err)
	if !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Error("the run that was killed and went on differs")
	}
	if left, _ := filepath.Glob(filepath.Join(work, atomicfile.Prefix+"*")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

func TestASilentRankIsFoundInTime(t *testing.T) {
	rankSilence = 5 * time.Second
	defer func() { rankSilence = 15 * time.Second }()
	request, pid := toyRanks(t, 2)
	message := loseRank(t, request, pid, t.TempDir(), 4, syscall.SIGSTOP, rankSilence+6*time.Second)
	if !strings.Contains(message, "rank 1 fell silent: no sign of life for 5s") {
		t.Error(message)
	}
}
