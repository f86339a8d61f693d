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
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/native/sentencepiece"
	"crosssum/internal/native/torch"
	"crosssum/internal/testkit"
	"crosssum/schemas"
)

var must = testkit.Must

// kind is the class of an error.
func kind(err error) string {
	var typed *fault.Error
	if errors.As(err, &typed) {
		return typed.Type
	}
	return fmt.Sprint(err)
}

func TestTwentyStepsAreTransformersByLossGradientsAndParameters(t *testing.T) { // see ../model/t5/testdata/make_tiny.py
	for _, name := range []string{"tiny", "tied"} { // mT5 with a head of its own, T5 v1.1 with a tied one
		t.Run(name, func(t *testing.T) { twentySteps(t, "../../model/t5/testdata/"+name) })
	}
}

func twentySteps(t *testing.T, tiny string) {
	var want struct {
		Sources, Labels [][]int
		Starts          []int
		Every           int `json:"parameters_every"`
		Warmup          int
		Gradients       map[string][]float32 // of step 1, of adafactor
		Optimizers      map[string]struct {
			Scale      float64
			Losses     []float64
			Norms      []float64 `json:"gradient_norms"`
			Rates      []float64
			Parameters map[string][]float32 // after the last step, every so many values
		}
	}
	raw, err := os.ReadFile(tiny + ".json")
	must(t, err)
	must(t, json.Unmarshal(raw, &want))
	config, err := t5.LoadConfig(tiny)
	must(t, err)
	var batch []sequence
	for i := range want.Labels {
		batch = append(batch, sequence{int32s(want.Sources[i]), int32s(want.Labels[i]), want.Starts[i]})
	}
	for _, name := range []string{"adafactor", "adamw"} {
		w := want.Optimizers[name]
		weights, err := t5.LoadWeights(filepath.Join(tiny, "model.safetensors"), config)
		must(t, err)
		defer weights.Free()
		o, err := newOptimizer(weights, schemas.TrainParams{Optimizer: name, WeightDecay: 0.01})
		must(t, err)
		defer freeOptimizer(o)
		r := progress{model: &t5.Model{Config: config, Weights: weights}, optimizer: o}
		must(t, r.recordGradients())
		if len(w.Losses) != 20 {
			t.Fatalf("%s: %d losses in the fixture", name, len(w.Losses))
		}
		for step := 1; step <= len(w.Losses); step++ {
			lr := rate(step, want.Warmup, config.DModel, w.Scale)
			if math.Abs(lr-w.Rates[step-1]) > 1e-9 {
				t.Fatalf("%s, step %d: rate %v, want %v", name, step, lr, w.Rates[step-1])
			}
			parts, tokens := share(batch, 1+step%3, 0, 1) // however it is cut
			loss, norm := 0.0, 0.0
			must(t, torch.DoGrad(func() {
				for _, b := range parts {
					part := r.model.Loss(b.Batch, 0.1, 1/float64(tokens), kernels.Dropout{})
					part.Backward()
					loss += part.Item()
				}
				norm = math.Sqrt(kernels.SquareSums(r.gradients()))
				if step == 1 {
					for weight, values := range want.Gradients {
						near(t, name+": gradient of "+weight, weights[weight].Grad().Float32s(), values, want.Every, 1e-5)
					}
				}
				o.step(weights, step, lr, math.Min(1, 1/(norm+1e-6)))
				r.clearGradients()
			}))
			if math.Abs(loss-w.Losses[step-1]) > 1e-4 || math.Abs(norm/w.Norms[step-1]-1) > 0.01 {
				t.Fatalf("%s, step %d: loss %v, gradient norm %v; transformers has %v, %v", name, step, loss, norm, w.Losses[step-1], w.Norms[step-1])
			}
		}
		must(t, torch.Do(func() {
			for weight, values := range w.Parameters {
				near(t, name+": "+weight, weights[weight].Float32s(), values, want.Every, 5e-4)
			}
		}))
		if len(w.Parameters) != len(weights) {
			t.Errorf("%s: the fixture has %d parameters, the model %d", name, len(w.Parameters), len(weights))
		}
	}
}

// near compares every so many values.
func near(t *testing.T, what string, got, want []float32, every int, tolerance float64) {
	t.Helper()
	if (len(got)+every-1)/every != len(want) {
		t.Errorf("%s: %d values, the fixture has every %d-th, %d", what, len(got), every, len(want))
		return
	}
	for i, x := range want {
		if math.Abs(float64(got[i*every]-x)) > tolerance {
			t.Errorf("%s: value %d is %v, transformers has %v", what, i*every, got[i*every], x)
			return
		}
	}
}

func int32s(list []int) (out []int32) {
	for _, x := range list {
		out = append(out, int32(x))
	}
	return out
}

