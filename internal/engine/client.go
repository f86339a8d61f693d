package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"crosssum/internal/fault"
	"crosssum/schemas"
)

// Options of a Client. Program is required.
type Options struct {
	Program string        // build/bin/engine
	Args    []string      // before the requests: nothing for the real engine
	Env     []string      // added to the engine's environment
	Threads int           // 0: 1
	Device  string        // of training and generation: "auto", "cpu" or "cuda"; "": cpu
	Stop    time.Duration // how long a request may take to stop when asked; 0: 45 s
	Log     io.Writer     // a copy of what the engine prints; nil: none
}

// Client runs native requests in a child process, one at a time. It is safe for concurrent use: callers queue.
type Client struct {
	options Options
	slot    chan struct{} // holds one token: the right to use process
	process *process      // nil when none runs; guarded by slot
	moved   atomic.Int64  // events of the request at work
	nextID  int64         // guarded by slot

	mu      sync.Mutex
	crashes map[string]*crashes

	asking   sync.Mutex
	profiles map[string]Profile
}

// crashes of one unit, since it last got further than before: step is the furthest one that any attempt came to.
type crashes struct {
	own, killed int
	step        int64
}

// A unit that ended the engine so often without a step gained is given up: by itself, and by SIGKILL or SIGTERM, by hand.
const (
	ownCrashes    = 2
	killedCrashes = 10
)

// New makes a client; the engine starts with the first call.
func New(o Options) *Client {
	o.Threads = max(o.Threads, 1)
	if o.Stop == 0 {
		o.Stop = 45 * time.Second
	}
	return &Client{options: o, slot: make(chan struct{}, 1), profiles: map[string]Profile{}, crashes: map[string]*crashes{}}
}

// Job says what a call is for. It travels in the context.
type Job struct {
	Unit  string        // names the unit in errors, and is what crashes are counted by; "": the digest of the arguments
	Stall time.Duration // a request that reports nothing for so long is ended; 0: never
	Start time.Duration // where longer, so long until its first word: a busy machine takes its time to start an engine
	// One that counts steps is ended after so many times its median step, if that is sooner; 0: not.
	HangSteps float64
}

type jobKey struct{}

// WithJob attaches a Job to the context of a Call.
func WithJob(ctx context.Context, j Job) context.Context { return context.WithValue(ctx, jobKey{}, j) }

func jobOf(ctx context.Context, op string, args []byte) Job {
	job, _ := ctx.Value(jobKey{}).(Job)
	if job.Unit == "" {
		sum := sha256.Sum256(args)
		job.Unit = op + " " + hex.EncodeToString(sum[:6])
	}
	return job
}

// Call runs one request in an engine of the given mode ("portable" or "native") and decodes its answer into result (nil:
// dropped). Its errors are *fault.Error, or ctx's when ctx ended. report (nil: none) is called for progress, and while the call
// waits for another one that moves.
func (c *Client) Call(ctx context.Context, mode, op string, args, result any, report Report) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("engine: %s: %w", op, err)
	}
	if report == nil {
		report = func(schemas.Progress) {}
	}
	if err := c.acquire(ctx, report); err != nil {
		return err
	}
	defer func() { <-c.slot }()
	answer, err := c.run(ctx, mode, op, raw, report)
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fault.New(schemas.EngineError, "engine: answer to %s: %v", op, err)
	}
	return nil
}

// acquire waits for the engine. The caller's heart beats only as long as the request at work makes progress.
func (c *Client) acquire(ctx context.Context, report Report) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	seen := c.moved.Load()
	for {
		select {
		case c.slot <- struct{}{}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			if now := c.moved.Load(); now != seen {
				seen = now
				report(schemas.Progress{Of: "waiting for the engine"})
			}
		}
	}
}

// ready returns a live engine of the mode.
func (c *Client) ready(mode string) (*process, error) {
	if err := schemas.CheckNumerics(mode); err != nil {
		return nil, fault.Of(schemas.InvalidInput, err)
	}
	if p := c.process; p != nil {
		if p.alive() && p.mode == mode {
			return p, nil
		}
		p.stop(c.options.Stop)
		c.process = nil
	}
	p, err := launch(c.options, mode)
	if err != nil {
		return nil, fault.Of(schemas.EngineError, err)
	}
	c.process = p
	return p, nil
}

