// Package schedules keeps the Temporal Schedules that start Realign: so that new crawls are taken every week without anybody.
package schedules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"crosssum/schemas"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// Options are those of a new schedule. Just one of Every and Cron is given.
type Options struct {
	ID      string
	Every   time.Duration // at multiples of it since 1970-01-01 00:00 UTC
	Cron    string        // "minute hour day month weekday", in UTC, or behind "CRON_TZ=Europe/Berlin "
	CatchUp time.Duration // a time that passed while no server ran is made up for, if it is not longer ago
	Timeout time.Duration // a run that lasts longer is ended: no run hinders the schedule for ever
	Params  schemas.RawParams
	Queue   string
	Summary string // shown beside its runs in the web UI
}

// Usual is the name of a schedule that nobody has named.
const Usual = "realign"

// When says in words what the times are.
func (o Options) When() string {
	if o.Cron != "" {
		return "at " + o.Cron
	}
	return "every " + span(o.Every)
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// least are the smallest spans that the server takes.
const least, leastCatchUp = time.Second, 10 * time.Second

func (o Options) check() error {
	switch {
	case !idForm.MatchString(o.ID):
		return fmt.Errorf("schedule %.80q: its id is made of letters, digits, dot, dash and underscore", o.ID)
	case (o.Every != 0) == (o.Cron != ""):
		return errors.New("schedule: say either every how long (168h) or when (a cron expression: \"0 6 * * MON\")")
	case o.Cron == "" && o.Every < least:
		return fmt.Errorf("schedule: every %s is too often: %s at least", o.Every, least)
	case o.CatchUp < leastCatchUp:
		return fmt.Errorf("schedule: a catch-up window of %s is too short: %s at least", o.CatchUp, leastCatchUp)
	case o.Timeout < least:
		return fmt.Errorf("schedule: a run cannot end within %s", o.Timeout)
	}
	_, err := schemas.DecodeRealign(o.Params)
	return err
}

// Create makes a schedule of Realign. While one run is at work, one more may wait and the rest are left out: that one takes
// whatever crawls are there. Runs are named by the scheduled time, not by the clock.
func Create(ctx context.Context, c client.Client, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	spec := client.ScheduleSpec{}
	if o.Cron != "" {
		spec.CronExpressions = []string{o.Cron + " # " + o.Cron} // which the server keeps as a comment, and its text not
	} else {
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: o.Every}}
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: o.ID, Spec: spec, Overlap: enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE, CatchupWindow: o.CatchUp,
		Action: &client.ScheduleWorkflowAction{ID: o.ID, Workflow: schemas.RealignWorkflow, Args: []any{o.Params}, TaskQueue: o.Queue,
			WorkflowExecutionTimeout: o.Timeout, StaticSummary: o.Summary},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("schedule %s: there is one already: delete it first, or choose another name", o.ID)
	}
	var invalid *serviceerror.InvalidArgument
	if errors.As(err, &invalid) && o.Cron != "" {
		return fmt.Errorf("schedule %s: the server does not take %q: %w", o.ID, o.Cron, err)
	}
	if err != nil {
		return err
	}
	return comes(ctx, c, o)
}

// comes removes a schedule whose time never comes, "0 0 31 2 *" for one, and says so: the server takes it without a word.
func comes(ctx context.Context, c client.Client, o Options) error {
	for range 10 { // the server may still be working out the times
		s, err := describe(ctx, c, o.ID)
		if err != nil || len(s.Next) > 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return errors.Join(fmt.Errorf("schedule %s: the time %q never comes: which day of which month is meant? The schedule was not made", o.ID, o.Cron), Delete(ctx, c, o.ID))
}

// Schedule is one of the namespace's schedules.
type Schedule struct {
	ID, When string
	Workflow string // its type
	Paused   bool
	Note     string
	Next     []time.Time
	Last     string // workflow id of its latest run, "" before the first
	LastRun  string // its run id: two runs that are started within a second have one workflow id
}

// List reads all schedules of the namespace, in the order in which the server gives them.
func List(ctx context.Context, c client.Client) ([]Schedule, error) {
	entries, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, err
	}
	var all []Schedule
	for entries.HasNext() {
		e, err := entries.Next()
		if err != nil {
			return nil, err
		}
		s, err := describe(ctx, c, e.ID) // what is listed lags behind by seconds
		if missing(err) {
			continue // deleted a moment ago
		}
		if err != nil {
			return nil, err
		}
		s.Workflow = e.WorkflowType.Name
		all = append(all, s)
	}
	return all, nil
}

