package chain

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"crosssum/internal/fault/crash"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// Storm says how a run is disturbed: first workers that kill themselves at Points, one after the other, then kills at
// moments of the training, then kills at random times.
type Storm struct {
	Points []string // of crash.Variable, "<point>:<n>"
	Kills  int      // at random times
	Seed   uint64
}

// Damage is what a storm did.
type Damage struct {
	Points  []string // that a worker died at
	Workers int      // killed from outside
	Engines int
	Resumed []int64 // first step that each attempt of a training reported
}

// Blow runs the storm over a run that works in store, until the run ends; a live worker is left behind.
func (s Storm) Blow(c *Chain, store string, run client.WorkflowRun) (Damage, *Worker) {
	ended := make(chan struct{})
	go func() {
		run.Get(context.Background(), nil)
		close(ended)
	}()
	random := rand.New(rand.NewPCG(s.Seed, 0))
	var d Damage
	var training trainingWatch
	points := s.Points
	next := func() *Worker {
		if len(points) == 0 {
			return c.StartWorker(store)
		}
		return c.StartWorker(store, crash.Variable+"="+points[0])
	}
	w := next()
	kill := time.Now().Add(randomly(random))
	for {
		select {
		case <-ended:
			return d, w
		case <-time.After(100 * time.Millisecond):
		}
		if !w.Alive() {
			if len(points) > 0 && strings.Contains(w.Log(), crash.Variable+"="+points[0]) {
				d.Points = append(d.Points, points[0])
				points = points[1:]
			}
			w = next()
			continue
		}
		switch training.look(c, run) {
		case engineShould:
			d.Engines += count(w.KillEngine())
		case workerShould:
			w.Kill()
			d.Workers++
		}
		d.Resumed = training.first
		if len(points) == 0 && s.Kills > 0 && time.Now().After(kill) {
			s.Kills--
			if random.IntN(2) == 0 {
				w.Kill()
				d.Workers++
			} else {
				d.Engines += count(w.KillEngine())
			}
			kill = time.Now().Add(randomly(random))
		}
	}
}

func randomly(r *rand.Rand) time.Duration { return time.Duration(1500+r.IntN(4000)) * time.Millisecond }

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// trainingWatch asks for the end of the engine, and later of the worker, in the midst of a training.
type trainingWatch struct {
	attempt int32
	first   []int64
	asked   int
}

const (
	nothing = iota
	engineShould
	workerShould
)

// look reads the heartbeat of the training activity: once a checkpoint is written and some steps more are done, the engine
// of the first attempt should end, and the worker of the second.
func (t *trainingWatch) look(c *Chain, run client.WorkflowRun) int {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	d, err := c.Client.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
	if err != nil {
		return nothing
	}
	for _, a := range d.GetPendingActivities() {
		var p schemas.Progress
		if a.GetActivityType().GetName() != schemas.Train.Name || a.GetHeartbeatDetails() == nil ||
			converter.GetDefaultDataConverter().FromPayloads(a.GetHeartbeatDetails(), &p) != nil || p.Of != "steps" {
			continue
		}
		if a.GetAttempt() != t.attempt {
			if len(t.first) > 0 && p.Done == t.first[len(t.first)-1] {
				return nothing // the details of the attempt before
			}
			t.attempt = a.GetAttempt()
			t.first = append(t.first, p.Done)
		}
		if t.asked < 2 && p.Metrics["checkpoint"] > 0 && p.Done > t.first[len(t.first)-1] {
			t.asked++
			return t.asked
		}
	}
	return nothing
}
