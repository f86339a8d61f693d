package workflows_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"crosssum/internal/testkit/programs"
	"crosssum/schemas"
	"crosssum/workflows"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// counter counts the runs that are at work on a catalogue. It stands in for the look for crawls, which finds none.
type counter struct {
	sync.Mutex
	now, most map[string]int
	looks     int
	hold      time.Duration
}

func (c *counter) waiting(ctx context.Context, in schemas.WaitingInput) (schemas.Waiting, error) {
	name := in.Params.Catalogue
	c.Lock()
	c.looks++
	c.now[name]++
	c.most[name] = max(c.most[name], c.now[name])
	hold := c.hold
	c.Unlock()
	defer func() { c.Lock(); c.now[name]--; c.Unlock() }()
	for until := time.Now().Add(hold); time.Now().Before(until) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		activity.RecordHeartbeat(ctx, "")
	}
	return schemas.Waiting{Crawls: []schemas.Scanned{}}, ctx.Err()
}

func (c *counter) holds(long time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.hold = long
}

func (c *counter) looked() int {
	c.Lock()
	defer c.Unlock()
	return c.looks
}

// TestOneRealignOfACatalogueIsAtWorkAtATime asks a real server.
func TestOneRealignOfACatalogueIsAtWorkAtATime(t *testing.T) {
	s := programs.Start(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := &counter{now: map[string]int{}, most: map[string]int{}, hold: 1500 * time.Millisecond}
	w := worker.New(s.Client, "main", worker.Options{})
	workflows.Register(w)
	b := newBoard()
	w.RegisterActivityWithOptions(func(context.Context, schemas.SettingsInput) (schemas.Settings, error) { return b.settings(), nil }, activity.RegisterOptions{Name: schemas.SettingsActivity.Name})
	w.RegisterActivityWithOptions(c.waiting, activity.RegisterOptions{Name: schemas.WaitingActivity.Name})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	start := func(id, catalogue string) client.WorkflowRun {
		t.Helper()
		run, err := s.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: "main"}, schemas.RealignWorkflow,
			schemas.RawParams(fmt.Sprintf(`{"catalogue": %q}`, catalogue)))
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	ends := func(run client.WorkflowRun) {
		t.Helper()
		if err := run.Get(ctx, nil); err != nil {
			t.Errorf("%s: %v", run.GetID(), err)
		}
	}

	// Three at once by hand, and two of a schedule without any policy; another catalogue's go on beside them.
	runs := []client.WorkflowRun{start("a", "main"), start("b", "main"), start("c", "main"), start("d", "news"), start("e", "other")}
	handle, err := s.Client.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: "of-the-form", Spec: client.ScheduleSpec{},
		Action: &client.ScheduleWorkflowAction{ID: "of-the-form", Workflow: schemas.RealignWorkflow, Args: []any{schemas.RawParams(`{}`)}, TaskQueue: "main"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := handle.Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // its runs are named by the second
	}
	for _, run := range runs {
		ends(run)
	}
	for c.looked() < 6 && ctx.Err() == nil { // the server may take two requests as one
		time.Sleep(100 * time.Millisecond)
	}
	if c.looked() < 6 || c.most["main"] != 1 {
		t.Errorf("%d runs looked for crawls, of catalogue main %d at once", c.looked(), c.most["main"])
	}

	// A run that is terminated, or cancelled, gives way to the next.
	c.holds(time.Minute)
	for _, end := range []func(id string) error{
		func(id string) error { return s.Client.TerminateWorkflow(ctx, id, "", "test") },
		func(id string) error { return s.Client.CancelWorkflow(ctx, id, "") },
	} {
		looks := c.looked()
		first := start(fmt.Sprint("first-", looks), "main")
		for c.looked() == looks {
			time.Sleep(50 * time.Millisecond)
		}
		c.holds(10 * time.Millisecond)
		next := start(fmt.Sprint("next-", looks), "main")
		time.Sleep(500 * time.Millisecond)
		if c.looked() != looks+1 {
			t.Error("the next did not wait")
		}
		if err := end(first.GetID()); err != nil {
			t.Fatal(err)
		}
		ends(next)
		c.holds(time.Minute)
	}
}
