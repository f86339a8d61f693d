// Package failures shows what becomes of a training that fails: through its activity, with a real store, a real engine as a child
// process, and real shortages. The classes that need several ranks are shown beside them.
package failures

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"crosssum/activities"
	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/device"
	"crosssum/internal/native/sentencepiece"
	"crosssum/internal/native/torch"
	"crosssum/internal/testkit"
	"crosssum/internal/training/sampling"
	"crosssum/internal/training/train"
	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
)

// The test binary is the engine when asEngine is set. shortage, "limit <bytes>" or "group <file>", takes memory from it when
// `shortAfter` steps are done: by a limit on its address space, or by joining a control group.
const (
	asEngine   = "CROSSSUM_TEST_ENGINE"
	shortage   = "CROSSSUM_TEST_SHORTAGE"
	shortAfter = 2
)

func TestMain(m *testing.M) {
	if os.Getenv(asEngine) == "" {
		os.Exit(m.Run())
	}
	torch.SetThreads(1)
	device.Use(device.Settings{Numerics: os.Getenv("CROSSSUM_NUMERICS"), Device: os.Getenv("CROSSSUM_DEVICE")})
	err := engine.Main(map[string]engine.Handler{
		"pid": engine.Typed(func(context.Context, struct{}, engine.Report) (int, error) { return os.Getpid(), nil }),
		engine.OpProfile: engine.Typed(func(context.Context, struct{}, engine.Report) (engine.Profile, error) {
			return engine.Profile{Mode: "portable", Threads: 1}, nil
		}),
		engine.OpTokenize: engine.Typed(train.Tokenize),
		engine.OpTrain: engine.Typed(func(ctx context.Context, r engine.TrainRequest, report engine.Report) (engine.TrainResult, error) {
			short := false
			return train.Run(ctx, r, func(p schemas.Progress) {
				if p.Done >= shortAfter && !short {
					short = true
					takeMemory()
					time.Sleep(time.Second) // not too soon after the report before
					report(p)               // tells that it lives, and where
					time.Sleep(200 * time.Millisecond)
				}
				report(p)
			})
		}),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func takeMemory() {
	kind, value, _ := strings.Cut(os.Getenv(shortage), " ")
	var err error
	switch kind {
	case "limit":
		bytes, _ := strconv.ParseUint(value, 10, 64)
		statm, _ := os.ReadFile("/proc/self/statm")
		pages, _ := strconv.ParseUint(strings.Fields(string(statm))[0], 10, 64)
		limit := pages*uint64(os.Getpagesize()) + bytes
		err = syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit})
	case "group":
		err = os.WriteFile(value, []byte("0"), 0)
	}
	if err != nil {
		panic(err)
	}
}

var must = testkit.Must

// world is a store with articles and samples, a model, and the activities over them. English texts are short, German ones long.
type world struct {
	t      *testing.T
	store  *store.Store
	models string
	in     schemas.TrainInput
	env    []string // of the engine
}

const samples = 32 // of each language

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := store.Open(t.TempDir())
	must(t, err)
	w := &world{t: t, store: s, models: t.TempDir()}
	p := schemas.Demo().Train
	p.Steps, p.MiniBatch, p.Pairs, p.MicroBatch, p.WarmupSteps, p.CheckpointEvery = 15, samples, 1, samples, 3, 2
	p.LearningRate, p.SourceTokens, p.TargetTokens, p.Dropout = 0.05, 700, 12, 0.1
	w.in = schemas.TrainInput{Summarizer: "toy", Params: p, Seed: w.seed(p), Numerics: "portable"}
	var sentences strings.Builder
	w.in.Articles = w.publish("screen", []string{"english", "german"}, func(language, dir string) {
		long := map[string]int{"english": 1, "german": 42}[language]
		a, err := arrowfile.Create[schemas.ArticleRow](filepath.Join(dir, "articles.arrow"))
		must(t, err)
		for i := range samples {
			summary := fmt.Sprintf("%s summary %d of file %d", language, i, i*i)
			text := strings.Repeat(fmt.Sprintf("the %s text %d tells what %d holds ", language, i, i*i), long)
			must(t, a.Append(schemas.ArticleRow{Language: language, ID: fmt.Sprint(100 + i), Summary: summary, Text: text, Digest: fmt.Sprint(language, i)}))
			fmt.Fprintf(&sentences, "%s\n%.200s\n", summary, text)
		}
		must(t, a.Close())
	})
	w.in.Splits = w.publish("split_dedup", []string{"all"}, func(_, dir string) {
		a, err := arrowfile.Create[schemas.SampleRow](filepath.Join(dir, "samples.arrow"))
		must(t, err)
		for _, language := range []string{"english", "german"} {
			for i := range samples {
				must(t, a.Append(schemas.SampleRow{SourceLanguage: language, SourceID: fmt.Sprint(100 + i),
					TargetLanguage: language, TargetID: fmt.Sprint(100 + i), Split: "train"}))
			}
		}
		must(t, a.Close())
	})
	w.model(sentences.String())
	return w
}

