package activities

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crosssum/internal/artifact/store"
	"crosssum/internal/fault"
	"crosssum/internal/testkit/smalldisk"
	"crosssum/schemas"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
)

func TestAFullDiskIsWaitedForAndTheSameAttemptGoesOn(t *testing.T) {
	defer func(least, beat time.Duration) { leastWait, roomBeat = least, beat }(leastWait, roomBeat)
	leastWait, roomBeat = 5*time.Millisecond, 5*time.Millisecond
	disk := smalldisk.New(t, "1m")
	d := newDataset(t)
	s, err := store.Open(filepath.Join(disk.Dir, "store"))
	noError(t, err)
	d.store = s
	articles, neighbours := d.inputs()
	a := &Activities{Config{Store: s, AwaitRoom: true}}
	in := schemas.LinkInput{Articles: articles, Neighbours: neighbours, Rule: "margin", Threshold: 1.05, DuplicateThreshold: 0.95, Neighbour: 3}
	d.env.RegisterActivityWithOptions(func(ctx context.Context) (schemas.Done, error) {
		units, err := define(schemas.Link, openLink).list(ctx, a, in)
		if err != nil {
			return schemas.Done{}, err
		}
		done, err := patiently(ctx, a, "link", func() (schemas.Done, error) {
			return define(schemas.Link, openLink).compute(ctx, a, schemas.Work[schemas.LinkInput]{Input: in, Units: units})
		})
		return done, classify(err)
	}, activity.RegisterOptions{Name: "patient"})
	disk.Fill(8 << 10)
	time.AfterFunc(300*time.Millisecond, disk.Free)
	began := time.Now()
	_, err = d.env.ExecuteActivity("patient")
	noError(t, err)
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("it was done in %s, while the disk was full", took)
	}
	everythingPublishedIsWhole(t, s)
}

func TestAnAttemptAtItsEndFailsAsAFullDiskAndACancelledOneAsCancelled(t *testing.T) {
	s, err := store.Open(t.TempDir())
	noError(t, err)
	a := &Activities{Config{Store: s, AwaitRoom: true}}
	d := newDataset(t)
	tries := 0
	d.env.RegisterActivityWithOptions(func(ctx context.Context) (int, error) {
		ctx, cancel := context.WithTimeout(ctx, lastCall)
		defer cancel()
		return patiently(ctx, a, "link", func() (int, error) {
			tries++
			return 0, &fault.Error{Type: schemas.DiskFull, Message: "write x: the disk is full: make room there"}
		})
	}, activity.RegisterOptions{Name: "late"})
	began := time.Now()
	_, err = d.env.ExecuteActivity("late")
	if err == nil || !strings.Contains(err.Error(), "the disk is full") || tries != 1 || time.Since(began) > lastCall/2 {
		t.Errorf("%d tries in %s: %v", tries, time.Since(began), err)
	}
	d.env.RegisterActivityWithOptions(func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithCancel(ctx)
		_, err := patiently(ctx, a, "link", func() (int, error) {
			time.AfterFunc(100*time.Millisecond, cancel)
			return 0, fmt.Errorf("link all: %w", &fs.PathError{Op: "write", Path: "/full/x", Err: syscall.ENOSPC})
		})
		return err == context.Canceled, nil
	}, activity.RegisterOptions{Name: "cancelled"})
	said := ""
	d.env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var p schemas.Progress
		noError(t, details.Get(&p))
		said = p.Stage + ": " + p.Problem
	})
	value, err := d.env.ExecuteActivity("cancelled")
	noError(t, err)
	if is := false; value.Get(&is) != nil || !is {
		t.Error("a run that is cancelled while it waits ends as a full disk")
	}
	if said != "link: disk full: make room, and the run goes on by itself (write /full/x: no space left on device)" {
		t.Errorf("it says %q", said)
	}
	if other := errors.New("something else"); fullDisk(other) != nil {
		t.Error("every error is a full disk")
	}
}
