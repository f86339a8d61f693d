package failures

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"crosssum/internal/engine"
	"crosssum/internal/testkit/smallmemory"
	"crosssum/internal/training/train"
	"crosssum/schemas"
)

// calm is what a training that nothing happens to ends in; the tests share it.
var calm struct {
	model  []byte
	losses []float64
}

func undisturbed(t *testing.T) (model []byte, losses []float64) {
	t.Helper()
	if calm.model == nil {
		w := newWorld(t)
		must(t, w.attempt(nil, nil, 0))
		var unit schemas.Unit
		calm.model, calm.losses, unit = w.trained()
		if _, there := unit.Counts[schemas.NotReproducibleSince]; there || unit.Counts["steps"] != int64(w.in.Params.Steps) {
			t.Fatalf("counts %v", unit.Counts)
		}
	}
	return calm.model, calm.losses
}

func TestOutOfMemoryGoesOnWithASmallerMicroBatchTheSameBatchesAndTheSameMasks(t *testing.T) {
	const limit = 32 << 20
	_, want := undisturbed(t)
	for name, short := range map[string]func(t *testing.T) string{
		"an allocation fails":   func(*testing.T) string { return fmt.Sprint("limit ", limit) },
		"the kernel's OOM kill": func(t *testing.T) string { return "group " + smallmemory.New(t, limit).File() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.env = []string{shortage + "=" + short(t)}
			size := w.in.Params.MicroBatch
			var kinds []string
			for attempt := 1; ; attempt++ {
				err := w.attempt(nil, nil, 0)
				if err == nil {
					break
				}
				failure := failed(t, err)
				kinds = append(kinds, failure.Type())
				if failure.Type() != schemas.OutOfMemory && failure.Type() != schemas.KilledForMemory || failure.NonRetryable() || attempt > 6 {
					t.Fatalf("attempt %d: %v", attempt, err)
				}
				l, err := engine.ReadLessons(w.work())
				must(t, err)
				if l.MicroBatch != size/2 {
					t.Fatalf("attempt %d with %d: the next one takes %+v", attempt, size, l)
				}
				size = l.MicroBatch
				if _, step, err := train.NewestCheckpoint(w.work()); err != nil || step < shortAfter {
					t.Fatalf("the last checkpoint is of step %d: %v", step, err)
				}
			}
			_, losses, unit := w.trained()
			since := unit.Counts[schemas.NotReproducibleSince]
			if len(kinds) == 0 || since <= shortAfter || since > shortAfter+3 {
				t.Errorf("failures %v, not reproducible since step %d", kinds, since)
			}
			if worst := near(losses, want); len(losses) != len(want) || worst > 1e-4 || len(want)-int(since) < 9 {
				t.Errorf("since step %d losses differ by up to %v\n%v\n%v", since, worst, losses, want)
			}
			path, err := w.store.File(unit, engine.LessonsFile)
			must(t, err)
			raw, err := os.ReadFile(path)
			must(t, err)
			var l engine.Lessons
			if must(t, json.Unmarshal(raw, &l)); l.Since != int(since) || l.MicroBatch != size || len(l.Because) != len(kinds) {
				t.Errorf("beside the model: %s", raw)
			}
			t.Logf("%v: micro-batch %d, not bit-reproducible since step %d, losses differ by up to %.1e", kinds, size, since, near(losses, want))
		})
	}
}

func TestAHangIsEndedAndTheNextAttemptEndsInTheSameBytes(t *testing.T) {
	want, _ := undisturbed(t)
	w := newWorld(t)
	stopped := false
	err := w.attempt(func(p schemas.Progress) {
		if p.Done >= 5 && !stopped {
			stopped = true
			must(t, syscall.Kill(engineOf(t), syscall.SIGSTOP))
		}
	}, nil, 30*time.Second)
	failure := failed(t, err)
	if failure.Type() != schemas.Hang || failure.NonRetryable() || !strings.Contains(err.Error(), "no progress for 30s in step ") {
		t.Fatalf("a stopped engine: %v", err)
	}
	if l, err := engine.ReadLessons(w.work()); err != nil || l.Hangs != 1 || l.HungIn < 6 {
		t.Errorf("lessons %+v, %v", l, err)
	}
	must(t, w.attempt(nil, nil, 0))
	if model, _, unit := w.trained(); !bytes.Equal(model, want) || unit.Counts[schemas.NotReproducibleSince] != 0 {
		t.Errorf("other bytes, counts %v", unit.Counts)
	}
}

// engineOf finds the child of this process.
func engineOf(t *testing.T) int {
	t.Helper()
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		raw, _ := os.ReadFile(list)
		var pid int
		if n, _ := fmt.Sscan(string(raw), &pid); n == 1 {
			return pid
		}
	}
	t.Fatal("no engine")
	return 0
}

