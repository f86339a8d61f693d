// Package c10d sums tensors over the processes of a training: libtorch's c10d, by Gloo over the loopback device where
// tensors lie in memory, by NCCL where they lie on GPUs and the libtorch has it. All ranks call the same functions in the
// same order with tensors of the same shapes; every rank then holds the same bytes, which depend on the number of ranks.
package c10d

// #cgo CXXFLAGS: -DUSE_C10D_GLOO
// #cgo LDFLAGS: -lstdc++
import "C"

import (
	"time"

	"crosssum/internal/native/torch"
)

var (
	opJoin  = torch.Custom("crosssum::ranks_join")
	opSum   = torch.Custom("crosssum::ranks_sum")
	opAwait = torch.Custom("crosssum::ranks_await")
	opLeave = torch.Custom("crosssum::ranks_leave")
	opNCCL  = torch.Custom("crosssum::ranks_nccl")
)

// Options of Join.
type Options struct {
	File       string // where the ranks find each other: a path that did not exist before them, on this machine's own disk
	Rank, Size int
	Device     int           // -1: memory, by Gloo; else this GPU, by NCCL
	Timeout    time.Duration // of one wait for another rank inside c10d; the last resort where alive says nothing
}

// HasNCCL says whether GPUs can sum by NCCL. Where they cannot, Gloo sums what lies on them too, by way of memory.
func HasNCCL() bool { return opNCCL.Truth() }

// Group is one process's membership. A failed Sum leaves it broken: only Leave is good for it.
type Group struct{ id int }

// attention is how often alive is asked while others are waited for.
const attention = 100 * time.Millisecond

// Join meets the other ranks. alive (nil: none) is called every attention while they are awaited; its error ends Join.
func Join(o Options, alive func() error) (*Group, error) {
	g := &Group{}
	err := torch.Do(func() {
		g.id = int(opJoin.One(o.File, o.Rank, o.Size, o.Device, o.Timeout.Seconds()).Item())
		g.await(alive)
	})
	if err != nil {
		g.Leave()
		return nil, err
	}
	return g, nil
}

// Sum replaces every tensor by its sum over the ranks. It is called inside torch.Do, which a failure ends: alive's error,
// or what c10d says of a rank that is gone.
func (g *Group) Sum(alive func() error, tensors ...torch.Tensor) {
	opSum.Run(g.id, tensors)
	g.await(alive)
}

func (g *Group) await(alive func() error) {
	for {
		done := false
		torch.Scope(func() { done = opAwait.One(g.id, attention.Seconds()).Item() == 1 })
		if done {
			return
		}
		if alive == nil {
			continue
		}
		if err := alive(); err != nil {
			torch.Fail(err)
		}
	}
}

// Leave ends the membership. After a failed Sum it returns when the other processes are gone, or their Timeout is.
func (g *Group) Leave() error {
	if g.id == 0 {
		return nil
	}
	id := g.id
	g.id = 0
	return torch.Do(func() { opLeave.Run(id) })
}
