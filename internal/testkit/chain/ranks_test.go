package chain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crosssum/internal/testkit/chain"
	"crosssum/internal/testkit/programs"
	"crosssum/schemas"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// twoRanks trains by two processes what the run "calm" has trained by one: undisturbed, and then while they are lost, one by one and
// together. It returns the worker that is left.
func twoRanks(t *testing.T, c *chain.Chain, w *chain.Worker) *chain.Worker {
	t.Helper()
	before := chain.Artifacts(t, w.Store)
	params := strings.Replace(fmt.Sprintf(params, ""), `"steps": 150`, `"steps": 300, "ranks": 2`, 1)
	result, err := c.Wait(c.Start(schemas.TrainWorkflow, "two", params), 10*time.Minute)
	if err != nil {
		t.Fatalf("two: %v\n%s", err, w.Log())
	}
	one, two := steps(t, filepath.Join(filepath.Dir(result.Folder), "calm")), steps(t, result.Folder)
	worst := apart(one[:10], two)
	t.Logf("losses of two ranks differ from one's by up to %.1e over 10 steps and %.1e over %d", worst, apart(one, two), len(one))
	if worst > 1e-4 || apart(one, two) == 0 {
		t.Errorf("losses of two ranks differ from one's by %v; were there two?", worst)
	}

	forget(t, w.Store, before) // so that it is trained again
	w.Stop()
	c.HeartbeatSeconds = 25 // a rank is lost after 15 s of silence: the engine must not count as hung before
	defer func() { c.HeartbeatSeconds = 0 }()
	d := &disturbed{t: t, c: c, w: c.StartWorker("calm")}
	d.run = c.Start(schemas.PipelineWorkflow, "bereft", params)
	d.lose()
	if result, err = c.Wait(d.run, 10*time.Minute); err != nil {
		t.Fatalf("bereft: %v\n%s", err, d.w.Log())
	}
	d.saysWhatWasLost()
	since, bereft := irreproducible(t, result), steps(t, result.Folder)
	if since < 31 || since > len(two)-10 || len(bereft) != len(two) {
		t.Fatalf("not bit-reproducible since step %d of %d", since, len(bereft))
	}
	if !bytes.Equal(bytes.Join(bereft[:since-1], nil), bytes.Join(two[:since-1], nil)) {
		t.Errorf("before step %d two processes that were lost and started again logged other bytes", since)
	}
	worst = apart(bereft[since-1:since+9], two[since-1:])
	t.Logf("one rank since step %d: losses differ by up to %.1e over 10 steps and %.1e over %d", since, worst,
		apart(bereft[since-1:], two[since-1:]), len(two)-since+1)
	if worst > 1e-4 {
		t.Errorf("with a process less, losses differ by %v", worst)
	}
	return d.w
}

// disturbed is a training by two processes, and rank the second one of its attempt at work.
type disturbed struct {
	t    *testing.T
	c    *chain.Chain
	run  client.WorkflowRun
	w    *chain.Worker
	rank int
}

// lose ends attempt after attempt, in the midst of its steps: the second process, or the worker with both, or in good order. Each goes on
// from a checkpoint of the one before; the last two are lost since the same one.
func (d *disturbed) lose() {
	d.t.Helper()
	d.checkpoint()
	d.signal(syscall.SIGKILL)
	d.checkpoint() // by two processes again
	d.end("the worker is killed", d.w.Kill)
	d.w = d.c.StartWorker("calm")
	d.checkpoint()
	d.end("the worker stops", d.w.Stop)
	d.w = d.c.StartWorker("calm")
	d.checkpoint()
	d.signal(syscall.SIGSTOP)
	d.await("the heartbeat of two ranks", func() bool { return d.heartbeat().Metrics["ranks"] == 2 })
	d.next()
	d.signal(syscall.SIGKILL)
}

// saysWhatWasLost looks for it in the worker's log, and in the failure before the last attempt.
func (d *disturbed) saysWhatWasLost() {
	d.t.Helper()
	attempts, failure := lastAttempt(d.t, d.c, d.run.GetID())
	d.t.Logf("%d attempts", attempts)
	for _, says := range []string{schemas.LostRank, "rank 1 was lost", "with ranks 1 in place of 2"} {
		if !strings.Contains(failure, says) {
			d.t.Errorf("the attempt before the last ended with %q, which does not say %q", failure, says)
		}
	}
	if log, err := os.ReadFile(d.w.Process.Log); err != nil || !strings.Contains(string(log), "rank 1 fell silent") {
		d.t.Errorf("a stopped process was not found as a silent rank: %v\n%s", err, d.w.Log())
	}
}

