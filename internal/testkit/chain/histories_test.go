package chain_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crosssum/internal/testkit/chain"
	"crosssum/internal/testkit/programs"
	"crosssum/schemas"
)

// TestRunsOfEveryOtherKindReplay: those of Pipeline and Realign do in the tests that look at what they make.
func TestRunsOfEveryOtherKindReplay(t *testing.T) {
	t.Parallel()
	c := chain.New(t)
	c.Toy()
	known := filepath.Join(c.Dir, "crawls/gold")
	if err := os.CopyFS(known, os.DirFS(filepath.Join(programs.Root(t), "internal/testkit/gold"))); err != nil {
		t.Fatal(err)
	}
	w := c.StartWorker("kinds")
	few := fmt.Sprintf(params, "")
	for _, k := range []struct{ workflow, history, params, fails string }{
		{schemas.BuildDatasetWorkflow, "build_dataset.json", `{"crawl": "toy"}`, ""},
		{schemas.CalibrateWorkflow, "calibrate.json", `{"crawl": "toy", "align": {"rule": "margin"}, "precision": 0.5}`, ""},
		{schemas.TrainWorkflow, "train.json", few, ""},
		{schemas.PipelineWorkflow, "reused.json", strings.Replace(few, `"steps": 150`, `"steps": 151`, 1), ""},
		{schemas.PipelineWorkflow, "failed.json", `{"crawl": "toy", "ingest": {"reject_fraction": 0}}`, schemas.RejectBudget},
		{schemas.PipelineWorkflow, "refused.json", `{"crawl": "toy", "align": {"keep": -1}}`, schemas.InvalidInput},
	} {
		id := strings.TrimSuffix(k.history, ".json")
		if _, err := c.Wait(c.Start(k.workflow, id, k.params), 10*time.Minute); (err == nil) != (k.fails == "") || err != nil && !strings.Contains(err.Error(), k.fails) {
			t.Fatalf("%s: %v\n%s", id, err, w.Log())
		}
		replays(t, c, id, k.history)
	}
}
