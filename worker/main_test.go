package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crosssum/internal/operation/processes"
	"crosssum/internal/operation/schedules"
	"crosssum/internal/testkit/programs"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// configure writes a temporal.yaml with task queues of its own names.
func configure(t *testing.T, dir, address string) (path string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(programs.Root(t), "temporal.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("127.0.0.1:7233", address, "crosssum: crosssum\n", "crosssum: a\n", "crosssum-cpu: crosssum-cpu", "crosssum-cpu: b",
		"crosssum-gpu: crosssum-gpu", "crosssum-gpu: c").Replace(string(b))
	path = filepath.Join(dir, "temporal.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// probe is an activity on a task queue.
type probe struct{ Activity, Queue string }

// ask is a workflow that calls activities with an input that none takes, and gives their errors.
func ask(ctx workflow.Context, probes []probe) (errs []string, err error) {
	var asked []workflow.Future
	for _, p := range probes {
		asked = append(asked, workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: p.Queue,
			ScheduleToCloseTimeout: 30 * time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}}), p.Activity, 7))
	}
	for _, f := range asked {
		errs = append(errs, fmt.Sprint(f.Get(ctx, nil)))
	}
	return errs, nil
}

// serve starts a worker in dir for the server, on task queues of other names than the defaults.
func serve(t *testing.T, s *programs.Server, dir string) {
	t.Helper()
	_, err := s.Keeper.Start(processes.Process{Name: processes.WorkerName, Program: programs.Path(t, "worker"),
		Args: []string{"--config", configure(t, dir, s.Address)}}, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Keeper.Stop(processes.WorkerName, 10*time.Second) })
}

// probing serves the workflow ask.
func probing(t *testing.T, s *programs.Server) {
	t.Helper()
	w := worker.New(s.Client, "probes", worker.Options{})
	w.RegisterWorkflow(ask)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

func TestEachStageActivityAndWorkflowIsThereOnItsTaskQueue(t *testing.T) {
	dir := t.TempDir()
	s := programs.Start(t, dir)
	serve(t, s, dir)
	probing(t, s)

	queues := map[schemas.Queue]string{schemas.QueueMain: "a", schemas.QueueCPU: "b", schemas.QueueGPU: "c"}
	probes := []probe{{"dance", "a"}}
	for _, about := range schemas.Registry {
		probes = append(probes, probe{about.Name, queues[about.Queue]})
		if about.Version > 0 { // a stage
			probes = append(probes, probe{about.Name + ".plan", queues[schemas.QueueMain]})
		}
	}
	run, err := s.Client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "probes"}, ask, probes)
	var errs []string
	if err = errors.Join(err, run.Get(t.Context(), &errs)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(errs[0], "unable to find activityType=dance") {
		t.Errorf("an activity that there is not: %s", errs[0])
	}
	for i, p := range probes[1:] {
		if !strings.Contains(errs[i+1], "unable to decode the activity function input") {
			t.Errorf("%s on task queue %s: %s", p.Activity, p.Queue, errs[i+1])
		}
	}
	for _, name := range []string{schemas.PipelineWorkflow, schemas.BuildDatasetWorkflow, schemas.TrainWorkflow, schemas.RealignWorkflow, schemas.CalibrateWorkflow} {
		run, err := s.Client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "a", WorkflowExecutionTimeout: 30 * time.Second},
			name, schemas.RawParams(`{"colour": "red"}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Get(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "$.colour: unknown field") {
			t.Errorf("%s with a parameter that there is not: %v", name, err)
		}
	}
}

func TestEveryWorkflowIDWorks(t *testing.T) {
	dir := t.TempDir()
	s := programs.Start(t, dir)
	serve(t, s, dir)
	probing(t, s)
	for _, id := range []string{"ü-1", "每周", "🙂 ok", "two\nlines", "tab\tand \x7f", "e\u0301", strings.Repeat("щ", 400), "a/b?c=%20#d", `"`} {
		run, err := s.Client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "a", WorkflowExecutionTimeout: 20 * time.Second},
			schemas.PipelineWorkflow, schemas.RawParams(`{"colour": "red"}`))
		if err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		if err := run.Get(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "$.colour: unknown field") {
			t.Errorf("%q: its workflow does not run: %v", id, err)
		}
		var errs []string
		run, err = s.Client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "probes", WorkflowExecutionTimeout: 20 * time.Second},
			ask, []probe{{"scan", "a"}})
		if err = errors.Join(err, run.Get(t.Context(), &errs)); err != nil || !strings.Contains(errs[0], "unable to decode the activity function input") {
			t.Errorf("%q: its activities do not run: %v, %v", id, err, errs)
		}
	}
}

