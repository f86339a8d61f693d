package engine

import (
	"fmt"
	"math"
	"slices"
	"time"

	"crosssum/schemas"
)

// watch says for how long a request may be silent: Job.Stall, and one that counts steps no longer than Job.HangSteps times its
// median step, or leastPatience, whichever is longer.
type watch struct {
	job   Job
	step  int64     // the last one that ended
	at    time.Time // when it did
	begun bool      // a first interval was seen: it holds loading, and of a resumed training all steps before, so it is no pace
	took  []time.Duration
	limit time.Duration
	timer *time.Timer // fires when nothing was heard for too long
}

// medianOf is how many of the last steps the median is of; leastPatience leaves room for a checkpoint on a slow disk.
const (
	medianOf      = 64
	leastPatience = 20 * time.Second
)

func newWatch(job Job) *watch {
	if job.Stall == 0 {
		job.Stall, job.HangSteps = math.MaxInt64, 0 // never
	}
	limit := max(job.Stall, job.Start)
	return &watch{job: job, step: -1, limit: limit, timer: time.NewTimer(limit)}
}

// heard begins the patience anew.
func (w *watch) heard(p *schemas.Progress) {
	w.limit = min(w.limit, w.job.Stall)
	if p != nil && p.Of == "steps" && p.Done != w.step {
		w.ended(p.Done, time.Now())
	}
	w.timer.Reset(w.limit)
}

// ended notes that steps up to one have ended.
func (w *watch) ended(step int64, now time.Time) {
	first := w.step >= 0 && step > w.step && !w.begun
	w.begun = w.begun || first
	if w.step >= 0 && step > w.step && !first {
		if len(w.took) == medianOf {
			w.took = w.took[1:]
		}
		w.took = append(w.took, now.Sub(w.at)/time.Duration(step-w.step))
		if patience := time.Duration(w.job.HangSteps * float64(w.median())); w.job.HangSteps > 0 {
			w.limit = min(w.job.Stall, max(patience, leastPatience))
		}
	}
	w.step, w.at = step, now
}

func (w *watch) median() time.Duration {
	if len(w.took) == 0 {
		return 0
	}
	sorted := slices.Clone(w.took)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// where says in which step it was, and how long one takes.
func (w *watch) where() string {
	if w.step < 0 {
		return ""
	}
	return fmt.Sprintf(" in step %d (median step %s)", w.step+1, w.median().Round(time.Millisecond))
}
