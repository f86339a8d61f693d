package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

// work is a stage with its inputs open: it lists what there is to compute, and computes it. material is all that the bytes of a unit
// depend on (resolved parameters, input object digests, the numerics profile of native stages): it becomes the key.
type work interface {
	units() ([]schemas.WorkUnit, error) // without keys, in any order
	material(unit string) any
	run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (counts map[string]int64, err error)
}

// definition is what a stage file gives: how to open its inputs, for a look-up or for a work item. Opening and listing write nothing.
type definition[In any] struct {
	stage schemas.Stage[In]
	open  func(*opening, In) work
}

func define[In any](stage schemas.Stage[In], open func(*opening, In) work) definition[In] {
	return definition[In]{stage, open}
}

// workItemSeconds is what a work item should cost: small units are computed together.
const workItemSeconds = 20

// mostMissing bounds the units that a look-up names, since its answer stands in history; the look-up after them names the next.
const mostMissing = 4000

// register puts the two activities of a stage on the registry.
func (d definition[In]) register(registry worker.ActivityRegistry, a *Activities) {
	registry.RegisterActivityWithOptions(func(ctx context.Context, in In) (schemas.Planned, error) {
		planned, err := patiently(ctx, a, d.stage.Name, func() (schemas.Planned, error) { return d.lookup(ctx, a, in) })
		return planned, classify(err)
	}, activity.RegisterOptions{Name: d.stage.PlanName()})
	registry.RegisterActivityWithOptions(func(ctx context.Context, item schemas.Work[In]) (schemas.Done, error) {
		done, err := patiently(ctx, a, d.stage.Name, func() (schemas.Done, error) { return d.compute(ctx, a, item) })
		if errors.Is(err, context.Canceled) && workerStops(ctx) {
			err = errWorkerStops // a failed attempt, not a cancelled activity
		}
		return done, classify(err)
	}, activity.RegisterOptions{Name: d.stage.Name})
}

// registerOne puts an activity that is no stage on the registry.
func registerOne[In, Out any](registry worker.ActivityRegistry, a *Activities, of schemas.Activity[In, Out], do func(context.Context, In) (Out, error)) {
	registry.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		out, err := patiently(ctx, a, of.Name, func() (Out, error) { return do(ctx, in) })
		return out, classify(permanent(err))
	}, activity.RegisterOptions{Name: of.Name})
}

// list gives the units of a stage with their keys, in name order.
func (d definition[In]) list(ctx context.Context, a *Activities, in In) ([]schemas.WorkUnit, error) {
	o := &opening{Activities: a, ctx: ctx}
	w := d.open(o, in)
	if o.err != nil {
		return nil, o.err
	}
	units, err := w.units()
	for i := range units {
		units[i].Key = d.key(w, units[i].Name)
	}
	sort.Slice(units, func(i, j int) bool { return units[i].Name < units[j].Name })
	return units, err
}

func (d definition[In]) key(w work, unit string) string {
	return store.Key(d.stage.Name, d.stage.Version, w.material(unit))
}

// lookup finds which units are published; with none missing it seals the stage into an index object.
func (d definition[In]) lookup(ctx context.Context, a *Activities, in In) (schemas.Planned, error) {
	beat := func() { a.heartbeat(ctx, schemas.Progress{Stage: d.stage.PlanName()}) }
	beat()
	units, err := d.list(ctx, a, in)
	if err != nil {
		return schemas.Planned{}, err
	}
	planned := schemas.Planned{Total: len(units)}
	index := schemas.Index{Stage: d.stage.Name, Units: []schemas.Unit{}}
	var item []schemas.WorkUnit
	var seconds float64
	for i, u := range units {
		if i%64 == 0 {
			beat()
		}
		published, err := a.Store.Lookup(d.stage.Name, u.Key)
		switch {
		case errors.Is(err, store.ErrAbsent):
			if i-planned.Reused >= mostMissing {
				continue
			}
			item, seconds = append(item, u), seconds+u.Seconds
			if seconds >= workItemSeconds {
				planned.Missing, item, seconds = append(planned.Missing, item), nil, 0
			}
		case err != nil:
			return planned, err
		default:
			planned.Reused++
			published.Name = u.Name
			for name := range published.Files {
				if _, known := d.stage.Holds(name); !known {
					return planned, fmt.Errorf("%s %s: schemas does not say what %s holds of articles, and takedowns must know", d.stage.Name, u.Name, name)
				}
			}
			index.Units = append(index.Units, published)
		}
	}
	planned.ReusedUnits = reusedNames(index.Units)
	if len(item) > 0 {
		planned.Missing = append(planned.Missing, item)
	}
	if len(planned.Missing) > 0 {
		return planned, nil
	}
	file, err := a.Store.PutJSON(index)
	if err != nil {
		return planned, err
	}
	planned.Ref = &schemas.Ref{Stage: d.stage.Name, Index: file.Digest, Units: len(index.Units), Counts: map[string]int64{}}
	for _, u := range index.Units {
		for name, n := range u.Counts {
			planned.Ref.Counts[name] += n
		}
	}
	return planned, nil
}

// reusedNames lists what reused units are called, or only the first three where there are many: every look-up stands in history.
func reusedNames(reused []schemas.Unit) []string {
	if len(reused) > schemas.ReusedShown {
		reused = reused[:3]
	}
	var out []string
	for _, u := range reused {
		out = append(out, u.Name)
	}
	return out
}

