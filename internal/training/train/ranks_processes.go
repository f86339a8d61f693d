package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/native/c10d"
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// How lost ranks are found. A rank whose process ends is lost at once; one that is there gives a sign of life every second,
// whatever it is at, and is lost when there was none for rankSilence. One that lives and gets nowhere is the training's own hang.
const signOfLife = time.Second

var rankSilence = 15 * time.Second

// rankStart is how long the first sign may take. It ends before rank 0, which waits, would count as hung.
const rankStart = 45 * time.Second

const (
	meetingFile = "ranks"          // where c10d's addresses are, in the folder of the meeting
	ownProgram  = "/proc/self/exe" // also when a new build has taken its place
	lastResort  = 24 * time.Hour   // of a wait inside c10d: others wait while rank 0 validates
)

// others are the processes that rank 0 has started.
type others struct {
	ended   chan ended
	running sync.WaitGroup
	cancel  context.CancelFunc
	folder  string
	threads int          // of this process before
	worked  atomic.Int64 // reports of work from all of them
}

// ended is the end of a rank; before rank 0 cancels them, there is none that is not a failure.
type ended struct {
	rank int
	err  error
}

// start starts the other ranks of a training and meets them; they begin with the checkpoint that this one has taken. The
// threads of this process are divided by the ranks. nil: there are none.
func (r *run) start(ctx context.Context) error {
	size := r.lessons.Processes(r.request.Params.Ranks)
	if size == 1 {
		return nil
	}
	if err := divisible(r.feed, size); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(r.request.Work, atomicfile.Prefix)
	if err != nil {
		return err
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o := &others{ended: make(chan ended, size), cancel: cancel, folder: folder, threads: torch.Threads()}
	r.ranks = &ranks{size: size, others: o, explain: func(err error) error { return o.explain(err, r.Step+1) }}
	each := max(o.threads/size, 1)
	torch.SetThreads(each)
	request := engine.RankRequest{TrainRequest: r.request, Ranks: size, Meeting: folder, Run: r.id, Step: r.Step}
	request.Params.MicroBatch = r.lessons.Effective(request.Params.MicroBatch)
	for request.Rank = 1; request.Rank < size; request.Rank++ {
		o.running.Add(1)
		go o.run(life, each, request)
	}
	stop := context.AfterFunc(ctx, func() { os.WriteFile(filepath.Join(folder, engine.StopFile), nil, 0o644) })
	context.AfterFunc(life, func() { stop() })
	seen := int64(0)
	r.ranks.alive = func() error {
		select {
		case e := <-o.ended:
			return o.lost(e, r.Step+1)
		default:
		}
		if n := o.worked.Load(); n != seen { // the training goes on while this rank waits
			seen = n
			r.tell(1, r.last.LearningRate)
		}
		return nil
	}
	r.ranks.group, err = r.meet(folder)
	if err != nil {
		return o.explain(err, r.Step+1)
	}
	return nil
}

// meet joins the ranks' group, whose address lies in folder. Where c10d has NCCL, gradients on GPUs are summed there; else in memory.
func (r *run) meet(folder string) (*c10d.Group, error) {
	o := c10d.Options{File: filepath.Join(folder, meetingFile), Rank: r.ranks.rank, Size: r.ranks.size, Device: -1, Timeout: lastResort}
	if c10d.HasNCCL() {
		o.Device = r.device.GPU()
	}
	return c10d.Join(o, r.ranks.alive)
}

// run keeps one other rank until it ends.
func (o *others) run(life context.Context, threads int, request engine.RankRequest) {
	defer o.running.Done()
	told := device.Told()
	client := engine.New(engine.Options{Program: ownProgram, Threads: threads, Device: told.Device, Stop: 5 * time.Second,
		Log: os.Stderr})
	ctx := engine.WithJob(life, engine.Job{Unit: fmt.Sprintf("rank %d of %d", request.Rank, request.Ranks), Stall: rankSilence, Start: rankStart})
	err := client.Call(ctx, cmp.Or(told.Numerics, "portable"), engine.OpTrainRank, request, nil, func(p schemas.Progress) {
		if p.Of == "steps" {
			o.worked.Add(1)
		}
	})
	client.Close()
	o.ended <- ended{request.Rank, err}
}

// explain names the cause of a failed sum or meeting: a process that has ended, most often.
func (o *others) explain(err error, step int) error {
	var typed *fault.Error
	if errors.As(err, &typed) {
		return err
	}
	select {
	case e := <-o.ended:
		return o.lost(e, step)
	case <-time.After(rankSilence):
		return fault.New(schemas.LostRank, "train: in step %d a sum over the ranks failed: %v", step, err)
	}
}

// lost is the error of a rank's end. Others that end with it know only that somebody is gone.
func (o *others) lost(first ended, step int) error {
	all := []ended{first}
	for patience := time.After(time.Second); patience != nil; {
		select {
		case e := <-o.ended:
			all = append(all, e)
		case <-patience:
			patience = nil
		}
	}
	class := func(e ended) string {
		var typed *fault.Error
		if errors.As(e.err, &typed) {
			return typed.Type
		}
		return schemas.EngineError
	}
	e := first
	for _, other := range all {
		if class(e) == schemas.LostRank {
			e = other
		}
	}
	switch kind := class(e); kind {
	case schemas.Hang:
		return fault.New(schemas.LostRank, "train: in step %d rank %d fell silent: no sign of life for %s (%s at its start), so it was ended",
			step, e.rank, rankSilence, rankStart)
	case schemas.EngineError, schemas.NativeCrash, schemas.LostRank:
		return fault.New(schemas.LostRank, "train: in step %d rank %d was lost: %v", step, e.rank, e.err)
	default: // a shortage of memory, say, is what it is on any rank
		return fault.New(kind, "train: rank %d: %v", e.rank, e.err)
	}
}

// end ends the other ranks, and gives this one its threads back. It may be called twice.
func (s *ranks) end() {
	if s == nil || s.others == nil {
		return
	}
	o := s.others
	s.others = nil
	o.cancel()
	o.running.Wait()
	if s.group != nil {
		s.group.Leave()
	}
	if o.threads > 0 {
		torch.SetThreads(o.threads)
	}
	os.RemoveAll(o.folder)
}

// Rank is one of the other processes: it takes part until rank 0 cancels it, or is gone.
func Rank(ctx context.Context, request engine.RankRequest, report engine.Report) (none struct{}, err error) {
	log.SetPrefix(fmt.Sprintf("rank %d: ", request.Rank))
	asked, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	defer close(over)
	go signs(report, over, func() {
		if _, err := os.Stat(filepath.Join(request.Meeting, engine.StopFile)); err == nil {
			stop()
		}
	})
	if err := request.Check(); err != nil {
		return none, err
	}
	r := &run{inputs: inputs{request: request.TrainRequest, id: request.Run}, outputs: outputs{report: report}}
	defer r.close()
	if r.device, err = device.Of(request.Rank, request.Ranks); err != nil {
		return none, err
	}
	if err := r.load(ctx); err != nil {
		return none, err
	}
	if request.Step > 0 {
		dir := filepath.Join(request.Work, checkpointName(request.Step))
		state, err := verifyCheckpoint(dir, r.id)
		if err == nil {
			err = r.take(dir, state)
		}
		if err != nil {
			return none, fmt.Errorf("%s: %w", dir, err)
		}
	}
	s := &ranks{rank: request.Rank, size: request.Ranks, alive: ctx.Err, explain: func(err error) error {
		return fault.New(schemas.LostRank, "rank %d waited for another: %v", request.Rank, err)
	}}
	r.ranks = s
	s.group, err = r.meet(request.Meeting)
	if err != nil {
		return none, s.explain(err)
	}
	if err := r.loop(asked); err != nil && !errors.Is(err, context.Canceled) {
		return none, err
	}
	<-ctx.Done() // nobody leaves before rank 0 has its sums
	return none, ctx.Err()
}

// signs gives a sign of life every signOfLife until over is closed, whatever native code is at work, and calls look more often.
func signs(report engine.Report, over chan struct{}, look func()) {
	tick := time.NewTicker(signOfLife / 10)
	defer tick.Stop()
	for n := 0; ; n++ {
		if look(); n%10 == 0 {
			report(schemas.Progress{Of: "signs of life"})
		}
		select {
		case <-over:
			return
		case <-tick.C:
		}
	}
}
