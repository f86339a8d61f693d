package workflows_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crosssum/schemas"
	"crosssum/workflows"

	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// histories are those of runs of every version, testdata/histories/<version>/*.json; digests.txt there has their SHA-256.
const histories = "testdata/histories"

// discipline is what to do when a history does not replay.
const discipline = `
The code asks for other commands (activities, timers, search attributes, markers, their order) than when this run was recorded, so that runs which are at
work while somebody upgrades the worker would stand still. Leave the old commands to old runs, and put the new ones behind a version:

	if workflow.GetVersion(r.ctx, "what_is_new", workflow.DefaultVersion, 1) == 1 {
		// what new runs do
	}

A history that was recorded once is neither changed nor removed; docs/design.md, To change a workflow, has the whole way.`

// recording is how histories come to be.
const recording = "before a release, when schemas.Version is the new one, CROSSSUM_RECORD=1 ./crosssum test ./internal/testkit/chain records them"

// replay runs workflow code over a recorded history.
func replay(register func(worker.WorkflowRegistry), past *history.History) error {
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	if err != nil {
		return err
	}
	register(replayer)
	if err := replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), past); err != nil {
		return fmt.Errorf("%w\n%s", err, discipline)
	}
	return nil
}

func read(t *testing.T, path string) *history.History {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	past, err := client.HistoryFromJSON(bytes.NewReader(b), client.HistoryJSONOptions{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return past
}

func recorded(t *testing.T, version string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(histories, version, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no histories of version %s, %v; %s", version, err, recording)
	}
	return files
}

func TestTheHistoriesOfEveryVersionReplay(t *testing.T) {
	for _, file := range recorded(t, "*") {
		if err := replay(workflows.Register, read(t, file)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestEveryVersionOfTheChangelogHasHistoriesOfEveryWorkflow(t *testing.T) {
	changes, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	versions := []string{schemas.Version}
	for _, heading := range regexp.MustCompile(`(?m)^## (\d\S*)`).FindAllSubmatch(changes, -1) {
		versions = append(versions, string(heading[1]))
	}
	for _, version := range slices.Compact(versions) {
		seen := map[string]bool{}
		for _, file := range recorded(t, version) {
			seen[read(t, file).Events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()] = true
		}
		for _, name := range []string{schemas.PipelineWorkflow, schemas.BuildDatasetWorkflow, schemas.TrainWorkflow, schemas.RealignWorkflow, schemas.CalibrateWorkflow} {
			if !seen[name] {
				t.Errorf("version %s has no history of %s; %s", version, name, recording)
			}
		}
	}
}

func TestHistoriesStayAsTheyWereRecorded(t *testing.T) {
	list, err := os.ReadFile(filepath.Join(histories, "digests.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var is []string
	for _, file := range recorded(t, "*") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		name, err := filepath.Rel(histories, file)
		if err != nil {
			t.Fatal(err)
		}
		is = append(is, hex.EncodeToString(sum[:])+"  "+filepath.ToSlash(name))
	}
	was := strings.Split(strings.TrimSpace(string(list)), "\n")
	for _, line := range was {
		if !slices.Contains(is, line) {
			t.Errorf("%s: this history was removed or is another now. Get it back: runs that began like it may still be at work somewhere", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			t.Errorf("%s/digests.txt lacks\n%s\nAdd this line if the history is one of a version that has not been published", histories, line)
		}
	}
}

// TestAChangeOfCommandsIsRefusedWithWhatToDo replays a history over workflows that were changed without care.
func TestAChangeOfCommandsIsRefusedWithWhatToDo(t *testing.T) {
	file := filepath.Join(histories, "0.1.0/pipeline.json")
	pipeline := func(ctx workflow.Context, raw schemas.RawParams) (schemas.PipelineResult, error) {
		return workflows.Pipeline(ctx, raw)
	}
	for what, c := range map[string]struct {
		changed func(workflow.Context, schemas.RawParams) (schemas.PipelineResult, error)
		refused bool
	}{
		"nothing": {pipeline, false},
		"an activity more at the start": {func(ctx workflow.Context, raw schemas.RawParams) (schemas.PipelineResult, error) {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 1})
			return schemas.PipelineResult{}, workflow.ExecuteActivity(ctx, "check", raw).Get(ctx, nil)
		}, true},
		"a pause": {func(ctx workflow.Context, raw schemas.RawParams) (schemas.PipelineResult, error) {
			return schemas.PipelineResult{}, workflow.Sleep(ctx, 1)
		}, true},
		"stages fewer":  {workflows.BuildDataset, true},
		"another order": {workflows.Train, true},
		"a pause behind GetVersion": {func(ctx workflow.Context, raw schemas.RawParams) (schemas.PipelineResult, error) {
			if workflow.GetVersion(ctx, "pause", workflow.DefaultVersion, 1) == 1 {
				if err := workflow.Sleep(ctx, 1); err != nil {
					return schemas.PipelineResult{}, err
				}
			}
			return workflows.Pipeline(ctx, raw)
		}, false},
	} {
		err := replay(func(r worker.WorkflowRegistry) {
			r.RegisterWorkflowWithOptions(c.changed, workflow.RegisterOptions{Name: schemas.PipelineWorkflow})
		}, read(t, file))
		if c.refused != (err != nil) || c.refused && !strings.Contains(err.Error(), "workflow.GetVersion") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestARunOfTheFirstVersionThatBeganWithTwoInputsGoesOnWithTheFirst(t *testing.T) {
	for _, name := range []string{"pipeline", "realign"} {
		past := read(t, filepath.Join(histories, "0.1.0", name+".json"))
		inputs := past.Events[0].GetWorkflowExecutionStartedEventAttributes().Input
		inputs.Payloads = append(inputs.Payloads, payload("json/plain", "null").Payload())
		if err := replay(workflows.Register, past); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