// compute runs the units of a work item one after the other; units published meanwhile are passed over.
func (d definition[In]) compute(ctx context.Context, a *Activities, item schemas.Work[In]) (schemas.Done, error) {
	start := time.Now()
	beating := ctx // the heart beats on while a checkpoint is written
	ctx, release := untilWorkerStops(ctx)
	defer release()
	var done schemas.Done
	o := &opening{Activities: a, ctx: ctx}
	w := d.open(o, item.Input)
	if o.err != nil {
		return schemas.Done{}, o.err
	}
	done.Units = len(item.Units)
	var finished float64 // guessed seconds of the units before this one
	for i, u := range item.Units {
		if _, err := a.Store.Lookup(d.stage.Name, u.Key); err == nil {
			finished += u.Seconds
			continue
		}
		if d.key(w, u.Name) != u.Key {
			done.Units, done.Outdated = i, u.Name
			break
		}
		report := func(p schemas.Progress) {
			p.Stage, p.Unit, p.UnitNo, p.Units = d.stage.Name, u.Name, i, len(item.Units)
			p.WorkDone, p.UnitWork = finished, u.Seconds
			a.heartbeat(beating, p)
		}
		report(schemas.Progress{})
		other, err := d.one(ctx, a, w, u, report)
		if err != nil {
			return schemas.Done{}, fmt.Errorf("%s %s: %w", d.stage.Name, u.Name, err)
		}
		finished += u.Seconds
		if other {
			done.Nondeterministic = append(done.Nondeterministic, d.stage.Name+" "+u.Name)
		}
	}
	done.Seconds = time.Since(start).Seconds()
	return done, nil
}

// one computes and publishes a unit. other: the key was published meanwhile with other bytes, which stay.
func (d definition[In]) one(ctx context.Context, a *Activities, w work, u schemas.WorkUnit, report engine.Report) (other bool, err error) {
	draft, err := a.Store.Draft()
	if err != nil {
		return false, err
	}
	defer draft.Close()
	// A hang is known before the server misses the heartbeat, so that it has its own class.
	ctx = engine.WithJob(ctx, engine.Job{Unit: d.stage.Name + " " + u.Name, Stall: activity.GetInfo(ctx).HeartbeatTimeout * 9 / 10,
		HangSteps: a.Policies[d.stage.Name].HangSteps})
	counts, err := w.run(ctx, u, draft, report)
	if err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	_, other, err = draft.Publish(d.stage.Name, u.Key, u.Name, counts)
	if other {
		activity.GetLogger(ctx).Warn("nondeterministic", "stage", d.stage.Name, "unit", u.Name, "key", u.Key)
	}
	if err != nil {
		return other, err
	}
	return other, a.Store.Forget(d.stage.Name, u.Key)
}

// errWorkerStops ends the work of a worker that was asked to stop; another one, or the next start, goes on with it.
var errWorkerStops = &fault.Error{Type: schemas.WorkerStops, Message: "the worker is stopping: what it had under way is saved, and goes on elsewhere"}

func workerStops(ctx context.Context) bool {
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}

// untilWorkerStops ends the context when the worker begins to stop, so that an engine can write its checkpoint in time.
func untilWorkerStops(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := activity.GetWorkerStopChannel(ctx)
	go func() {
		select {
		case <-stop:
			cancel(errWorkerStops)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// classify turns a typed error into Temporal's, by the table of schemas.Failures.
func classify(err error) error {
	var typed *fault.Error
	if full := fault.Full(err); full != nil {
		typed, err = full, full
	} else if broken := errors.Is(err, arrowfile.ErrBroken); broken || errors.Is(err, store.ErrCorrupt) {
		typed = &fault.Error{Type: schemas.CorruptObject}
		if broken {
			err = fmt.Errorf("%w: %w", err, store.ErrCorrupt)
		}
	} else if !errors.As(err, &typed) {
		return once(err)
	}
	rule := schemas.FailureOf(typed.Type)
	return temporal.NewApplicationErrorWithOptions(err.Error(), typed.Type, temporal.ApplicationErrorOptions{
		NonRetryable: rule.Final || typed.Final, NextRetryDelay: time.Duration(rule.Delay * float64(time.Second))})
}

// once is an error without a class that says what it says once: Temporal would write a failure for each error that it wraps, every one with the
// words of those within.
func once(err error) error {
	var said *temporal.ApplicationError
	if errors.As(err, &said) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || temporal.IsCanceledError(err) || errors.Unwrap(err) == nil {
		return err
	}
	return temporal.NewApplicationError(err.Error(), "")
}

// heartbeatBytes is what the details of a heartbeat may take: every one crosses the network and stands in the server's tables.
const heartbeatBytes = 1000

// heartbeat sends progress. Of one that were too large the metrics are left out.
func (a *Activities) heartbeat(ctx context.Context, p schemas.Progress) {
	if raw, err := json.Marshal(p); err != nil || len(raw) > heartbeatBytes {
		p.Metrics = nil
	}
	if a.Store.Crash != nil {
		a.Store.Crash("before-heartbeat")
		defer a.Store.Crash("after-heartbeat")
	}
	activity.RecordHeartbeat(ctx, p)
}
