package activities

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"crosssum/internal/fault"
	"crosssum/schemas"

	"go.temporal.io/sdk/activity"
)

// A full disk is waited for within the attempt, so that a person has hours to make room and the run goes on within a minute
// of it. The waits grow from leastWait to mostWait; there is a try after a wait where there is moreRoom than before, and after
// ten times as long in any case, since a quota does not show. An attempt whose time is about to end fails as DiskFull, and the
// next one waits on.
var leastWait, mostWait, roomBeat = time.Second, time.Minute, 2 * time.Second // changed by tests alone

const (
	moreRoom = 1 << 20
	lastCall = 30 * time.Second // before the end of an attempt
)

// patiently calls do until it fails for something else than a full disk, or the time of the attempt ends.
func patiently[Out any](ctx context.Context, a *Activities, stage string, do func() (Out, error)) (Out, error) {
	for wait := leastWait; ; wait = min(2*wait, mostWait) {
		out, err := do()
		full := fullDisk(err)
		if full == nil || !a.AwaitRoom {
			return out, err
		}
		if !a.room(ctx, stage, full, wait) {
			if errors.Is(ctx.Err(), context.Canceled) {
				err = ctx.Err() // a run that is cancelled while it waits ends as cancelled
			}
			return out, err
		}
	}
}

// fullDisk is the class of an error that says so, this process's or the engine's.
func fullDisk(err error) *fault.Error {
	if full := fault.Full(err); full != nil {
		return full
	}
	if typed := (*fault.Error)(nil); errors.As(err, &typed) && typed.Type == schemas.DiskFull {
		return typed
	}
	return nil
}

// room waits for a reason to try again, and says in every heartbeat what a person must do. false: there is no time left.
func (a *Activities) room(ctx context.Context, stage string, full *fault.Error, wait time.Duration) bool {
	what, _, _ := strings.Cut(full.Message, ": the disk is full")
	problem := fmt.Sprintf("disk full: make room, and the run goes on by itself (%.300s)", what)
	activity.GetLogger(ctx).Warn(problem, "stage", stage)
	before, began := a.freeBytes(), time.Now()
	tick := time.NewTicker(min(roomBeat, wait))
	defer tick.Stop()
	for {
		a.heartbeat(ctx, schemas.Progress{Stage: stage, Problem: problem})
		select {
		case <-ctx.Done():
			return false
		case <-activity.GetWorkerStopChannel(ctx):
			return false
		case <-tick.C:
		}
		waited := time.Since(began)
		if end, limited := ctx.Deadline(); limited && time.Until(end) < lastCall {
			return false
		}
		if waited >= 10*wait || waited >= wait && a.freeBytes() >= before+moreRoom {
			return true
		}
	}
}

// freeBytes is the room of the fullest of the disks that activities write to.
func (a *Activities) freeBytes() (free uint64) {
	for i, path := range []string{a.Store.Root(), a.Runs, filepath.Dir(a.Runs)} {
		var disk syscall.Statfs_t
		if syscall.Statfs(path, &disk) != nil {
			continue // not made yet
		}
		if room := disk.Bavail * uint64(disk.Bsize); i == 0 || room < free {
			free = room
		}
	}
	return free
}
