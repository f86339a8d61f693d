package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// validated is the toy, validated on ten samples every second step.
func validated(t *testing.T) engine.TrainRequest {
	request := toy(t)
	request.Params.ValidateEvery, request.Params.ValidationSamples = 2, 10
	return request
}

// linesOf are the validations of a work folder.
func linesOf(t *testing.T, work string) ([]byte, []validation) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(work, validationFile))
	must(t, err)
	lines, err := readJournal[validation](filepath.Join(work, validationFile))
	must(t, err)
	return raw, lines
}

func TestValidationChangesNoByteOfTheTraining(t *testing.T) {
	request := validated(t)
	work := t.TempDir()
	model, metrics, _ := trainIn(t, request, work)
	if _, lines := linesOf(t, work); len(lines) != 6 || lines[0].Step != 2 || lines[5].Step != 12 || lines[0].Samples != 10 {
		t.Errorf("validations %+v", lines)
	}
	request.Params.ValidateEvery = 0
	again, metricsAgain, _ := trainIn(t, request, t.TempDir())
	if !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Error("the training without validation has other bytes")
	}
}

func TestAResumedRunThatIsValidatedEndsInTheSameBytes(t *testing.T) {
	request := validated(t)
	straight := t.TempDir()
	model, metrics, _ := trainIn(t, request, straight)
	want, _ := linesOf(t, straight)
	for _, stop := range []struct {
		when string
		at   func(p schemas.Progress) bool
	}{
		{"in a step", func(p schemas.Progress) bool { return p.Done == 7 && p.Metrics["part_of_step"] > 0 }},
		{"in a validation", func(p schemas.Progress) bool { return p.Done == 8 }}, // the first word with 8 steps done is the validation's
	} {
		ctx, cancel := context.WithCancel(context.Background())
		interrupted := request
		interrupted.Work, interrupted.Output = t.TempDir(), t.TempDir()
		_, err := Run(ctx, interrupted, func(p schemas.Progress) {
			if stop.at(p) {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: ended with %v", stop.when, err)
		}
		if stop.when == "in a validation" {
			if _, lines := linesOf(t, interrupted.Work); len(lines) != 3 {
				t.Errorf("validations before the stop: %+v", lines)
			}
		}
		again, metricsAgain, result := trainIn(t, request, interrupted.Work)
		got, _ := linesOf(t, interrupted.Work)
		if result.ResumedFrom < 7 || !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) || !bytes.Equal(want, got) {
			t.Errorf("stopped %s, resumed from %d: same model %v, metrics %v, validations\n%s\n%s", stop.when, result.ResumedFrom,
				bytes.Equal(model, again), bytes.Equal(metrics, metricsAgain), want, got)
		}
	}
}

func TestTheBestCheckpointIsKeptAndCanBeTheOutput(t *testing.T) {
	for _, by := range []string{"rouge2", "loss"} {
		request := validated(t)
		request.Params.BestBy, request.Params.KeepCheckpoints, request.Params.Output = by, 1, "best"
		if by == "loss" {
			request.Params.LearningRate, request.Params.Steps = 3, 6 // so high that the loss rises between
		}
		work := t.TempDir()
		model, _, result := trainIn(t, request, work)
		_, lines := linesOf(t, work)
		best, value := 0, 0.0
		for i, v := range lines {
			now := v.Rouge2
			if by == "loss" {
				now = -v.Loss
			}
			if better := i == 0 || now > value; better != v.Better {
				t.Errorf("%s: line %+v says better %v", by, v, v.Better)
			} else if better {
				best, value = v.Step, now
			}
		}
		if best == request.Params.Steps {
			t.Fatalf("%s: the last is the best: this shows nothing: %+v", by, lines)
		}
		kept, err := checkpointSteps(work)
		must(t, err)
		if !slices.Equal(kept, []int{request.Params.Steps, best}) {
			t.Errorf("%s: kept %v, want the last and the best, %d", by, kept, best)
		}
		of, err := os.ReadFile(filepath.Join(work, checkpointName(best), modelFile))
		must(t, err)
		if !bytes.Equal(model, of) || !strings.Contains(strings.Join(result.Notes, " "), checkpointName(best)) {
			t.Errorf("%s: the output is not the model of step %d; notes %q", by, best, result.Notes)
		}
		request.Params.Output = "last" // of the same training: its checkpoints are taken
		last, _, again := trainIn(t, request, work)
		if bytes.Equal(last, model) || again.ResumedFrom != int64(request.Params.Steps) {
			t.Errorf("%s: output \"last\" is that of the best, or was trained again from step %d", by, again.ResumedFrom)
		}
	}
}

func TestABestCheckpointThatIsBrokenIsNotTheOutput(t *testing.T) {
	request := validated(t)
	request.Params.Output, request.Work, request.Output = "best", t.TempDir(), t.TempDir()
	trainIn(t, request, request.Work)
	_, lines := linesOf(t, request.Work)
	path := filepath.Join(request.Work, checkpointName(lines[0].Step), modelFile) // rouge2 stays 0
	must(t, os.Truncate(path, 1000))
	_, err := Run(context.Background(), request, nil)
	var typed *fault.Error
	if !errors.As(err, &typed) || typed.Type != schemas.CorruptObject || !strings.Contains(err.Error(), filepath.Dir(path)) {
		t.Errorf("got %v", err)
	}
}

func TestTrainingEndsWhenValidationsBringNothingBetter(t *testing.T) {
	request := validated(t)
	request.Params.Patience = 2
	work := t.TempDir()
	model, metrics, result := trainIn(t, request, work)
	want, lines := linesOf(t, work)
	last := lines[len(lines)-1]
	if result.Steps != int64(last.Step) || last.Step == 12 || last.Better || lines[len(lines)-2].Better || !lines[len(lines)-3].Better {
		t.Fatalf("ended after step %d with validations %+v", result.Steps, lines)
	}
	work = t.TempDir()
	stopAfter(t, request, work, int64(last.Step)-1)
	again, metricsAgain, _ := trainIn(t, request, work)
	if got, _ := linesOf(t, work); !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) || !bytes.Equal(want, got) {
		t.Errorf("the resumed run differs:\n%s\n%s", want, got)
	}
}

