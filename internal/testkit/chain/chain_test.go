package chain_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"crosssum/internal/testkit/chain"
	"crosssum/internal/testkit/programs"
	"crosssum/schemas"
	"crosssum/workflows"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"
)

// params are small enough for seconds a stage; %s is put into generate.
const params = `{"crawl": "toy", "summarizer": "tiny",
	"train": {"steps": 150, "warmup_steps": 10, "mini_batch": 4, "pairs": 2, "micro_batch": 4, "source_tokens": 48, "target_tokens": 16,
	          "checkpoint_every_steps": 10},
	"generate": {"samples": 12, "largest_pairs": 2, "samples_a_pair": 2, "max_tokens": 16, "batch_size": 4%s}}`

// Record says that the histories of undisturbed runs are written to workflows/testdata/histories, as those of this version.
const Record = "CROSSSUM_RECORD"

func TestARunThatIsKilledAnywhereEndsWithTheBytesOfAnUndisturbedOne(t *testing.T) {
	t.Parallel() // most of it is waiting for what was killed to be missed
	c := chain.New(t)
	c.Toy()

	// Given an undisturbed run,
	calm := c.StartWorker("calm")
	result := pipeline(t, c, calm, "calm", fmt.Sprintf(params, ""))
	if reused(result) != "" || len(result.Nondeterministic) > 0 {
		t.Errorf("a first run reused %s; nondeterministic: %v", reused(result), result.Nondeterministic)
	}
	if _, err := os.Stat(result.Report); err != nil {
		t.Errorf("report: %v", err)
	}
	want := chain.Artifacts(t, calm.Store)
	replays(t, c, "calm", "pipeline.json")

	// when it is run again, then everything is reused;
	again := pipeline(t, c, calm, "again", fmt.Sprintf(params, ""))
	if got := reused(again); got != "embed evidence export generate identify ingest lexicon link near_duplicates neighbours score screen split_dedup tokenize train" {
		t.Errorf("a second run reused only %s", got)
	}
	for _, s := range again.Stages {
		if s.Stage == "embed" && strings.Join(s.ReusedUnits, " ") != "english french russian" {
			t.Errorf("a second run does not name the languages whose embeddings it reused: %v", s.ReusedUnits)
		}
	}
	same(t, "a second run", chain.Artifacts(t, calm.Store), want)

	// when one parameter is another, then what reads it is computed, and nothing before it;
	changed := pipeline(t, c, calm, "changed", fmt.Sprintf(params, `, "beams": 2`))
	if got := reused(changed); got != "embed evidence export identify ingest lexicon link near_duplicates neighbours screen split_dedup tokenize train" {
		t.Errorf("with other beams, %s was reused", got)
	}

	// when two processes train, then they learn what one does, whatever becomes of the second, of both and of the worker;
	calm = twoRanks(t, c, calm)

	// when a run is cancelled in training, then it stops soon, behind a checkpoint, with all of its processes;
	cancelled(t, c, calm)
	calm.Stop()

	// when worker and engine are killed at named points, in training and at random, then the bytes are the same.
	storm := chain.Storm{Points: []string{"before-object:2", "after-object:3", "before-ref:1", "after-ref:1", "before-manifest:2",
		"after-manifest:2", "before-heartbeat:5", "after-heartbeat:7"}, Kills: 3, Seed: 1}
	run := c.Start(schemas.PipelineWorkflow, "stormy", fmt.Sprintf(params, ""))
	damage, stormy := storm.Blow(c, "stormy", run)
	t.Logf("killed at %v, %d workers and %d engines more; training attempts began at steps %v", damage.Points, damage.Workers,
		damage.Engines, damage.Resumed)
	stormed, err := c.Wait(run, time.Minute)
	if err != nil {
		t.Fatalf("%v\n%s", err, stormy.Log())
	}
	if len(stormed.Nondeterministic) > 0 {
		t.Errorf("nondeterministic: %v", stormed.Nondeterministic)
	}
	same(t, "the killed run", chain.Artifacts(t, stormy.Store), want)
	if len(damage.Points) != len(storm.Points) {
		t.Errorf("only %v of the named points were reached", damage.Points)
	}
	if damage.Engines == 0 || damage.Workers == 0 || len(damage.Resumed) < 2 || damage.Resumed[1] == 0 {
		t.Errorf("the training was not killed and resumed: %+v", damage)
	}
}