// seed is the first one whose batches are English until some steps behind the shortage, and German then.
func (w *world) seed(p schemas.TrainParams) uint64 {
	pairs := []sampling.Pair{{Source: "english", Target: "english", Samples: samples}, {Source: "german", Target: "german", Samples: samples}}
	for seed := uint64(1); ; seed++ {
		s, err := sampling.New(pairs, p, seed)
		must(w.t, err)
		drawn := ""
		for step := range shortAfter + 3 {
			batch, err := s.Batch(step)
			must(w.t, err)
			drawn += pairs[batch[0].Pair].Source[:1]
		}
		if drawn == strings.Repeat("e", shortAfter+2)+"g" {
			return seed
		}
	}
}

func (w *world) model(sentences string) {
	dir, text := filepath.Join(w.models, "toy"), filepath.Join(w.t.TempDir(), "sentences.txt")
	must(w.t, errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(text, []byte(sentences), 0o644)))
	pieces, err := sentencepiece.Train(text, sentencepiece.TrainOptions{VocabularySize: 70, Pad: 0, Eos: 1, Unk: 2, Bos: -1, CharacterCoverage: 1,
		UserSymbols: []string{starts.SentinelPiece(54), starts.SentinelPiece(53)}, Threads: 1, Extra: map[string]string{"hard_vocab_limit": "false"}})
	must(w.t, err)
	must(w.t, os.WriteFile(filepath.Join(dir, "spiece.model"), pieces, 0o644))
	m, err := t5.New(&t5.Config{ModelType: "mt5", VocabSize: 80, DModel: 32, DKV: 16, DFF: 64, NumLayers: 2, NumDecoderLayers: 2, NumHeads: 2,
		Buckets: 8, MaxDistance: 16, LayerNormEpsilon: 1e-6, FeedForward: "gated-gelu", EOSTokenID: 1}, 5)
	must(w.t, err)
	defer m.Free()
	must(w.t, m.Save(dir, dir, false))
}

// publish puts units into the store as an earlier stage would; write fills a unit's folder.
func (w *world) publish(stage string, names []string, write func(name, dir string)) schemas.Ref {
	w.t.Helper()
	return testkit.Stage(w.t, w.store, stage, names, map[string]int64{"accepted": samples}, write)
}

// path lists a file of every unit of a sealed stage.
func (w *world) path(ref schemas.Ref, name string) (paths []string) {
	w.t.Helper()
	var index schemas.Index
	must(w.t, w.store.GetJSON(ref.Index, &index))
	for _, u := range index.Units {
		path, err := w.store.File(u, name)
		must(w.t, err)
		paths = append(paths, path)
	}
	return paths
}

// impatient ends a request that is silent for some seconds, where the test's server has no heartbeat timeout, and lets the test
// hear its progress, of which that server passes on little.
type impatient struct {
	*engine.Client
	stall  time.Duration
	listen func(schemas.Progress)
}

