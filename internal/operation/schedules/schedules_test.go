package schedules

import (
	"context"
	"strings"
	"testing"
	"time"

	"crosssum/internal/testkit/programs"
	"crosssum/schemas"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// weekly is a schedule as `crosssum schedule create` makes it.
func weekly() Options {
	return Options{ID: "news", Every: 168 * time.Hour, CatchUp: 720 * time.Hour, Timeout: 48 * time.Hour, Queue: "nobody-listens",
		Params: schemas.RawParams(`{"catalogue": "news"}`), Summary: "new crawls"}
}

func TestWhatNoScheduleCanBeIsRefusedBeforeTheServerIsAsked(t *testing.T) {
	for says, spoil := range map[string]func(*Options){
		"its id is made of letters":                func(o *Options) { o.ID = "every monday" },
		"say either every how long (168h) or when": func(o *Options) { o.Cron = "0 6 * * MON" },
		"or when (a cron expression":               func(o *Options) { o.Every = 0 },
		"every 1ms is too often: 1s at least":      func(o *Options) { o.Every = time.Millisecond },
		"a catch-up window of 1s is too short":     func(o *Options) { o.CatchUp = time.Second },
		"a run cannot end within 0s":               func(o *Options) { o.Timeout = 0 },
		"catalog":                                  func(o *Options) { o.Params = schemas.RawParams(`{"catalog": "news"}`) },
	} {
		o := weekly()
		spoil(&o)
		if err := Create(t.Context(), nil, o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("wanted an error that says %q: %v", says, err)
		}
	}
}

// TestASchedule asks a real server, which nobody works for: a run lasts until it is ended.
func TestASchedule(t *testing.T) {
	s := programs.Start(t, t.TempDir())
	for name, test := range map[string]func(*testing.T, context.Context, client.Client){
		"has the policies that its maker asked for and those that are promised":           policies,
		"lets one run wait behind the one at work and leaves out the rest":                overlap,
		"ends a run that lasts longer than it may":                                        overtime,
		"is listed, paused, resumed and deleted by its id":                                life,
		"at the times of a calendar names it in its own words, if the server can read it": calendar,
		"whose time never comes is not made":                                              never,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			test(t, ctx, s.Client)
		})
	}
}

func create(t *testing.T, ctx context.Context, c client.Client, o Options) client.ScheduleHandle {
	t.Helper()
	if err := Create(ctx, c, o); err != nil {
		t.Fatal(err)
	}
	return c.ScheduleClient().GetHandle(ctx, o.ID)
}

func policies(t *testing.T, ctx context.Context, c client.Client) {
	o := weekly()
	d, err := create(t, ctx, c, o).Describe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if p := d.Schedule.Policy; p.Overlap != enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE || p.CatchupWindow != o.CatchUp || p.PauseOnFailure {
		t.Errorf("policies %+v", p)
	}
	run, ok := d.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || run.Workflow != schemas.RealignWorkflow || run.TaskQueue != o.Queue || run.WorkflowExecutionTimeout != o.Timeout || len(run.Args) != 1 {
		t.Fatalf("action %+v", d.Schedule.Action)
	}
	if params := converter.GetDefaultDataConverter().ToString(run.Args[0].(*common.Payload)); !strings.Contains(params, `"catalogue": "news"`) && !strings.Contains(params, `"catalogue":"news"`) {
		t.Errorf("parameters %s", params)
	}
	if err := Create(ctx, c, o); err == nil || !strings.Contains(err.Error(), "there is one already") {
		t.Errorf("a second one of the same id: %v", err)
	}
}

func never(t *testing.T, ctx context.Context, c client.Client) {
	for cron, comes := range map[string]bool{"0 0 31 2 *": false, "0 6 30 FEB *": false, "0 0 31 4,6,9,11 *": false, "CRON_TZ=Asia/Kolkata 30 5 31 11 *": false,
		"0 0 1 1 * 2019": false, "0 0 29 2 *": true, "0 6 * * MON": true} {
		o := weekly()
		o.ID, o.Every, o.Cron = "seldom", 0, cron
		err := Create(ctx, c, o)
		if comes != (err == nil) || !comes && !strings.Contains(err.Error(), "never comes") {
			t.Errorf("%s: %v", cron, err)
		}
		if err := Delete(ctx, c, o.ID); comes != (err == nil) {
			t.Errorf("%s: there is one, or there is none: %v", cron, err)
		}
	}
}