func (c *Client) run(ctx context.Context, mode, op string, args []byte, report Report) (json.RawMessage, error) {
	p, err := c.ready(mode)
	if err != nil {
		return nil, err
	}
	job := jobOf(ctx, op, args)
	c.nextID++
	id := c.nextID
	if err := p.send(Request{ID: id, Op: op, Args: args}); err != nil {
		p.kill()
		return nil, c.crashed(p, job, op, 0)
	}
	watch := newWatch(job)
	defer watch.timer.Stop()
	var late <-chan time.Time // set when the request was asked to stop
	done := ctx.Done()
	for {
		select {
		case event, ok := <-p.events:
			if !ok {
				if ctx.Err() != nil {
					c.process = nil
					return nil, ctx.Err()
				}
				return nil, c.crashed(p, job, op, watch.step)
			}
			c.moved.Add(1)
			watch.heard(event.Progress)
			if event.ID != id {
				continue // the end of a request whose caller left
			}
			if event.Progress != nil {
				report(*event.Progress)
				continue
			}
			return c.answer(ctx, job, event)
		case <-done:
			done = nil
			late = time.After(c.options.Stop)
			p.send(Request{ID: id, Op: OpCancel})
		case <-late:
			p.kill()
			c.process = nil
			return nil, ctx.Err()
		case <-watch.timer.C:
			p.kill()
			c.process = nil
			return nil, fault.New(schemas.Hang, "engine: %s: no progress for %s%s: the engine was ended and "+
				"will be started again", job.Unit, watch.limit.Round(time.Second/10), watch.where())
		}
	}
}

// answer is the last event of a request.
func (c *Client) answer(ctx context.Context, job Job, event Event) (json.RawMessage, error) {
	if event.Error == nil {
		c.mu.Lock()
		delete(c.crashes, job.Unit)
		c.mu.Unlock()
		return event.Result, nil
	}
	if event.Error.Type == Canceled && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if event.Error.Type == schemas.OutOfMemory || event.Error.Type == schemas.LostDevice {
		c.process.kill() // its memory is in pieces, or its device's context is of no use
		c.process = nil
	}
	return nil, event.Error
}

// crashed classifies the end of the engine in the midst of a request, in the step after step: worth another try, until the unit
// has done it again without getting further. For want of memory is a class of its own, and is not counted here.
func (c *Client) crashed(p *process, job Job, op string, step int64) error {
	c.process = nil
	fate, how := p.fate()
	if how == starved {
		return fault.New(schemas.KilledForMemory, "engine: %s: the engine ended during %s for want of memory: %s", job.Unit, op, fate)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	count := c.crashes[job.Unit]
	if count == nil || step > count.step {
		count = &crashes{step: step}
		c.crashes[job.Unit] = count
	}
	if how == killed {
		count.killed++
	} else {
		count.own++
	}
	if count.own >= ownCrashes || count.killed >= killedCrashes {
		delete(c.crashes, job.Unit)
		return fault.New(schemas.NativeCrash,
			"engine: %s: %s ended the engine again, so it is not tried any more: %s", job.Unit, op, fate)
	}
	return fault.New(schemas.EngineError, "engine: %s: the engine ended during %s: %s", job.Unit, op, fate)
}

// Profile tells what may change the bytes of native results in a mode. A process of its own is asked, once: a look-up need
// not wait for the training that the engine is busy with.
func (c *Client) Profile(ctx context.Context, mode string) (Profile, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	if p, ok := c.profiles[mode]; ok {
		return p, nil
	}
	var profile Profile
	if err := c.aside(ctx, mode, OpProfile, struct{}{}, &profile, nil); err != nil {
		return profile, err
	}
	c.profiles[mode] = profile
	return profile, nil
}

// Check asks whether models can do what a run will ask of them, as Profile asks: aside.
func (c *Client) Check(ctx context.Context, mode string, r CheckRequest, report Report) (answer CheckResult, err error) {
	err = c.aside(ctx, mode, OpCheck, r, &answer, report)
	return answer, err
}

// aside runs a request in a process of its own, beside whatever the engine is busy with.
func (c *Client) aside(ctx context.Context, mode, op string, args, result any, report Report) error {
	asker := New(c.options)
	defer asker.Close()
	return asker.Call(ctx, mode, op, args, result, report)
}

// Close ends the engine, after the request at work.
func (c *Client) Close() error {
	c.slot <- struct{}{}
	defer func() { <-c.slot }()
	if c.process != nil {
		c.process.stop(c.options.Stop)
		c.process = nil
	}
	return nil
}