// toy writes a model of some thousand parameters and samples in two languages, 48 to train on and 24 to validate on, and gives a
// request to train on them.
func toy(t *testing.T) engine.TrainRequest {
	t.Helper()
	dir := t.TempDir()
	request := engine.TrainRequest{Model: filepath.Join(dir, "model"), Samples: &engine.TrainSamples{
		File: filepath.Join(dir, "samples.arrow"), Articles: []string{filepath.Join(dir, "articles.arrow")}}, Params: schemas.Demo().Train, Seed: 3}
	p := &request.Params
	p.Steps, p.MiniBatch, p.Pairs, p.MicroBatch, p.WarmupSteps, p.CheckpointEvery = 12, 4, 2, 3, 3, 3
	p.LearningRate, p.SourceTokens, p.TargetTokens = 0.05, 20, 10
	articles, err := arrowfile.Create[schemas.ArticleRow](request.Samples.Articles[0])
	must(t, err)
	samples, err := arrowfile.Create[schemas.SampleRow](request.Samples.File)
	must(t, err)
	var text strings.Builder
	for _, language := range []string{"english", "german"} {
		for i := 0; i < 18; i++ {
			split := "train"
			if i >= 12 {
				split = "val"
			}
			summary := fmt.Sprintf("%s summary %d of file %d", language, i, i*i)
			body := fmt.Sprintf("the %s text %d tells what the file %d holds and why, at some length", language, i, i*i)
			must(t, articles.Append(schemas.ArticleRow{Language: language, ID: fmt.Sprint(10 + i), Summary: summary, Text: body}))
			for _, target := range []string{"english", "german"} {
				must(t, samples.Append(schemas.SampleRow{SourceLanguage: language, SourceID: fmt.Sprint(10 + i),
					TargetLanguage: target, TargetID: fmt.Sprint(10 + i), Split: split}))
			}
			if split == "train" {
				fmt.Fprintf(&text, "%s\n%s\n", summary, body)
			}
		}
	}
	must(t, articles.Close())
	must(t, samples.Close())
	toyModel(t, request.Model, text.String(), dir)
	return request
}

func toyModel(t *testing.T, model, text, dir string) {
	sentences := filepath.Join(dir, "sentences.txt")
	must(t, os.WriteFile(sentences, []byte(text), 0o644))
	must(t, os.Mkdir(model, 0o755))
	pieces, err := sentencepiece.Train(sentences, sentencepiece.TrainOptions{VocabularySize: 70, Pad: 0, Eos: 1, Unk: 2, Bos: -1,
		CharacterCoverage: 1, UserSymbols: []string{starts.SentinelPiece(54), starts.SentinelPiece(53)}, Threads: 1,
		Extra: map[string]string{"hard_vocab_limit": "false"}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(model, "spiece.model"), pieces, 0o644))
	m, err := t5.New(&t5.Config{ModelType: "mt5", VocabSize: 80, DModel: 16, DKV: 8, DFF: 24, NumLayers: 2, NumDecoderLayers: 2, NumHeads: 2,
		Buckets: 8, MaxDistance: 16, LayerNormEpsilon: 1e-6, FeedForward: "gated-gelu", EOSTokenID: 1}, 5)
	must(t, err)
	defer m.Free()
	must(t, m.Save(model, model, false))
}

// trainIn runs a request in a work folder and returns model.safetensors and metrics.jsonl.
func trainIn(t *testing.T, request engine.TrainRequest, work string) (model, metrics []byte, result engine.TrainResult) {
	t.Helper()
	request.Work, request.Output = work, t.TempDir()
	result, err := Run(context.Background(), request, nil)
	must(t, err)
	model, err = os.ReadFile(filepath.Join(request.Output, "model.safetensors"))
	must(t, err)
	metrics, err = os.ReadFile(filepath.Join(request.Output, "metrics.jsonl"))
	must(t, err)
	return model, metrics, result
}

// stopAfter runs a request until `step` steps are done and the next is under way, then cancels it as a worker's shutdown does.
func stopAfter(t *testing.T, request engine.TrainRequest, work string, step int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request.Work, request.Output = work, t.TempDir()
	_, err := Run(ctx, request, func(p schemas.Progress) {
		if p.Done == step && p.Metrics["part_of_step"] > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled run ended with %v", err)
	}
}

func TestAResumedRunEndsInTheSameBytes(t *testing.T) {
	for _, name := range []string{"adafactor", "adamw"} {
		t.Run(name, func(t *testing.T) {
			request := toy(t)
			request.Params.Optimizer, request.Params.ScaleParameter = name, name == "adafactor"
			if straight := resumes(t, request); straight.Steps != 12 || straight.Samples != 12*8 || straight.Pairs != 4 {
				t.Errorf("straight run: %+v", straight)
			}
		})
	}
}

// resumes compares a training that is stopped after step 7 and goes on with one that is not, whose result it returns.
func resumes(t *testing.T, request engine.TrainRequest) engine.TrainResult {
	t.Helper()
	model, metrics, straight := trainIn(t, request, t.TempDir())
	work := t.TempDir()
	stopAfter(t, request, work, 7)
	again, metricsAgain, result := trainIn(t, request, work)
	if result.ResumedFrom != 7 {
		t.Errorf("resumed from %d, want the checkpoint saved at the stop", result.ResumedFrom)
	}
	if !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Errorf("resumed run differs: metrics\n%s\n%s", metrics, metricsAgain)
	}
	return straight
}