func (i impatient) Call(ctx context.Context, mode, op string, args, result any, report engine.Report) error {
	return i.Client.Call(engine.WithJob(ctx, engine.Job{Unit: op, Stall: i.stall}), mode, op, args, result, func(p schemas.Progress) {
		if i.listen != nil {
			i.listen(p)
		}
		report(p)
	})
}

// attempt runs the activity once. listen hears of its progress, and stop is the channel by which the worker says that it stops.
func (w *world) attempt(listen func(schemas.Progress), stop chan struct{}, stall time.Duration) error {
	w.t.Helper()
	client := engine.New(engine.Options{Program: os.Args[0], Env: append([]string{asEngine + "=yes"}, w.env...), Stop: 10 * time.Minute})
	defer client.Close()
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.SetTestTimeout(20 * time.Minute)
	activities.Register(env, activities.Config{Store: w.store, CPU: client, GPU: impatient{client, stall, listen}, ModelRoots: []string{w.models}})
	if w.in.Tokens.Index == "" {
		w.in.Tokens = run(w.t, env, schemas.Tokenize, schemas.TokenizeInput{Articles: w.in.Articles, Summarizer: "toy",
			Source: w.in.Params.SourceTokens, Target: w.in.Params.TargetTokens, Numerics: "portable"})
	}
	if stop != nil {
		env.SetWorkerStopChannel(stop)
	}
	value, err := env.ExecuteActivity(schemas.Train.PlanName(), w.in)
	must(w.t, err)
	var planned schemas.Planned
	must(w.t, value.Get(&planned))
	for _, units := range planned.Missing {
		_, err = env.ExecuteActivity(schemas.Train.Name, schemas.Work[schemas.TrainInput]{Input: w.in, Units: units})
	}
	return err
}

// run plans, computes and seals a stage.
func run[In any](t *testing.T, env *testsuite.TestActivityEnvironment, s schemas.Stage[In], in In) schemas.Ref {
	t.Helper()
	for {
		value, err := env.ExecuteActivity(s.PlanName(), in)
		must(t, err)
		var planned schemas.Planned
		must(t, value.Get(&planned))
		if planned.Ref != nil {
			return *planned.Ref
		}
		for _, units := range planned.Missing {
			_, err := env.ExecuteActivity(s.Name, schemas.Work[In]{Input: in, Units: units})
			must(t, err)
		}
	}
}

// trained is what was published: model.safetensors, the losses by step, and the unit's counts.
func (w *world) trained() (model []byte, losses []float64, unit schemas.Unit) {
	w.t.Helper()
	stages, err := filepath.Glob(filepath.Join(w.store.Root(), "stages/train/*.json"))
	if err != nil || len(stages) != 1 {
		w.t.Fatalf("published trainings: %v %v", stages, err)
	}
	raw, err := os.ReadFile(stages[0])
	must(w.t, err)
	must(w.t, json.Unmarshal(raw, &unit))
	read := func(name string) []byte {
		path, err := w.store.File(unit, name)
		must(w.t, err)
		raw, err := os.ReadFile(path)
		must(w.t, err)
		return raw
	}
	for _, line := range strings.Split(strings.TrimSpace(string(read("metrics.jsonl"))), "\n") {
		var m struct{ Loss float64 }
		must(w.t, json.Unmarshal([]byte(line), &m))
		losses = append(losses, m.Loss)
	}
	return read("model.safetensors"), losses, unit
}

// work is the folder that attempts share.
func (w *world) work() string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.store.Root(), "work/train/*"))
	if err != nil || len(found) != 1 {
		w.t.Fatalf("work folders: %v %v", found, err)
	}
	return found[0]
}

// failed is an activity's failure as Temporal sees it.
func failed(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var failure *temporal.ApplicationError
	if !errors.As(err, &failure) {
		t.Fatalf("no typed failure: %v", err)
	}
	return failure
}

func near(a, b []float64) (worst float64) {
	for i := range a {
		worst = math.Max(worst, math.Abs(a[i]-b[i]))
	}
	return worst
}
