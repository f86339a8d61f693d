package train

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault/crash"
	"crosssum/schemas"
)

func TestStepsGoOnWhileACheckpointIsWritten(t *testing.T) {
	request := toy(t)
	model, metrics, _ := trainIn(t, request, t.TempDir())
	gate := make(chan struct{})
	crashPoint = func(point string) {
		if point == "checkpoint-begun" {
			select {
			case <-gate:
			case <-time.After(time.Minute):
				t.Error("no step was taken while the checkpoint was being written")
			}
		}
	}
	defer func() { crashPoint = crash.FromEnvironment() }()
	request.Work, request.Output = t.TempDir(), t.TempDir()
	durable := map[int64]float64{} // the checkpoint that is on the disk, by the first word of a step
	_, err := Run(context.Background(), request, func(p schemas.Progress) {
		if _, known := durable[p.Done]; !known {
			durable[p.Done] = p.Metrics["checkpoint"]
		}
		if p.Done == 5 && p.Metrics["part_of_step"] > 0 && durable[12] == 0 { // the next checkpoint, of step 6, waits for that of 3
			select {
			case <-gate:
			default:
				close(gate)
			}
		}
	})
	must(t, err)
	if durable[4] != 0 || durable[5] != 0 || durable[7] != 3 && durable[7] != 6 || durable[12] != 12 {
		t.Errorf("durable checkpoints by step: %v", durable)
	}
	again, err := os.ReadFile(filepath.Join(request.Output, modelFile))
	must(t, err)
	metricsAgain, err := os.ReadFile(filepath.Join(request.Output, metricsFile))
	must(t, err)
	if !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Error("a slow disk changed the training")
	}
}

func TestACheckpointHasTheStateOfItsStepThoughStepsWentOn(t *testing.T) {
	request := toy(t)
	request.Params.Steps = 6 // ends with the checkpoint whose copy was taken beside no step
	want := t.TempDir()
	trainIn(t, request, want)
	request.Params.Steps, request.Params.KeepCheckpoints = 12, 10
	got := t.TempDir()
	trainIn(t, request, got)
	for _, file := range []string{modelFile, optimizerFile, configFile} {
		a, err := os.ReadFile(filepath.Join(want, "step-000006", file))
		must(t, err)
		b, err := os.ReadFile(filepath.Join(got, "step-000006", file))
		must(t, err)
		if !bytes.Equal(a, b) {
			t.Errorf("%s of step 6 differs", file)
		}
	}
}

func TestATrainingWhoseCheckpointFailsEnds(t *testing.T) {
	request := toy(t)
	request.Work, request.Output = t.TempDir(), t.TempDir()
	crashPoint = func(point string) {
		if point == "checkpoint-written" {
			unfinished, _ := filepath.Glob(filepath.Join(request.Work, atomicfile.Prefix+"*", "*", modelFile))
			for _, path := range unfinished {
				os.Remove(path)
				os.Symlink("nowhere", path)
			}
		}
	}
	defer func() { crashPoint = crash.FromEnvironment() }()
	result, err := Run(context.Background(), request, nil)
	if err == nil || !strings.Contains(err.Error(), modelFile) || result.Steps > 6 {
		t.Errorf("after step %d: %v", result.Steps, err)
	}
	if left, _ := filepath.Glob(filepath.Join(request.Work, "*-0*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

const childRequest = "CROSSSUM_TEST_TRAIN"

// TestTrainChild is a training in a process of its own, for tests that kill it.
func TestTrainChild(t *testing.T) {
	raw := os.Getenv(childRequest)
	if raw == "" {
		return
	}
	var request engine.TrainRequest
	must(t, json.Unmarshal([]byte(raw), &request))
	_, err := Run(context.Background(), request, nil)
	must(t, err)
}

func TestAKilledWriterLeavesTheCheckpointBefore(t *testing.T) {
	request := validated(t)
	model, metrics, _ := trainIn(t, request, t.TempDir())
	for point, newest := range map[string]int{"checkpoint-begun": 3, "checkpoint-written": 3, "before-checkpoint-rename": 3, "after-checkpoint-rename": 6} {
		work := t.TempDir()
		request.Work, request.Output = work, t.TempDir()
		request.Params.BestBy = "rouge2"
		raw, err := json.Marshal(request)
		must(t, err)
		child := exec.Command(os.Args[0], "-test.run=^TestTrainChild$")
		child.Env = append(os.Environ(), childRequest+"="+string(raw), fmt.Sprintf("%s=%s:3", crash.Variable, point)) // 2 is the best, then 3 and 6
		if out, err := child.CombinedOutput(); err == nil || !strings.Contains(string(out), "ending here") {
			t.Fatalf("%s: the child ended with %v:\n%s", point, err, out)
		}
		if _, step, err := NewestCheckpoint(work); err != nil || step != newest {
			t.Errorf("%s: the newest checkpoint is of step %d: %v", point, step, err)
		}
		again, metricsAgain, result := trainIn(t, request, work)
		if result.ResumedFrom != int64(newest) || !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
			t.Errorf("%s: resumed from %d, same model %v, same metrics %v", point, result.ResumedFrom, bytes.Equal(model, again), bytes.Equal(metrics, metricsAgain))
		}
	}
}

func TestTimingsTellWhatAStepTookAndWhatPaddingWouldWaste(t *testing.T) {
	request := validated(t)
	work := t.TempDir()
	trainIn(t, request, work)
	lines, err := readJournal[timing](filepath.Join(work, timingsFile))
	must(t, err)
	if len(lines) != 12 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, l := range lines {
		phases := l.Data + l.Passes + l.Optimizer + l.Log + l.Validation + l.Checkpoint
		if l.Step != i+1 || l.Passes <= 0 || phases > l.Seconds || phases < l.Seconds/2 || l.Tokens <= 0 || l.TokensPerSecond <= 0 ||
			l.Memory < 1<<20 || l.PeakMemory < l.Memory || (l.Validation > 0) != (l.Step%2 == 0) {
			t.Errorf("line %+v", l)
		}
		if l.PaddedTokens < l.Tokens || l.PaddingShare < 0 || l.PaddingShare >= 1 {
			t.Errorf("padding of line %+v", l)
		}
	}
	var counted timing
	for _, b := range first(share([]sequence{{source: make([]int32, 7), label: make([]int32, 2)}, {source: make([]int32, 3), label: make([]int32, 3)}}, 2, 0, 1)) {
		counted.count(b)
	}
	if counted.Tokens != 15 || counted.PaddedTokens != 2*7+2*3 {
		t.Errorf("counted %+v, want 15 tokens of 20", counted)
	}
	if _, err := os.Stat(filepath.Join(work, eventsFile)); err != nil {
		t.Error(err)
	}
}

func first[A, B any](a A, _ B) A { return a }