// Find reads a schedule; one that there is not is an error that names those that there are.
func Find(ctx context.Context, c client.Client, id string) (Schedule, error) {
	s, err := describe(ctx, c, id)
	return s, named(ctx, c, id, err)
}

func describe(ctx context.Context, c client.Client, id string) (Schedule, error) {
	d, err := c.ScheduleClient().GetHandle(ctx, id).Describe(ctx)
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{ID: id, When: when(d.Schedule.Spec), Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note, Next: d.Info.NextActionTimes}
	if n := len(d.Info.RecentActions); n > 0 {
		last := d.Info.RecentActions[n-1]
		if last.StartWorkflowResult != nil {
			s.Last, s.LastRun = last.StartWorkflowResult.WorkflowID, last.StartWorkflowResult.FirstExecutionRunID
		}
	}
	return s, nil
}

// when says in words what a schedule's times are. The server turns cron expressions into calendars, with their comments.
func when(spec *client.ScheduleSpec) string {
	var parts []string
	for _, i := range spec.Intervals {
		parts = append(parts, "every "+span(i.Every))
	}
	for _, calendar := range spec.Calendars {
		parts = append(parts, calendar.Comment)
	}
	return strings.Join(parts, ", ")
}

// span writes 168h0m0s as 168h.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Trigger starts a run of the schedule now, and waits a little for it. The id of the run is "" while another one is at work:
// then the new one comes after it.
func Trigger(ctx context.Context, c client.Client, id string) (workflow string, err error) {
	before, err := describe(ctx, c, id)
	if err != nil {
		return "", named(ctx, c, id, err)
	}
	if err := c.ScheduleClient().GetHandle(ctx, id).Trigger(ctx, client.ScheduleTriggerOptions{}); err != nil {
		return "", named(ctx, c, id, err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		s, err := describe(ctx, c, id)
		if err != nil {
			return "", named(ctx, c, id, err)
		}
		if s.LastRun != before.LastRun {
			return s.Last, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return "", nil
}

// Pause stops a schedule from starting runs; Resume lets it go on. A time that passes in between is not made up for: the
// next run takes all crawls anyway.
func Pause(ctx context.Context, c client.Client, id, note string) error {
	return named(ctx, c, id, c.ScheduleClient().GetHandle(ctx, id).Pause(ctx, client.SchedulePauseOptions{Note: note}))
}

// Resume undoes Pause.
func Resume(ctx context.Context, c client.Client, id, note string) error {
	return named(ctx, c, id, c.ScheduleClient().GetHandle(ctx, id).Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}))
}

// Delete ends a schedule. A run that is at work goes on.
func Delete(ctx context.Context, c client.Client, id string) error {
	return named(ctx, c, id, c.ScheduleClient().GetHandle(ctx, id).Delete(ctx))
}

// named says of a schedule that is missing which there are.
func named(ctx context.Context, c client.Client, id string, err error) error {
	if !missing(err) {
		return err
	}
	var ids []string
	all, _ := List(ctx, c)
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return fmt.Errorf("there is no schedule %q; %s", id, cmp.Or(schemas.Instead(id, ids), "there is none at all: ./crosssum schedule create NAME makes one"))
}

func missing(err error) bool {
	var absent *serviceerror.NotFound
	return errors.As(err, &absent)
}
