package workflows

import (
	"fmt"
	"strings"
	"time"

	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// start begins a stage beside others and returns at once; wait returns when it has ended.
func start[In any](r *story, s schemas.Stage[In], in In) (wait func()) {
	done := workflow.NewBufferedChannel(r.ctx, 1)
	workflow.Go(r.ctx, func(ctx workflow.Context) {
		runIn(ctx, r, s, in)
		done.Send(ctx, true)
	})
	return func() { done.Receive(r.ctx, nil) }
}

// run brings a stage to its end: what is published is reused, what is missing is computed. After an error of the story
// nothing is done.
func run[In any](r *story, s schemas.Stage[In], in In) schemas.Ref { return runIn(r.ctx, r, s, in) }

// runIn is run in the coroutine of ctx.
func runIn[In any](ctx workflow.Context, r *story, s schemas.Stage[In], in In) schemas.Ref {
	if r.err != nil {
		return schemas.Ref{}
	}
	row := r.begins(s.Name)
	began := workflow.Now(r.ctx)
	ref, err := seal(ctx, r, s, in, row)
	row.Counts, r.sealed[s.Name] = ref.Counts, ref
	r.ends(row, began, err)
	switch {
	case err != nil:
	case s.Name == schemas.Export.Name:
		r.attribute(temporal.NewSearchAttributeKeyKeyword(schemas.AttributeDataset).ValueSet(ref.Index))
	case s.Name == schemas.Train.Name:
		r.attribute(temporal.NewSearchAttributeKeyKeyword(schemas.AttributeModel).ValueSet(ref.Index))
	}
	return ref
}

// mostOutdated is how often a stage is looked up once more because a worker is another, or has other models, than at the look-up before.
const mostOutdated = 3

// seal plans, computes what is missing, and plans again, until nothing is missing.
func seal[In any](ctx workflow.Context, r *story, s schemas.Stage[In], in In, row *schemas.StageProgress) (schemas.Ref, error) {
	planned, err := plan(ctx, r, s, in)
	if err != nil {
		return schemas.Ref{}, err
	}
	row.Units, row.Reused, row.ReusedUnits = planned.Total, planned.Reused, planned.ReusedUnits
	for outdated := 0; ; {
		row.UnitsDone = planned.Reused
		r.show()
		if planned.Ref != nil {
			return *planned.Ref, nil
		}
		changed, err := compute(ctx, r, s, in, planned, row)
		if err != nil {
			return schemas.Ref{}, err
		}
		published := planned.Reused
		if planned, err = plan(ctx, r, s, in); err != nil {
			return schemas.Ref{}, err
		}
		if changed != "" {
			if outdated++; outdated > mostOutdated {
				return schemas.Ref{}, temporal.NewNonRetryableApplicationError(fmt.Sprintf(
					"%s %s: what it is computed from was another at each of %d look-ups than where it was to be computed: have all workers the same "+
						"models, libraries and threads?", s.Name, changed, outdated), schemas.InvalidInput, nil)
			}
		} else if planned.Ref == nil && planned.Reused <= published {
			return schemas.Ref{}, temporal.NewNonRetryableApplicationError(fmt.Sprintf(
				"%s: all work items ended well, yet %d of %d units are still missing: do all workers share one store, "+
					"and did nobody change a model meanwhile?",
				s.Name, planned.Total-planned.Reused, planned.Total), schemas.CorruptObject, nil)
		}
	}
}

func plan[In any](ctx workflow.Context, r *story, s schemas.Stage[In], in In) (planned schemas.Planned, err error) {
	ctx = r.options(ctx, schemas.PlanPolicy, schemas.QueueMain, "what is there of "+s.Name)
	if err = workflow.ExecuteActivity(ctx, s.PlanName(), in).Get(ctx, &planned); err != nil {
		err = because(s.Name, err)
	}
	return planned, err
}

// compute runs work items, so many at a time as the stage's table says. The first failure stops the others. changed is a unit whose key
// is not that of the look-up any more, if there is one.
func compute[In any](ctx workflow.Context, r *story, s schemas.Stage[In], in In, planned schemas.Planned, row *schemas.StageProgress) (changed string, err error) {
	inner, stop := workflow.WithCancel(ctx)
	defer stop()
	free := workflow.NewSemaphore(ctx, int64(r.settings.Policies[s.Name].Parallel))
	all := workflow.NewWaitGroup(ctx)
	var first error
	row.Work, row.WorkDone = 0, 0
	for _, units := range planned.Missing {
		row.Work += secondsOf(units)
	}
	for _, units := range planned.Missing {
		if err := free.Acquire(inner, 1); err != nil || first != nil {
			break
		}
		all.Add(1)
		workflow.Go(inner, func(ctx workflow.Context) {
			defer all.Done()
			defer free.Release(1)
			ctx = r.options(ctx, s.Name, s.Queue, summary(s.Unit, units))
			var done schemas.Done
			err := workflow.ExecuteActivity(ctx, s.Name, schemas.Work[In]{Input: in, Units: units}).Get(ctx, &done)
			if err != nil {
				if first == nil {
					first = because(s.Name, err)
					stop()
				}
				return
			}
			if done.Outdated != "" {
				changed = done.Outdated
			}
			row.UnitsDone += done.Units
			row.WorkDone += secondsOf(units)
			r.nondeterministic = append(r.nondeterministic, done.Nondeterministic...)
			r.show()
		})
	}
	all.Wait(ctx)
	if first == nil {
		first = ctx.Err() // cancelled while no item ran
	}
	return changed, first
}

// call runs an activity that is no stage; after an error of the story it does nothing. says is what the web UI's timeline calls it.
func call[In, Out any](r *story, a schemas.Activity[In, Out], says string, in In) (out Out) {
	if r.err == nil {
		if err := workflow.ExecuteActivity(r.options(r.ctx, a.Policy, a.Queue, says), a.Name, in).Get(r.ctx, &out); err != nil {
			r.err = because(a.Name, err)
		}
	}
	return out
}

// options are those of an activity of the table's row name, on the queue that plays q.
func (r *story) options(ctx workflow.Context, name string, q schemas.Queue, summary string) workflow.Context {
	p := r.settings.Policies[name]
	seconds := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	o := workflow.ActivityOptions{
		TaskQueue:              r.settings.Queues[q],
		StartToCloseTimeout:    seconds(float64(p.StartToCloseSeconds)),
		ScheduleToCloseTimeout: seconds(float64(p.ScheduleToCloseSeconds)),
		HeartbeatTimeout:       seconds(float64(p.HeartbeatSeconds)),
		WaitForCancellation:    true, // a training writes its checkpoint first
		Summary:                summary,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: seconds(p.InitialSeconds), BackoffCoefficient: p.BackoffCoefficient,
			MaximumInterval: seconds(p.MaximumSeconds), MaximumAttempts: int32(p.Attempts), NonRetryableErrorTypes: schemas.NonRetryable},
	}
	return workflow.WithActivityOptions(ctx, o)
}

func secondsOf(units []schemas.WorkUnit) (seconds float64) {
	for _, u := range units {
		seconds += u.Seconds
	}
	return seconds
}

// summary names the units of a work item for the web UI's timeline.
func summary(unit string, units []schemas.WorkUnit) string {
	var names []string
	for _, u := range units[:min(len(units), 6)] {
		names = append(names, u.Name)
	}
	shown := strings.Join(names, ", ")
	if more := len(units) - 6; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return unit + " " + shown
}