func TestAStoppingWorkerSavesACheckpointAndHandsOverAtOnce(t *testing.T) {
	want, _ := undisturbed(t)
	w := newWorld(t)
	w.in.Params.CheckpointEvery = 1000
	stop, at := make(chan struct{}), int64(0)
	err := w.attempt(func(p schemas.Progress) {
		if p.Done >= 5 && at == 0 {
			at = p.Done
			close(stop)
		}
	}, stop, 0)
	failure := failed(t, err)
	if failure.Type() != schemas.WorkerStops || failure.NonRetryable() || failure.NextRetryDelay() == 0 || failure.NextRetryDelay() > 10*time.Millisecond {
		t.Fatalf("%v, next attempt after %s", err, failure.NextRetryDelay())
	}
	if _, step, err := train.NewestCheckpoint(w.work()); err != nil || int64(step) < at {
		t.Errorf("stopped at step %d, the checkpoint is of step %d: %v", at, step, err)
	}
	must(t, w.attempt(nil, nil, 0))
	if model, _, _ := w.trained(); !bytes.Equal(model, want) {
		t.Error("other bytes")
	}
}

func TestANaNEndsTheTrainingAndKeepsTheLastGoodCheckpoint(t *testing.T) {
	w := newWorld(t)
	p := &w.in.Params
	p.LearningRate, p.WarmupSteps, p.ScaleParameter, p.WeightDecay, p.CheckpointEvery = 1000, 1, false, 0.999, 1
	err := w.attempt(nil, nil, 0)
	failure := failed(t, err)
	var step int
	if _, scanned := fmt.Sscanf(after(err.Error(), " of step "), "%d", &step); scanned != nil || failure.Type() != schemas.NotFinite || !failure.NonRetryable() ||
		!strings.Contains(err.Error(), `{"train": {"learning_rate_scale": 500}} in the file of --params`) || !strings.Contains(err.Error(), "-german") && !strings.Contains(err.Error(), "-english") {
		t.Fatalf("%v", err)
	}
	if _, saved, err := train.NewestCheckpoint(w.work()); err != nil || saved != step-1 {
		t.Errorf("step %d is not finite, and the last checkpoint is of step %d: %v", step, saved, err)
	}
}

func after(text, what string) string {
	_, rest, _ := strings.Cut(text, what)
	return rest
}

func TestBadDataIsNamedAndNotTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.in.Tokens = w.publish("tokenize", []string{"english", "german"}, func(_, dir string) {
		must(t, os.WriteFile(filepath.Join(dir, "tokens.arrow"), []byte("ARROW1 and no more"), 0o644))
	})
	err := w.attempt(nil, nil, 0)
	if failure := failed(t, err); failure.Type() != schemas.CorruptObject || !failure.NonRetryable() || !strings.Contains(err.Error(), "not a readable Arrow file") {
		t.Fatalf("%v", err)
	}
}

func TestBadParametersAreRejectedBeforeAnyWork(t *testing.T) {
	w := newWorld(t)
	w.in.Params.MicroBatch = 0
	err := w.attempt(nil, nil, 0)
	if failure := failed(t, err); failure.Type() != schemas.InvalidInput || !failure.NonRetryable() || !strings.Contains(err.Error(), "train.micro_batch: 0 is not in 1..") {
		t.Fatalf("%v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(w.work(), "*")); len(left) > 0 {
		t.Errorf("it began to work: %v", left)
	}
	raw := []byte(`{"train": {"learning_rate_scale": -1}}`)
	if _, err := schemas.DecodePipeline(raw); err == nil || !strings.Contains(err.Error(), "$.train.learning_rate_scale") {
		t.Errorf("a workflow takes %s: %v", raw, err)
	}
}

func TestEveryClassHasARule(t *testing.T) {
	var kinds []string
	for _, f := range schemas.Failures {
		kinds = append(kinds, f.Type)
		if f.Next == "" || f.Final && f.Delay > 0 {
			t.Errorf("%+v", f)
		}
	}
	for _, kind := range []string{schemas.OutOfMemory, schemas.KilledForMemory, schemas.LostRank, schemas.LostDevice, schemas.Hang, schemas.NotFinite,
		schemas.CorruptObject, schemas.InvalidInput, schemas.WorkerStops, schemas.DiskFull} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("%s has none", kind)
		}
	}
	// What only time or a person mends must not use up a stage's attempts within a second.
	for _, kind := range []string{schemas.OutOfMemory, schemas.KilledForMemory, schemas.DiskFull, schemas.EngineError} {
		if delay := schemas.FailureOf(kind).Delay; delay != 0 {
			t.Errorf("%s comes again after %v s whatever the attempt: the stage's policy has to space them", kind, delay)
		}
	}
}

func TestACancelledTrainingSavesACheckpointAndIsNotAFailure(t *testing.T) {
	w := newWorld(t)
	client := engine.New(engine.Options{Program: os.Args[0], Env: []string{asEngine + "=yes"}, Stop: 10 * time.Minute})
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	request, at := engine.TrainRequest{Model: filepath.Join(w.models, "toy"), Samples: &engine.TrainSamples{
		File: w.path(w.in.Splits, "samples.arrow")[0], Articles: w.path(w.in.Articles, "articles.arrow")}, Params: w.in.Params, Work: t.TempDir(), Output: t.TempDir()}, int64(0)
	err := client.Call(ctx, "portable", engine.OpTrain, request, nil, func(p schemas.Progress) {
		if p.Done >= 5 && at == 0 {
			at = p.Done
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	if _, step, err := train.NewestCheckpoint(request.Work); err != nil || int64(step) < at {
		t.Errorf("cancelled at step %d, the checkpoint is of step %d: %v", at, step, err)
	}
}
