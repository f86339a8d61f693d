package engine_test

import (
	"context"
	"strings"
	"testing"

	"crosssum/internal/engine"
	"crosssum/internal/testkit/smallmemory"
	"crosssum/schemas"
)

func TestACrashIsTriedAgainOnceAndThenNamesItsUnit(t *testing.T) {
	c := start(t, engine.Options{})
	for _, op := range []string{"panic", "abort"} {
		ctx := engine.WithJob(context.Background(), engine.Job{Unit: "embed english " + op})
		first := c.Call(ctx, "portable", op, nil, nil, nil)
		second := c.Call(ctx, "portable", op, nil, nil, nil)
		if kind(first) != schemas.EngineError || kind(second) != schemas.NativeCrash {
			t.Fatalf("%s: %v, then %v", op, first, second)
		}
		if !strings.Contains(second.Error(), "embed english "+op) {
			t.Errorf("does not name its unit: %v", second)
		}
		if op == "panic" && !strings.Contains(first.Error(), "the reason stands in the stack") {
			t.Errorf("does not say what was printed: %v", first)
		}
	}
	var n int
	if err := c.Call(context.Background(), "portable", "work", work{Steps: 1}, &n, nil); err != nil {
		t.Errorf("no new engine after a crash: %v", err)
	}
}

func TestAnEngineKilledFromOutsideIsTriedManyTimes(t *testing.T) {
	c := start(t, engine.Options{})
	ctx := engine.WithJob(context.Background(), engine.Job{Unit: "train all"})
	for i := 1; i < 10; i++ {
		if err := c.Call(ctx, "portable", "killed", nil, nil, nil); kind(err) != schemas.EngineError {
			t.Fatalf("time %d: %v", i, err)
		}
	}
	if err := c.Call(ctx, "portable", "killed", nil, nil, nil); kind(err) != schemas.NativeCrash {
		t.Fatalf("got %v", err)
	}
}

func TestKillsBetweenWhichStepsAreGainedAreNotCountedTogether(t *testing.T) {
	c := start(t, engine.Options{})
	ctx := engine.WithJob(context.Background(), engine.Job{Unit: "train all"})
	for step := range 12 {
		if err := c.Call(ctx, "portable", "dies in", step+1, nil, nil); kind(err) != schemas.EngineError {
			t.Fatalf("kill %d: %v", step+1, err)
		}
	}
}

func TestAFailedAllocationAndALostDeviceAreClassesOfTheirOwnAndEndTheEngine(t *testing.T) {
	c := start(t, engine.Options{})
	pid := func() (n int) {
		if err := c.Call(context.Background(), "portable", "pid", nil, &n, nil); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for op, want := range map[string]string{"short": schemas.OutOfMemory, "lost": schemas.LostDevice} {
		before := pid()
		if err := c.Call(context.Background(), "portable", op, nil, nil, nil); kind(err) != want {
			t.Errorf("%s: %v", op, err)
		}
		if pid() == before {
			t.Errorf("%s: the same engine goes on", op)
		}
	}
}

func TestAnEngineThatDiesForWantOfMemoryIsNoNativeCrash(t *testing.T) {
	c := start(t, engine.Options{})
	for range 3 { // Go's runtime ends the process: no error can be answered
		if err := c.Call(context.Background(), "portable", "hoard", "", nil, nil); kind(err) != schemas.KilledForMemory {
			t.Fatalf("under a limit on the address space: %v", err)
		}
	}
}

func TestTheKernelsOOMKillerIsKnownFromAKillByHand(t *testing.T) {
	group := smallmemory.New(t, 64<<20)
	c := start(t, engine.Options{})
	err := c.Call(context.Background(), "portable", "hoard", group.File(), nil, nil)
	if kind(err) != schemas.KilledForMemory || !strings.Contains(err.Error(), "signal: killed, as the kernel ended a process because memory ran out") {
		t.Errorf("in a group with 64 MiB: %v", err)
	}
	if err := c.Call(context.Background(), "portable", "killed", nil, nil, nil); kind(err) != schemas.EngineError {
		t.Errorf("by hand: %v", err)
	}
	stranger := start(t, engine.Options{})
	err = c.Call(context.Background(), "portable", "dies in", 1, nil, func(schemas.Progress) {
		stranger.Call(context.Background(), "portable", "hoard", smallmemory.New(t, 64<<20).File(), nil, nil)
	})
	if kind(err) != schemas.EngineError {
		t.Errorf("by hand, while the kernel killed a stranger: %v", err)
	}
}