// TestASchedulesRunsHaveIDsOfAllLetters: the web UI's form takes any id for a schedule and its runs, and the server puts the time behind it.
func TestASchedulesRunsHaveIDsOfAllLetters(t *testing.T) {
	dir := t.TempDir()
	s := programs.Start(t, dir)
	serve(t, s, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, id := range []string{"ü-1", "每周", "साप्ताहिक 🙂", "e\u0301", strings.Repeat("щ", 200)} {
		_, err := s.Client.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: id, Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: 168 * time.Hour}}},
			Action: &client.ScheduleWorkflowAction{ID: id, Workflow: schemas.RealignWorkflow, Args: []any{schemas.RawParams(`{"colour": "red"}`)}, TaskQueue: "a",
				WorkflowExecutionTimeout: 20 * time.Second}})
		if err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		run, err := schedules.Trigger(ctx, s.Client, id)
		if err != nil || !strings.HasPrefix(run, id+"-") {
			t.Errorf("%q: its run is %q, %v", id, run, err)
			continue
		}
		if err := s.Client.GetWorkflow(ctx, run, "").Get(ctx, nil); err == nil || !strings.Contains(err.Error(), "$.colour: unknown field") {
			t.Errorf("%q: its run does not end with the reason: %v", run, err)
		}
		found, err := schedules.Find(ctx, s.Client, id)
		if err = errors.Join(err, schedules.Pause(ctx, s.Client, id, "日曜日"), schedules.Resume(ctx, s.Client, id, ""), schedules.Delete(ctx, s.Client, id)); err != nil || found.Last != run {
			t.Errorf("%q: %+v, %v", id, found, err)
		}
	}
}

func TestARunThatCanNeverWorkFailsAtOnceAndSaysWhy(t *testing.T) {
	dir := t.TempDir()
	s := programs.Start(t, dir)
	serve(t, s, dir)
	object := map[string]any{"preset": "demo"}
	for _, c := range []struct {
		workflow string
		inputs   []any
		want     string
	}{
		{"Pipelin", []any{object}, `there is no workflow type "Pipelin": nearest are Pipeline,`},
		{"realign", []any{object}, `there is no workflow type "realign": nearest are Realign,`},
		{"BuildDatset", nil, `there is no workflow type "BuildDatset": nearest are BuildDataset,`},
		{"Обучение", []any{1, 2, 3}, `there is no workflow type "Обучение": nearest are `},
		{schemas.PipelineWorkflow, []any{object, object}, "$: several inputs were given: wanted one, a JSON object"},
		{schemas.RealignWorkflow, []any{object, schemas.RealignResult{}}, "$: several inputs were given: wanted one, a JSON object"},
		{schemas.CalibrateWorkflow, []any{"{}"}, "$: wanted a JSON object, got a string"},
		{schemas.TrainWorkflow, []any{[]any{object}}, "$: wanted a JSON object, got a list"},
	} {
		run, err := s.Client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "a", WorkflowExecutionTimeout: 30 * time.Second}, c.workflow, c.inputs...)
		if err == nil {
			err = run.Get(t.Context(), nil)
		}
		var failure *temporal.ApplicationError
		if !errors.As(err, &failure) || failure.Type() != schemas.InvalidInput || !strings.HasPrefix(failure.Message(), c.want) {
			t.Errorf("%s of %v: wanted %s, got %v", c.workflow, c.inputs, c.want, err)
		}
	}
}

func TestAWorkerThatCannotStartSaysWhyAndEnds(t *testing.T) {
	program := programs.Path(t, "worker")
	for says, spoil := range map[string]func(path string) error{
		"127.0.0.1:1":            func(string) error { return nil }, // nobody is there
		"data: not a directory":  func(path string) error { return os.WriteFile(filepath.Join(filepath.Dir(path), "data"), nil, 0o644) },
		"field colour not found": func(path string) error { return os.WriteFile(path, []byte("colour: red\n"), 0o644) },
		"no such file":           os.Remove,
	} {
		path := configure(t, t.TempDir(), "127.0.0.1:1")
		if err := spoil(path); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), program, "--config", path).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "worker: ") || !strings.Contains(string(out), says) {
			t.Errorf("%v, and it does not say %q:\n%s", err, says, out)
		}
	}
}
