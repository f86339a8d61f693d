package chain_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crosssum/internal/testkit/chain"
	"crosssum/internal/testkit/smalldisk"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// TestARunOnADiskThatFillsUpAgainAndAgainEndsWithTheBytesOfOneWithRoom: store and runs lie on a real small disk, on which there is
// only so much more room each time that the run has said that it wants some.
func TestARunOnADiskThatFillsUpAgainAndAgainEndsWithTheBytesOfOneWithRoom(t *testing.T) {
	t.Parallel()
	disk := smalldisk.New(t, "96m")
	c := chain.New(t)
	c.Toy()
	params := `{"crawl": "toy", "summarizer": "tiny",
		"train": {"steps": 30, "warmup_steps": 10, "mini_batch": 4, "pairs": 2, "micro_batch": 4, "source_tokens": 48, "target_tokens": 16,
		          "checkpoint_every_steps": 10},
		"generate": {"samples": 12, "largest_pairs": 2, "samples_a_pair": 2, "max_tokens": 16, "batch_size": 4}}`
	roomy := c.StartWorker("roomy")
	pipeline(t, c, roomy, "roomy", params)
	want := chain.Artifacts(t, roomy.Store)
	roomy.Stop()

	if err := os.Symlink(disk.Dir, filepath.Join(c.Dir, "tight")); err != nil {
		t.Fatal(err)
	}
	w := c.StartWorker("tight")
	const little = 64 << 10
	disk.Fill(little)
	run := c.Start(schemas.PipelineWorkflow, "tight", params)
	ended := make(chan struct{})
	go func() {
		run.Get(context.Background(), nil)
		close(ended)
	}()
	said := map[string]string{} // by stage
	times := map[string]int{}
	for began := time.Now(); ; {
		select {
		case <-ended:
		case <-time.After(200 * time.Millisecond):
			if time.Since(began) > 20*time.Minute {
				t.Fatalf("not finished; it said %v\n%s", said, w.Log())
			}
			if stage, problem := heldUp(c, run); problem != "" {
				said[stage] = problem
				times[stage]++ // four times the room each time; what is left over is the next stage's
				disk.Fill(little << (2 * times[stage]))
				time.Sleep(2 * time.Second) // it goes on, and says so
			}
			continue
		}
		break
	}
	result, err := c.Wait(run, time.Minute)
	if err != nil {
		t.Fatalf("%v\n%s", err, w.Log())
	}
	for _, stage := range slices.Sorted(maps.Keys(said)) {
		t.Logf("%s, %d times: %s", stage, times[stage], said[stage])
	}
	if len(result.Nondeterministic) > 0 {
		t.Errorf("nondeterministic: %v", result.Nondeterministic)
	}
	same(t, "the run on a full disk", chain.Artifacts(t, w.Store), want)
	if len(said) < 2 || !strings.Contains(said[schemas.Train.Name], "make room") { // a training's checkpoint is the engine's to write
		t.Errorf("the disk was full in no stages but %v, wanted train and one whose files the worker writes", slices.Sorted(maps.Keys(said)))
	}
	if _, err := os.Stat(filepath.Join(disk.Dir, "runs/tight/report.html")); err != nil {
		t.Error(err)
	}
}

// heldUp is the stage of a run that waits for a person, and what it says.
func heldUp(c *chain.Chain, run client.WorkflowRun) (stage, problem string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d, err := c.Client.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
	if err != nil {
		return "", ""
	}
	for _, a := range d.GetPendingActivities() {
		var p schemas.Progress
		if a.GetHeartbeatDetails() != nil && converter.GetDefaultDataConverter().FromPayloads(a.GetHeartbeatDetails(), &p) == nil && p.Problem != "" {
			return p.Stage, p.Problem
		}
	}
	return "", ""
}