func TestAValidationIsTheLossAndRougeOfSamplesThatAreNotTrainedOn(t *testing.T) {
	request := withFolders(t, validated(t))
	r, err := open(t.Context(), request, nil)
	must(t, err)
	defer r.close()
	r.Step = 2
	for i := range r.held { // as if german had more training samples
		if r.held[i].to == "german" {
			r.held[i].group = "high"
		}
		if r.held[i].fromID < "22" || r.held[i].toID < "22" {
			t.Errorf("a training sample is validated on: %+v", r.held[i])
		}
	}
	v, err := r.score(context.Background())
	must(t, err)
	loss, tokens, samples := map[string]float64{}, map[string]int{}, map[string]int{}
	for _, h := range r.held { // one at a time
		parts, n := share([]sequence{h.sequence}, 1, 0, 1)
		must(t, torch.Do(func() {
			loss[h.group] += r.model.Loss(parts[0].Batch, request.Params.LabelSmoothing, 1, kernels.Dropout{}).Item()
		}))
		tokens[h.group] += n
		samples[h.group]++
	}
	if len(v.Groups) != 2 || v.Groups[0].Group != "low" || v.Groups[1].Group != "high" || v.Samples != 10 {
		t.Fatalf("validation %+v", v)
	}
	for _, g := range v.Groups {
		if want := loss[g.Group] / float64(tokens[g.Group]); math.Abs(g.Loss-want) > 1e-5 || g.Samples != samples[g.Group] {
			t.Errorf("group %+v, want loss %v of %d samples", g, want, samples[g.Group])
		}
	}
	if want := (loss["low"] + loss["high"]) / float64(tokens["low"]+tokens["high"]); math.Abs(v.Loss-want) > 1e-5 {
		t.Errorf("loss %v, want %v", v.Loss, want)
	}
	texts, err := r.summaries(context.Background())
	must(t, err)
	for i := range r.held { // what the model says is right
		r.held[i].summary = texts[i] + " and more words of it"
	}
	again, err := r.score(context.Background())
	must(t, err)
	if again.Rouge2 < v.Rouge2+1 || again.Rouge2 > 100 || again.Loss != v.Loss {
		t.Errorf("with references like the outputs %+v, before %+v", again, v)
	}
}

func TestGroupsOfLanguagesAreTheReportsClasses(t *testing.T) {
	for samples, want := range map[int]string{0: "low", 499: "low", 500: "mid", 4999: "mid", 5000: "high"} {
		if got := groupOf(samples); got != want {
			t.Errorf("%d training samples: %s, want %s", samples, got, want)
		}
	}
}

func TestSamplesToValidateOnAreDrawnByHash(t *testing.T) {
	request := withFolders(t, validated(t))
	names := func(n int, seed uint64) (list []string) {
		request.Params.ValidationSamples, request.Seed = n, seed
		r, err := open(t.Context(), request, nil)
		must(t, err)
		defer r.close()
		for _, h := range r.held {
			list = append(list, fmt.Sprint(h.from, h.fromID, h.to, h.toID))
		}
		return list
	}
	few, more, other := names(5, 3), names(9, 3), names(9, 4)
	if len(few) != 5 || !slices.Equal(few, more[:5]) || slices.Equal(more, other) || len(names(100, 3)) != 24 {
		t.Errorf("5: %v\n9: %v\nanother seed: %v", few, more, other)
	}
	request.Dataset = folderOf(t, request)
	request.Samples = nil
	if got := names(100, 3); len(got) != 24 {
		t.Errorf("of the data set's folder %d", len(got))
	}
}

func TestParametersThatNeedValidationAreRefusedWithoutIt(t *testing.T) {
	for name, change := range map[string]func(*engine.TrainRequest){
		"output best":     func(r *engine.TrainRequest) { r.Params.Output = "best" },
		"patience":        func(r *engine.TrainRequest) { r.Params.Patience = 1 },
		"too late":        func(r *engine.TrainRequest) { r.Params.Patience, r.Params.ValidateEvery = 1, 13 },
		"best by nothing": func(r *engine.TrainRequest) { r.Params.BestBy = "taste" },
		"no sample in val": func(r *engine.TrainRequest) {
			r.Params.Patience, r.Params.ValidateEvery, r.Samples, r.Batches = 1, 2, nil, batchOf(t)
		},
	} {
		request := withFolders(t, toy(t))
		change(&request)
		_, err := Run(context.Background(), request, nil)
		var typed *fault.Error
		if !errors.As(err, &typed) || typed.Type != schemas.InvalidInput {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// batchOf is a file of one batch.
func batchOf(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "batches.jsonl")
	raw, err := json.Marshal([]map[string]any{{"input_ids": []int{5, 1}, "labels": []int{6, 1}, "start_id": 3}})
	must(t, err)
	must(t, os.WriteFile(path, raw, 0o644))
	return path
}
