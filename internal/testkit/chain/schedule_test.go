package chain_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"crosssum/internal/operation/schedules"
	"crosssum/internal/testkit/chain"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
)

// scheduled makes a schedule for the catalogue "weekly", which has three entries, and ends with five.
func scheduled(t *testing.T, c *chain.Chain, w *chain.Worker, n *news) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, w.Log())
		}
	}
	o := schedules.Options{ID: "news", Every: 168 * time.Hour, CatchUp: time.Hour, Timeout: time.Hour, Queue: string(schemas.QueueMain),
		Params: schemas.RawParams(fmt.Sprintf(fromNews, "weekly"))}
	check(schedules.Create(ctx, c.Client, o))
	if err := schedules.Create(ctx, c.Client, o); err == nil || !strings.Contains(err.Error(), "there is one already") {
		t.Errorf("a second schedule of one id: %v", err)
	}

	n.week(4) // nothing at all: an entry that changes nothing
	run, err := schedules.Trigger(ctx, c.Client, "news")
	check(err)
	var r schemas.RealignResult
	check(c.Client.GetWorkflow(ctx, run, "").Get(ctx, &r))
	if r.Number != 4 || len(r.Taken) != 1 || r.Taken[0].Counts["articles"] != 136 || r.Taken[0].Counts["moved"] != 0 {
		t.Errorf("the empty crawl: %+v", r)
	}

	// Two times come while nobody works; the next worker makes up for them.
	w.Stop()
	n.week(5)
	run, err = schedules.Trigger(ctx, c.Client, "news")
	check(err)
	check(c.Client.ScheduleClient().GetHandle(ctx, "news").Trigger(ctx, client.ScheduleTriggerOptions{}))
	missed := listed(t, c, "news", func(s schedules.Schedule) bool { return s.Last == run && s.When == "every 168h" && len(s.Next) > 0 })
	*w = *c.StartWorker("calm")
	check(c.Client.GetWorkflow(ctx, missed.Last, missed.LastRun).Get(ctx, &r))
	if r.Number != 5 || len(r.Taken) != 1 || r.Taken[0].Counts["new"] != 2 {
		t.Errorf("the missed run: %+v", r)
	}
	for ; ; time.Sleep(200 * time.Millisecond) {
		check(ctx.Err())
		if last := listed(t, c, "news", func(schedules.Schedule) bool { return true }); last.LastRun != missed.LastRun {
			check(c.Client.GetWorkflow(ctx, last.Last, last.LastRun).Get(ctx, &r))
			break
		}
	}
	if r.Number != 5 || len(r.Taken) != 0 {
		t.Errorf("the run that had waited behind it: %+v", r)
	}

	check(schedules.Pause(ctx, c.Client, "news", "holidays"))
	listed(t, c, "news", func(s schedules.Schedule) bool { return s.Paused && s.Note == "holidays" })
	check(schedules.Resume(ctx, c.Client, "news", ""))
	check(schedules.Delete(ctx, c.Client, "news"))
	o.ID, o.Every, o.Cron = "monday", 0, "CRON_TZ=Europe/Berlin 0 6 * * MON"
	check(schedules.Create(ctx, c.Client, o))
	listed(t, c, "monday", func(s schedules.Schedule) bool {
		return s.When == o.Cron && len(s.Next) > 0 && s.Next[0].UTC().Weekday() == time.Monday
	})
	check(schedules.Delete(ctx, c.Client, "monday"))
	if _, err := schedules.Trigger(ctx, c.Client, "news"); err == nil || !strings.Contains(err.Error(), `no schedule "news"`) {
		t.Errorf("a deleted schedule: %v", err)
	}
}

// listed reads a schedule from the list, which the server brings up to date a little later than the schedule, when it is as wanted.
func listed(t *testing.T, c *chain.Chain, id string, wanted func(schedules.Schedule) bool) schedules.Schedule {
	t.Helper()
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		all, err := schedules.List(context.Background(), c.Client)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.ID == id && wanted(s) {
				return s
			}
		}
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("schedule %s never was as wanted in the list: %+v", id, all)
		}
	}
}
