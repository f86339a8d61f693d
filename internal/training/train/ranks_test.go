package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// asRank is set for the processes that rank 0 starts: the folder where they leave their process ids.
const asRank = "TRAIN_TEST_RANKS"

// TestMain is also the engine of the other ranks.
func TestMain(m *testing.M) {
	folder := os.Getenv(asRank)
	if folder == "" {
		os.Exit(m.Run())
	}
	torch.SetThreads(1)
	device.Use(device.Settings{Numerics: os.Getenv("CROSSSUM_NUMERICS"), Device: os.Getenv("CROSSSUM_DEVICE")})
	here := func(rank int) {
		os.WriteFile(filepath.Join(folder, strconv.Itoa(rank)), []byte(strconv.Itoa(os.Getpid())), 0o644)
	}
	err := engine.Main(map[string]engine.Handler{
		engine.OpTrain: engine.Typed(func(ctx context.Context, request engine.TrainRequest, report engine.Report) (engine.TrainResult, error) {
			here(0)
			return Run(ctx, request, report)
		}),
		engine.OpTrainRank: engine.Typed(func(ctx context.Context, request engine.RankRequest, report engine.Report) (struct{}, error) {
			here(request.Rank)
			switch os.Getenv("TRAIN_TEST_RANK_IS") {
			case "different":
				request.Params.WeightDecay /= 2
			case "short of memory":
				return struct{}{}, &fault.Error{Type: schemas.OutOfMemory, Message: "can't allocate memory"}
			}
			return Rank(ctx, request, report)
		})})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// toyRanks is toy with several ranks; pid tells the process of one of the other.
func toyRanks(t *testing.T, n int) (request engine.TrainRequest, pid func(rank int) int) {
	t.Helper()
	folder := t.TempDir()
	t.Setenv(asRank, folder)
	request = toy(t)
	request.Params.Ranks = n
	return request, func(rank int) int {
		raw, err := os.ReadFile(filepath.Join(folder, strconv.Itoa(rank)))
		must(t, err)
		n, err := strconv.Atoi(string(raw))
		must(t, err)
		return n
	}
}

func TestRanksShareABatchEquallyWhateverTheMicroBatch(t *testing.T) {
	var batch []sequence
	labels := 0
	for i := range 24 {
		batch = append(batch, sequence{make([]int32, 3+i*7%11), make([]int32, 2+i%5), 1})
		labels += 2 + i%5
	}
	for _, n := range []int{1, 2, 3, 4, 24} {
		for _, size := range []int{1, 5, 24} {
			var places []int
			for rank := range n {
				batches, tokens := share(batch, size, rank, n)
				own := 0
				for _, b := range batches {
					places = append(places, b.places...)
					own += len(b.places)
				}
				if own != 24/n || tokens != labels {
					t.Errorf("rank %d of %d, micro-batch %d: %d examples, %d labels in all", rank, n, size, own, tokens)
				}
			}
			slices.Sort(places)
			if len(places) != 24 || len(slices.Compact(places)) != 24 {
				t.Errorf("%d ranks, micro-batch %d: examples %v", n, size, places)
			}
		}
	}
}

func TestTwoRanksAreOneAfterTenSteps(t *testing.T) {
	request, _ := toyRanks(t, 2)
	request.Params.Steps = 10
	twoWork, oneWork := t.TempDir(), t.TempDir()
	two, twoMetrics, result := trainIn(t, request, twoWork)
	request.Params.Ranks = 1
	one, oneMetrics, alone := trainIn(t, request, oneWork)
	if a, b := stepTokens(t, twoWork), stepTokens(t, oneWork); !slices.Equal(a, b) {
		t.Errorf("timings tell of %v tokens a step, and of %v with one rank", a, b)
	}
	if result.Samples != alone.Samples || result.Steps != 10 || result.NotReproducibleSince != 0 {
		t.Errorf("two ranks: %+v, one: %+v", result, alone)
	}
	if bytes.Equal(one, two) {
		t.Error("two ranks give the bytes of one: was there a second one?")
	}
	loss, norm := differences(t, twoMetrics, oneMetrics)
	parameter := parametersDifference(t, one, two)
	t.Logf("after 10 steps: losses differ by %.1e, gradient norms by %.1e, parameters by %.1e", loss, norm, parameter)
	if loss > 1e-4 || norm > 1e-4 || parameter > 1e-4 {
		t.Errorf("losses differ by %v, gradient norms by %v, parameters by %v", loss, norm, parameter)
	}
}

// stepTokens are those of each step, as its timings tell.
func stepTokens(t *testing.T, work string) (tokens []int) {
	t.Helper()
	lines, err := readJournal[timing](filepath.Join(work, timingsFile))
	must(t, err)
	for _, l := range lines {
		tokens = append(tokens, l.Tokens)
	}
	return tokens
}

// differences are the largest ones between the losses and the gradient norms of two logs.
func differences(t *testing.T, a, b []byte) (loss, norm float64) {
	t.Helper()
	x, y := parse(t, a), parse(t, b)
	if len(x) != len(y) || len(x) == 0 {
		t.Fatalf("%d and %d steps", len(x), len(y))
	}
	for i := range x {
		if !slices.Equal(x[i].Pairs, y[i].Pairs) {
			t.Errorf("step %d drew %v and %v", i+1, x[i].Pairs, y[i].Pairs)
		}
		loss = max(loss, math.Abs(x[i].Loss-y[i].Loss))
		norm = max(norm, math.Abs(x[i].GradientNorm-y[i].GradientNorm))
	}
	return loss, norm
}

func parse(t *testing.T, raw []byte) []metric {
	t.Helper()
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	must(t, os.WriteFile(path, raw, 0o644))
	lines, err := readJournal[metric](path)
	must(t, err)
	return lines
}

// parametersDifference is the largest one between two models' files.
func parametersDifference(t *testing.T, a, b []byte) (largest float64) {
	t.Helper()
	config, err := t5.LoadConfig(toyConfig(t))
	must(t, err)
	var sides [2]t5.Parameters
	for i, raw := range [][]byte{a, b} {
		path := filepath.Join(t.TempDir(), "model.safetensors")
		must(t, os.WriteFile(path, raw, 0o644))
		sides[i], err = t5.LoadWeights(path, config)
		must(t, err)
		defer sides[i].Free()
	}
	must(t, torch.Do(func() {
		for name := range sides[0] {
			x, y := sides[0][name].Float32s(), sides[1][name].Float32s()
			for i := range x {
				largest = max(largest, math.Abs(float64(x[i]-y[i])))
			}
		}
	}))
	return largest
}

func toyConfig(t *testing.T) string { return toy(t).Model }

func TestTwoRanksThatAreStoppedGoOnToTheSameBytes(t *testing.T) {
	request, _ := toyRanks(t, 2)
	resumes(t, request)
}

func TestRanksThatDifferAreFoundAtTheCheckpoint(t *testing.T) {
	request, _ := toyRanks(t, 2)
	t.Setenv("TRAIN_TEST_RANK_IS", "different")
	request.Work, request.Output = t.TempDir(), t.TempDir()
	_, err := Run(context.Background(), request, nil)
	var typed *fault.Error
	if !errors.As(err, &typed) || typed.Type != schemas.RanksDiffer || !strings.Contains(err.Error(), "step 3") {
		t.Fatalf("got %v", err)
	}
	if steps, err := checkpointSteps(request.Work); err != nil || len(steps) > 0 {
		t.Errorf("checkpoints %v of parameters that differ: %v", steps, err)
	}
}

func TestTwoRanksThatAreStoppedInAValidationGoOnToTheSameBytes(t *testing.T) {
	request, _ := toyRanks(t, 2)
	request.Params.ValidateEvery, request.Params.ValidationSamples, request.Params.Steps = 2, 10, 4
	model, metrics, _ := trainIn(t, request, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	stopped := request
	stopped.Work, stopped.Output = t.TempDir(), t.TempDir()
	_, err := Run(ctx, stopped, func(p schemas.Progress) {
		if p.Done == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	again, metricsAgain, result := trainIn(t, request, stopped.Work)
	if result.ResumedFrom != 2 || !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Errorf("resumed from %d, same model %v, same metrics %v", result.ResumedFrom, bytes.Equal(model, again), bytes.Equal(metrics, metricsAgain))
	}
}

func TestWantOfMemoryIsTheSameOnAnyRank(t *testing.T) {
	request, _ := toyRanks(t, 2)
	t.Setenv("TRAIN_TEST_RANK_IS", "short of memory")
	request.Work, request.Output = t.TempDir(), t.TempDir()
	_, err := Run(context.Background(), request, nil)
	var typed *fault.Error
	if !errors.As(err, &typed) || typed.Type != schemas.OutOfMemory || !strings.Contains(err.Error(), "rank 1") {
		t.Fatalf("got %v", err)
	}
	if lessons, err := engine.ReadLessons(request.Work); err != nil || lessons.MicroBatch != 1 { // it was 3
		t.Errorf("the next attempt has learned %+v: %v", lessons, err)
	}
}

func TestABatchThatRanksCannotShareIsRefused(t *testing.T) {
	request, _ := toyRanks(t, 3) // of 8 examples
	request.Work, request.Output = t.TempDir(), t.TempDir()
	_, err := Run(context.Background(), request, nil)
	var typed *fault.Error
	if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput || !strings.Contains(err.Error(), "batch of 8") {
		t.Fatalf("got %v", err)
	}
	file := filepath.Join(t.TempDir(), "batches.jsonl")
	must(t, os.WriteFile(file, []byte(`[{"input_ids":[3,1],"labels":[4,1],"start_id":2},{"input_ids":[3,1],"labels":[4,1],"start_id":2}]`+"\n"+
		`[{"input_ids":[3,1],"labels":[4,1],"start_id":2}]`+"\n"), 0o644))
	request.Batches, request.Samples, request.Params.Ranks, request.Params.Steps = file, nil, 2, 2
	if _, err := Run(context.Background(), request, nil); !errors.As(err, &typed) || !strings.Contains(err.Error(), "batch 2 ") {
		t.Fatalf("got %v", err)
	}
}