// next waits for the second process of another attempt.
func (d *disturbed) next() {
	d.t.Helper()
	was := d.rank
	d.await("a second process", func() bool {
		for _, rank := range d.w.Ranks() {
			d.rank = rank
		}
		return d.rank != was
	})
}

// checkpoint waits until the next attempt, by two processes, has written one of its own.
func (d *disturbed) checkpoint() {
	d.t.Helper()
	d.next()
	newest := func() string {
		found, _ := filepath.Glob(filepath.Join(d.w.Store, "work/train/*/step-*"))
		if len(found) == 0 {
			return ""
		}
		return found[len(found)-1]
	}
	before := newest()
	d.await("a checkpoint", func() bool { return newest() > before })
}

// heartbeat is the last one of the training.
func (d *disturbed) heartbeat() (p schemas.Progress) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	description, err := d.c.Client.DescribeWorkflowExecution(ctx, d.run.GetID(), d.run.GetRunID())
	if err != nil {
		return p
	}
	for _, a := range description.GetPendingActivities() {
		if a.GetActivityType().GetName() == schemas.Train.Name && a.GetHeartbeatDetails() != nil {
			converter.GetDefaultDataConverter().FromPayloads(a.GetHeartbeatDetails(), &p)
		}
	}
	return p
}

// signal reaches the second process.
func (d *disturbed) signal(s syscall.Signal) {
	d.t.Helper()
	if err := syscall.Kill(d.rank, s); err != nil {
		d.t.Fatalf("the second process has ended by itself: %v\n%s", err, d.w.Log())
	}
}

// end ends the worker in a way after which its second process is to be gone soon.
func (d *disturbed) end(how string, end func()) {
	d.t.Helper()
	end()
	began := time.Now()
	d.await("the end of the second process when "+how, func() bool { return !programs.Lives(d.rank) })
	if took := time.Since(began); took > time.Minute {
		d.t.Errorf("%s, and the second process lived for another %s", how, took)
	}
}

// await waits for what is to come while the run goes on.
func (d *disturbed) await(what string, comes func() bool) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- d.run.Get(ctx, nil) }()
	for !comes() {
		select {
		case err := <-ended:
			d.t.Fatalf("no sign of %s before the run ended: %v\n%s", what, err, d.w.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// forget removes what a store published of a training since.
func forget(t *testing.T, store string, before map[string]string) {
	t.Helper()
	for name := range chain.Artifacts(t, store) {
		if _, there := before[name]; !there && strings.HasPrefix(name, schemas.Train.Name+"/") {
			if err := os.Remove(filepath.Join(store, "stages", filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// steps are the lines of a run's metrics.jsonl.
func steps(t *testing.T, run string) [][]byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(run, "model/metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
}

// apart is the largest difference between two losses of the same step.
func apart(a, b [][]byte) (worst float64) {
	for i := range a {
		var x, y struct{ Loss float64 }
		if json.Unmarshal(a[i], &x) != nil || json.Unmarshal(b[i], &y) != nil {
			return math.Inf(1)
		}
		worst = math.Max(worst, math.Abs(x.Loss-y.Loss))
	}
	return worst
}

// lastAttempt is that of a run's training: its number, and what became of the one before.
func lastAttempt(t *testing.T, c *chain.Chain, id string) (number int32, failure string) {
	t.Helper()
	train := map[int64]bool{}
	events := c.Client.GetWorkflowHistory(context.Background(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		if a := event.GetActivityTaskScheduledEventAttributes(); a.GetActivityType().GetName() == schemas.Train.Name {
			train[event.GetEventId()] = true
		}
		if a := event.GetActivityTaskStartedEventAttributes(); train[a.GetScheduledEventId()] {
			last := a.GetLastFailure()
			number, failure = a.GetAttempt(), last.GetApplicationFailureInfo().GetType()+": "+last.GetMessage()
		}
	}
	return number, failure
}

// irreproducible is the step since which a run says in manifest and report that its bytes do not repeat.
func irreproducible(t *testing.T, result schemas.PipelineResult) (since int) {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(result.Folder, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(manifest), `"`+schemas.NotReproducibleSince+`":`)
	fmt.Sscan(rest, &since)
	report, err := os.ReadFile(result.Report)
	if err != nil {
		t.Fatal(err)
	}
	if says := fmt.Sprintf("from step %d on", since); !strings.Contains(string(report), says) {
		t.Errorf("the manifest says since step %d, and the report nowhere %q", since, says)
	}
	return since
}
