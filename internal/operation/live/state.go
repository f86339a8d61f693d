// Package live turns what Temporal tells of a running Pipeline (the `progress` query, and the heartbeats of pending
// activities) into bars, rates and times to go, for a terminal or for a log.
package live

import (
	"time"

	"crosssum/schemas"
)

// Activity is a pending activity of the run.
type Activity struct {
	ID       string
	Stage    string
	Attempt  int    // counts from 1
	Failure  string // of the attempt before; "" when there was none
	Progress schemas.Progress
}

// Snapshot is one look at a run.
type Snapshot struct {
	Stages []schemas.StageProgress // in the order of the stages
	Active []Activity
}

// rateWindow is the span over which rates are taken: long enough to calm them, short enough to follow a change.
const rateWindow = 20 * time.Second

// Board accumulates snapshots. Its zero value is ready; it is not safe for concurrent use.
type Board struct {
	last   Snapshot
	tracks map[string]*track // by stage
	at     map[string]mark   // by activity: how far it was at the last look
}

// track is the work that was seen to be done in one stage since its first look.
type track struct {
	started  time.Time // of the first look at which the stage ran
	fraction float64   // at that look
	done     int64     // rows, steps, ... counted since
	of       string    // what is counted
	samples  []sample  // of done, within the rate window
}

type sample struct {
	at   time.Time
	done int64
}

type mark struct {
	unit          string
	done, resumed int64
}

// Update takes a new look at the run.
func (b *Board) Update(s Snapshot, now time.Time) {
	if b.tracks == nil {
		b.tracks, b.at = map[string]*track{}, map[string]mark{}
	}
	b.last = s
	for _, stage := range s.Stages {
		if stage.State == "waiting" {
			delete(b.tracks, stage.Stage) // it starts anew with the next crawl
		}
		if stage.State == "running" && b.tracks[stage.Stage] == nil {
			b.tracks[stage.Stage] = &track{started: now, fraction: b.fraction(stage)}
		}
	}
	for _, a := range s.Active {
		t, p := b.tracks[a.Stage], a.Progress
		if t == nil {
			continue
		}
		if p.Of != "" && p.Of != t.of {
			if t.of != "" { // bytes before texts, say: what was counted so far is something else
				t.done, t.samples = 0, nil
				delete(b.at, a.ID)
			}
			if t.of == schemas.OfModel { // loading says nothing about how long the work takes
				t.started, t.fraction = now, b.fractionOf(a.Stage)
			}
			t.of = p.Of
		}
		before, seen := b.at[a.ID]
		if p.Resumed != 0 && p.Resumed != before.resumed { // rate and time to go are those of this attempt
			*t = track{started: now, fraction: b.fractionOf(a.Stage), of: t.of}
			seen = false
		}
		switch {
		case !seen && len(t.samples) == 0: // what was done before the first look has no known time
		case before.unit == p.Unit && p.Done >= before.done:
			t.done += p.Done - before.done
		case before.unit != p.Unit:
			t.done += p.Done
		}
		b.at[a.ID] = mark{p.Unit, p.Done, p.Resumed}
	}
	for _, t := range b.tracks {
		t.samples = append(t.samples, sample{now, t.done})
		for len(t.samples) > 2 && now.Sub(t.samples[1].at) > rateWindow {
			t.samples = t.samples[1:]
		}
	}
}

// fraction is the finished share of what a stage has to compute, 0 to 1, by guessed cost: finished work items, and the
// parts of those at work.
func (b *Board) fraction(stage schemas.StageProgress) float64 {
	if stage.State == "done" {
		return 1
	}
	done, all := stage.WorkDone, stage.Work
	for _, a := range b.last.Active {
		if p := a.Progress; a.Stage == stage.Stage {
			done += p.WorkDone
			if p.Total > 0 && p.Of != schemas.OfModel {
				done += p.UnitWork * min(1, float64(p.Done)/float64(p.Total))
			}
		}
	}
	if all == 0 {
		return 0
	}
	return min(1, done/all)
}

// fractionOf is the fraction of the stage of that name.
func (b *Board) fractionOf(name string) float64 {
	for _, stage := range b.last.Stages {
		if stage.Stage == name {
			return b.fraction(stage)
		}
	}
	return 0
}

// rate is rows, steps, ... a second over the last seconds; 0 while it is not known.
func (t *track) rate() float64 {
	if t == nil || len(t.samples) < 2 {
		return 0
	}
	first, last := t.samples[0], t.samples[len(t.samples)-1]
	if seconds := last.at.Sub(first.at).Seconds(); seconds >= 1 {
		return float64(last.done-first.done) / seconds
	}
	return 0
}

// remaining guesses the time to the end of a running stage from the share done since the first look; 0: not known yet.
func (t *track) remaining(fraction float64, now time.Time) time.Duration {
	if t == nil {
		return 0
	}
	gained, spent := fraction-t.fraction, now.Sub(t.started)
	if gained < 0.01 || spent < 3*time.Second {
		return 0
	}
	return time.Duration(float64(spent) * (1 - fraction) / gained)
}