func TestACorruptCheckpointIsPassedOverForTheOneBefore(t *testing.T) {
	request := toy(t)
	model, metrics, _ := trainIn(t, request, t.TempDir())
	work := t.TempDir()
	stopAfter(t, request, work, 7)
	path := filepath.Join(work, "step-000007", "optimizer.safetensors")
	raw, err := os.ReadFile(path)
	must(t, err)
	raw[len(raw)-3] ^= 1
	must(t, os.WriteFile(path, raw, 0o644))
	must(t, os.Mkdir(filepath.Join(work, atomicfile.Prefix+"killed"), 0o755))
	again, metricsAgain, result := trainIn(t, request, work)
	if result.ResumedFrom != 6 || len(result.Notes) == 0 || !strings.Contains(result.Notes[0], "step-000007 passed over") {
		t.Errorf("resumed from %d, notes %q", result.ResumedFrom, result.Notes)
	}
	if !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Error("the run after a corrupt checkpoint differs")
	}
	left, _ := filepath.Glob(filepath.Join(work, "*-*"))
	if len(left) != request.Params.KeepCheckpoints {
		t.Errorf("work folder keeps %v", left)
	}
}

func TestACheckpointOfAnotherRunIsNotTaken(t *testing.T) {
	request := toy(t)
	work := t.TempDir()
	stopAfter(t, request, work, 7)
	request.Seed++
	request.Work, request.Output = work, t.TempDir()
	if _, err := Run(context.Background(), request, nil); kind(err) != schemas.InvalidInput || !strings.Contains(err.Error(), "step-000007 is a checkpoint of another") {
		t.Errorf("another seed: %v", err)
	}
}

func TestTrainingLearnsAndTheOutputLoads(t *testing.T) {
	request := toy(t)
	request.Params.Steps, request.Params.CheckpointEvery, request.Params.Dropout = 60, 60, 0
	request.Work, request.Output = t.TempDir(), t.TempDir()
	_, err := Run(context.Background(), request, nil)
	must(t, err)
	lines, err := os.ReadFile(filepath.Join(request.Output, "metrics.jsonl"))
	must(t, err)
	var first, last metric
	split := strings.Split(strings.TrimSpace(string(lines)), "\n")
	must(t, json.Unmarshal([]byte(split[0]), &first))
	must(t, json.Unmarshal([]byte(split[len(split)-1]), &last))
	if last.Step != 60 || last.Loss > first.Loss-0.8 {
		t.Errorf("loss went from %v to %v", first.Loss, last.Loss)
	}
	m, tokenizer, err := t5.Load(request.Output)
	must(t, err)
	defer m.Free()
	if got := strings.Join(m.Config.Languages.Names(), " "); got != "english german" {
		t.Errorf("start tokens of %s", got)
	}
	ids, dropped, err := tokenizer.Label("summary ▁<extra_id_54> </s> of", 10)
	must(t, err)
	for _, id := range ids[:len(ids)-1] {
		if id < 2 || tokenizer.Sentinels()[id] {
			t.Errorf("a label holds id %d", id)
		}
	}
	if dropped != 1 || ids[len(ids)-1] != 1 || len(ids) > 10 {
		t.Errorf("labels %v, %d dropped", ids, dropped)
	}
}

func TestALossThatIsNotFiniteNamesStepAndPairs(t *testing.T) {
	request := toy(t)
	m, _, err := t5.Load(request.Model)
	must(t, err)
	must(t, torch.Do(func() { m.Weights["decoder.final_layer_norm.weight"].Copy_(torch.Full(1e38, torch.Float32, 1)) }))
	must(t, os.Remove(filepath.Join(request.Model, "model.safetensors")))
	must(t, m.Weights.SaveWeights(filepath.Join(request.Model, "model.safetensors"), false))
	m.Free()
	request.Work, request.Output = t.TempDir(), t.TempDir()
	_, err = Run(context.Background(), request, nil)
	var typed *fault.Error
	if !errors.As(err, &typed) || typed.Type != schemas.NotFinite || !strings.Contains(err.Error(), "step 1 ") || !strings.Contains(err.Error(), "-english") {
		t.Fatalf("got %v", err)
	}
}

func TestTheRateIsThePublishedSchedule(t *testing.T) {
	if peak := rate(5000, 5000, 768, 1); math.Abs(peak-5.1031e-4) > 1e-8 {
		t.Errorf("the published peak rate is 5.1e-4, got %v", peak)
	}
	if first, late := rate(1, 5000, 768, 2), rate(20000, 5000, 768, 2); math.Abs(first-2*5.1031e-4/5000) > 1e-10 || math.Abs(late-5.1031e-4) > 1e-8 {
		t.Errorf("rates %v at step 1 and %v at step 20,000", first, late)
	}
}