// cancelled starts a long training, cancels its run and looks at what is left.
func cancelled(t *testing.T, c *chain.Chain, w *chain.Worker) {
	t.Helper()
	run := c.Start(schemas.TrainWorkflow, "cancelled", strings.Replace(fmt.Sprintf(params, ""), `"steps": 150`, `"steps": 1000000, "ranks": 2`, 1))
	checkpoints := func() []string {
		found, _ := filepath.Glob(filepath.Join(w.Store, "work/train/*/step-*"))
		return found
	}
	for began := time.Now(); len(checkpoints()) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > 10*time.Minute {
			t.Fatalf("no checkpoint\n%s", w.Log())
		}
	}
	ranks := w.Ranks()
	if err := c.Client.CancelWorkflow(context.Background(), run.GetID(), run.GetRunID()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := c.Wait(run, 10*time.Minute)
	var cancelled *temporal.CanceledError
	if !errors.As(err, &cancelled) {
		t.Errorf("a cancelled run ended with %v", err)
	}
	t.Logf("a training stopped %s after its run was cancelled; %d checkpoints stay", time.Since(began).Round(time.Second/10), len(checkpoints()))
	if len(checkpoints()) == 0 {
		t.Error("a cancelled training left no checkpoint")
	}
	if len(ranks) != 1 || programs.Lives(ranks[0]) {
		t.Errorf("of its second process, %v, some is left: %v", ranks, w.Ranks())
	}
}

// pipeline runs a Pipeline to its end.
func pipeline(t *testing.T, c *chain.Chain, w *chain.Worker, id, params string) schemas.PipelineResult {
	t.Helper()
	began := time.Now()
	result, err := c.Wait(c.Start(schemas.PipelineWorkflow, id, params), 10*time.Minute)
	if err != nil {
		t.Fatalf("%s: %v\n%s", id, err, w.Log())
	}
	t.Logf("%s took %s", id, time.Since(began).Round(time.Second/10))
	return result
}

// reused names the stages whose units were all published before.
func reused(r schemas.PipelineResult) string {
	var names []string
	for _, s := range r.Stages {
		if s.Units > 0 && s.Reused == s.Units {
			names = append(names, s.Stage)
		}
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, manifest := range want {
		if got[name] != manifest {
			t.Errorf("%s: %s\n is     %s\n wanted %s", what, name, got[name], manifest)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s has published %s too", what, name)
		}
	}
}

// replays runs the workflow code again over the history of a run, which is recorded under name where that is asked for.
func replays(t *testing.T, c *chain.Chain, id, name string) {
	t.Helper()
	events := c.Client.GetWorkflowHistory(context.Background(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	past := &history.History{}
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		past.Events = append(past.Events, event)
	}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	if err != nil {
		t.Fatal(err)
	}
	workflows.Register(replayer)
	if err := replayer.ReplayWorkflowHistory(nil, past); err != nil {
		t.Errorf("replay: %v", err)
	}
	if os.Getenv(Record) == "" {
		return
	}
	folder := filepath.Join("../../../workflows/testdata/histories", schemas.Version)
	b, err := protojson.Marshal(past)
	if err == nil {
		b = []byte(strings.ReplaceAll(string(b), c.Dir, "/crosssum"))
		err = os.MkdirAll(folder, 0o755)
	}
	path := filepath.Join(folder, name)
	if _, there := os.Stat(path); there == nil {
		t.Fatalf("%s is there: histories that were recorded stay. Those of the next version want its schemas.Version", path)
	}
	if err = errors.Join(err, os.WriteFile(path, b, 0o644)); err != nil {
		t.Fatal(err)
	}
}