func overlap(t *testing.T, ctx context.Context, c client.Client) {
	o := weekly()
	o.ID = "busy"
	handle := create(t, ctx, c, o)
	first, err := Trigger(ctx, c, o.ID)
	if err != nil || !strings.HasPrefix(first, "busy-") {
		t.Fatalf("%q, %v", first, err)
	}
	if _, err := time.Parse(time.RFC3339, strings.TrimPrefix(first, "busy-")); err != nil {
		t.Errorf("a run is not named by its time: %v", err)
	}
	for range 3 {
		if err := handle.Trigger(ctx, client.ScheduleTriggerOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, ctx, handle, "one to wait and the rest to be left out", func(i client.ScheduleInfo) bool {
		return i.NumActions == 1 && len(i.RunningWorkflows) == 1 && i.NumActionsSkippedOverlap > 0 // the server may take two requests as one
	})
	end(t, ctx, c, first)
	i := wait(t, ctx, handle, "the one that waited", func(i client.ScheduleInfo) bool { return i.NumActions == 2 })
	end(t, ctx, c, i.RecentActions[1].StartWorkflowResult.WorkflowID)
	wait(t, ctx, handle, "nobody", func(i client.ScheduleInfo) bool { return len(i.RunningWorkflows) == 0 && i.NumActions == 2 })
}

func overtime(t *testing.T, ctx context.Context, c client.Client) {
	o := weekly()
	o.ID, o.Timeout = "slow", time.Second
	create(t, ctx, c, o)
	run, err := Trigger(ctx, c, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	err = c.GetWorkflow(ctx, run, "").Get(ctx, nil)
	if err == nil || !temporal.IsTimeoutError(err) && !strings.Contains(err.Error(), "timeout") {
		t.Errorf("it ended with %v", err)
	}
}

func life(t *testing.T, ctx context.Context, c client.Client) {
	o := weekly()
	o.ID = "holidays"
	create(t, ctx, c, o)
	listed(t, ctx, c, o.ID, func(s Schedule) bool {
		return s.When == "every 168h" && s.Workflow == schemas.RealignWorkflow && !s.Paused && s.Last == "" && len(s.Next) > 0
	})
	if err := Pause(ctx, c, o.ID, "nobody is there"); err != nil {
		t.Fatal(err)
	}
	listed(t, ctx, c, o.ID, func(s Schedule) bool { return s.Paused && s.Note == "nobody is there" })
	if err := Resume(ctx, c, o.ID, "back"); err != nil {
		t.Fatal(err)
	}
	listed(t, ctx, c, o.ID, func(s Schedule) bool { return !s.Paused && s.Note == "back" })
	if err := Delete(ctx, c, o.ID); err != nil {
		t.Fatal(err)
	}
	listed(t, ctx, c, o.ID, nil)
	_, triggered := Trigger(ctx, c, o.ID)
	for what, err := range map[string]error{"Trigger": triggered, "Pause": Pause(ctx, c, o.ID, ""), "Resume": Resume(ctx, c, o.ID, ""), "Delete": Delete(ctx, c, o.ID)} {
		if err == nil || !strings.Contains(err.Error(), `there is no schedule "holidays"`) {
			t.Errorf("%s of a deleted schedule: %v", what, err)
		}
	}
}

func calendar(t *testing.T, ctx context.Context, c client.Client) {
	o := weekly()
	o.ID, o.Every, o.Cron = "monday", 0, "CRON_TZ=Europe/Berlin 0 6 * * MON"
	create(t, ctx, c, o)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	listed(t, ctx, c, o.ID, func(s Schedule) bool {
		return s.When == o.Cron && len(s.Next) > 0 && s.Next[0].In(berlin).Weekday() == time.Monday && s.Next[0].In(berlin).Hour() == 6
	})
	o.ID, o.Cron = "never", "61 6 * * MON"
	if err := Create(ctx, c, o); err == nil || !strings.Contains(err.Error(), `the server does not take "61 6 * * MON"`) {
		t.Errorf("a minute that no hour has: %v", err)
	}
}

// wait asks the schedule until what is wanted of it is so.
func wait(t *testing.T, ctx context.Context, handle client.ScheduleHandle, what string, wanted func(client.ScheduleInfo) bool) client.ScheduleInfo {
	t.Helper()
	var last client.ScheduleInfo
	for {
		d, err := handle.Describe(ctx)
		if err != nil {
			t.Fatalf("waiting for %s: %v; it was %+v", what, err, last)
		}
		if last = d.Info; wanted(last) {
			return last
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// end ends a run.
func end(t *testing.T, ctx context.Context, c client.Client, run string) {
	t.Helper()
	if err := c.TerminateWorkflow(ctx, run, "", "it has lasted long enough"); err != nil {
		t.Fatal(err)
	}
}

// listed reads the list, which the server brings up to date a little later than a schedule, until one of that id is as wanted; nil: until it is gone.
func listed(t *testing.T, ctx context.Context, c client.Client, id string, wanted func(Schedule) bool) {
	t.Helper()
	for {
		all, err := List(ctx, c)
		if err != nil {
			t.Fatalf("schedule %s never was as wanted: %v", id, err)
		}
		there := false
		for _, s := range all {
			if there = there || s.ID == id; s.ID == id && wanted != nil && wanted(s) {
				return
			}
		}
		if wanted == nil && !there {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
