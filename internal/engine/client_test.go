package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// The test binary is the engine when this variable is set: a real child process with a real pipe, and handlers that
// misbehave on request.
const asEngine = "CROSSSUM_TEST_ENGINE"

func TestMain(m *testing.M) {
	switch os.Getenv(asEngine) {
	case "":
		os.Exit(m.Run())
	case "parent": // starts an engine that works for ever, prints its process id, and waits to be killed
		client := engine.New(engine.Options{Program: os.Args[0], Env: []string{asEngine + "=engine"}})
		var pid int
		client.Call(context.Background(), "portable", "pid", nil, &pid, nil)
		fmt.Println(pid)
		client.Call(context.Background(), "portable", "work", work{Steps: 1 << 30}, nil, nil)
	default:
		if err := engine.Main(handlers()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

type work struct {
	Steps int `json:"steps"`
}

func handlers() map[string]engine.Handler {
	plain := func(f func() (any, error)) engine.Handler {
		return func(context.Context, json.RawMessage, engine.Report) (any, error) { return f() }
	}
	return map[string]engine.Handler{
		"work": engine.Typed(func(ctx context.Context, w work, report engine.Report) (int, error) {
			for i := 0; i < w.Steps; i++ {
				select {
				case <-ctx.Done():
					return 0, ctx.Err()
				case <-time.After(10 * time.Millisecond):
				}
				report(schemas.Progress{Done: int64(i + 1), Of: "steps"})
			}
			return w.Steps, nil
		}),
		"environment": engine.Typed(func(_ context.Context, names []string, _ engine.Report) (map[string]string, error) {
			out := map[string]string{}
			for _, n := range names {
				out[n] = os.Getenv(n)
			}
			return out, nil
		}),
		"pid":    plain(func() (any, error) { return os.Getpid(), nil }),
		"print":  plain(func() (any, error) { fmt.Println("a library prints to the standard output"); return 1, nil }),
		"panic":  plain(func() (any, error) { panic("the reason stands in the stack") }),
		"abort":  plain(func() (any, error) { syscall.Kill(os.Getpid(), syscall.SIGABRT); select {} }),
		"killed": plain(func() (any, error) { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }),
		"deaf":   plain(func() (any, error) { select {} }),
		"nan":    plain(func() (any, error) { return nil, &fault.Error{Type: schemas.NotFinite, Message: "loss of step 3"} }),
		"full": plain(func() (any, error) {
			return nil, fmt.Errorf("lists: %w", &os.PathError{Op: "write", Path: "/store/x", Err: syscall.ENOSPC})
		}),
		"short": plain(func() (any, error) {
			return nil, &fault.Error{Type: schemas.MissingModel, Message: "summarizer: torch: zeros: [enforce fail at alloc_cpu.cpp:75] . " +
				"DefaultCPUAllocator: can't allocate memory: you tried to allocate 68719476736 bytes. Error code 12 (Cannot allocate memory)"}
		}),
		"lost": plain(func() (any, error) {
			return nil, errors.New("torch: mm: CUDA error: unspecified launch failure\nCUDA kernel errors might be asynchronously reported at some other API call")
		}),
		"hoard": engine.Typed(hoard),
		"dies in": engine.Typed(func(_ context.Context, step int64, report engine.Report) (int, error) {
			report(schemas.Progress{Done: step, Of: "steps"})
			time.Sleep(50 * time.Millisecond) // until the event is through
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}),
		"broken": plain(func() (any, error) { return arrowfile.Rows(os.Args[0]) }),
		"long":   plain(func() (any, error) { return strings.Repeat("x", 3<<20), nil }),
		engine.OpProfile: plain(func() (any, error) {
			return engine.Profile{Mode: os.Getenv("CROSSSUM_NUMERICS"), Threads: 2}, nil
		}),
	}
}

// hoard takes memory until none is left: in a control group, or without one under a limit on the address space.
func hoard(_ context.Context, group string, report engine.Report) (int, error) {
	if group != "" {
		if err := os.WriteFile(group, []byte("0"), 0); err != nil {
			return 0, err
		}
	} else if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 1 << 30, Max: 1 << 30}); err != nil {
		return 0, err
	}
	report(schemas.Progress{Of: "bytes"}) // where it lives now is known from here on
	time.Sleep(100 * time.Millisecond)
	var hoarded [][]byte
	for {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		hoarded = append(hoarded, b)
	}
}

func start(t *testing.T, o engine.Options) *engine.Client {
	t.Helper()
	o.Program, o.Env = os.Args[0], append(o.Env, asEngine+"=engine")
	c := engine.New(o)
	t.Cleanup(func() { c.Close() })
	return c
}

func kind(err error) string {
	var typed *fault.Error
	if errors.As(err, &typed) {
		return typed.Type
	}
	return fmt.Sprint(err)
}

func TestProgressAndTheResultComeBack(t *testing.T) {
	c := start(t, engine.Options{})
	var last schemas.Progress
	var n int
	err := c.Call(context.Background(), "portable", "work", work{Steps: 50}, &n, func(p schemas.Progress) { last = p })
	if err != nil || n != 50 || last.Done != 50 {
		t.Fatalf("%d steps, last progress %+v, %v", n, last, err)
	}
	var long string
	if err := c.Call(context.Background(), "portable", "long", nil, &long, nil); err != nil || len(long) != 3<<20 {
		t.Fatalf("%d bytes, %v", len(long), err)
	}
}

func TestPortableIsPinnedAndNativeIsNot(t *testing.T) {
	t.Setenv("OPENBLAS_CORETYPE", "Prescott") // never inherited
	t.Setenv("OMP_NUM_THREADS", "99")
	t.Setenv("CROSSSUM_DEVICE", "cuda")
	c := start(t, engine.Options{Threads: 3, Device: "auto"})
	names := []string{"OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "CROSSSUM_DEVICE"}
	for mode, want := range map[string]string{"portable": "Haswell avx2 AVX2 3 passive auto", "native": "   3 passive auto"} {
		var got map[string]string
		if err := c.Call(context.Background(), mode, "environment", names, &got, nil); err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, n := range names {
			values = append(values, got[n])
		}
		if s := strings.Join(values, " "); s != want {
			t.Errorf("%s: %q, wanted %q", mode, s, want)
		}
		if p, err := c.Profile(context.Background(), mode); err != nil || p.Mode != mode {
			t.Errorf("profile %+v, %v", p, err)
		}
	}
	if err := c.Call(context.Background(), "fast", "pid", nil, nil, nil); kind(err) != schemas.InvalidInput {
		t.Errorf("got %v", err)
	}
}

func TestOneEngineServesManyCallsAndPrintsDoNotDisturbIt(t *testing.T) {
	var log bytes.Buffer
	c := start(t, engine.Options{Log: &log})
	pid := func() (n int) {
		if err := c.Call(context.Background(), "portable", "pid", nil, &n, nil); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := pid()
	if err := c.Call(context.Background(), "portable", "print", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if second := pid(); second != first || first == 0 {
		t.Errorf("engines %d and %d", first, second)
	}
	c.Close()
	if !strings.Contains(log.String(), "a library prints") {
		t.Errorf("log %q", log.String())
	}
}

func TestTypedErrorsKeepTheirTypeAndUnknownThingsAreNamed(t *testing.T) {
	c := start(t, engine.Options{})
	if err := c.Call(context.Background(), "portable", "nan", nil, nil, nil); kind(err) != schemas.NotFinite || err.Error() != "loss of step 3" {
		t.Errorf("got %v", err)
	}
	if err := c.Call(context.Background(), "portable", "full", nil, nil, nil); kind(err) != schemas.DiskFull || !strings.HasPrefix(err.Error(), "write /store/x: no space") {
		t.Errorf("got %v", err)
	}
	if err := c.Call(context.Background(), "portable", "broken", nil, nil, nil); kind(err) != schemas.CorruptObject || !strings.Contains(err.Error(), os.Args[0]) {
		t.Errorf("got %v", err)
	}
	if err := c.Call(context.Background(), "portable", "dance", nil, nil, nil); !strings.Contains(err.Error(), `"dance"`) {
		t.Errorf("got %v", err)
	}
	err := c.Call(context.Background(), "portable", "work", map[string]int{"stepps": 1}, nil, nil)
	if kind(err) != schemas.InvalidInput || !strings.Contains(err.Error(), "stepps") {
		t.Errorf("got %v", err)
	}
}

func TestACancelledRequestStopsAndTheEngineGoesOn(t *testing.T) {
	c := start(t, engine.Options{})
	var before, after int
	c.Call(context.Background(), "portable", "pid", nil, &before, nil)
	ctx, cancel := context.WithCancel(context.Background())
	err := c.Call(ctx, "portable", "work", work{Steps: 1 << 30}, nil, func(schemas.Progress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	c.Call(context.Background(), "portable", "pid", nil, &after, nil)
	if before != after {
		t.Errorf("engine %d was replaced by %d", before, after)
	}
}

func TestARequestThatDoesNotStopIsKilledAfterTheStopTimeout(t *testing.T) {
	c := start(t, engine.Options{Stop: 200 * time.Millisecond})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := c.Call(ctx, "portable", "deaf", nil, nil, nil); !errors.Is(err, context.DeadlineExceeded) { // or never
		t.Fatalf("got %v", err)
	}
}

func TestARequestWithoutProgressIsAHang(t *testing.T) {
	c := start(t, engine.Options{})
	ctx := engine.WithJob(context.Background(), engine.Job{Unit: "neighbours a-b", Stall: 200 * time.Millisecond})
	err := c.Call(ctx, "portable", "deaf", nil, nil, nil)
	if kind(err) != schemas.Hang || !strings.Contains(err.Error(), "neighbours a-b: no progress for 200ms") {
		t.Fatalf("got %v", err)
	}
	// One that reports is none, however long it takes.
	ctx = engine.WithJob(context.Background(), engine.Job{Unit: "neighbours a-b", Stall: 2 * time.Second})
	if err := c.Call(ctx, "portable", "work", work{Steps: 250}, nil, nil); err != nil {
		t.Fatal(err)
	}
}

func TestAWaitingCallBeatsOnlyWhileTheOtherMoves(t *testing.T) {
	c := start(t, engine.Options{Stop: time.Second})
	for op, wanted := range map[string]bool{"work": true, "deaf": false} {
		patience := 2500 * time.Millisecond // for a beat that must not come
		if wanted {
			patience = 10 * time.Minute // ends with the beat
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		started := make(chan struct{}, 1)
		go c.Call(engine.WithJob(ctx, engine.Job{Stall: time.Hour}), "portable", op, work{Steps: 1 << 30}, nil, func(schemas.Progress) {
			select {
			case started <- struct{}{}:
			default:
			}
		})
		if wanted {
			<-started
		} else {
			time.Sleep(50 * time.Millisecond)
		}
		beats := 0
		c.Call(ctx, "portable", "pid", nil, nil, func(p schemas.Progress) {
			if p.Of == "waiting for the engine" {
				beats++
				cancel()
			}
		})
		cancel()
		if (beats > 0) != wanted {
			t.Errorf("%s: %d beats", op, beats)
		}
		c = start(t, engine.Options{Stop: time.Second})
	}
}

func TestOutputThatIsNotTheProtocolEndsTheEngine(t *testing.T) {
	c := engine.New(engine.Options{Program: "/bin/sh", Args: []string{"-c", "echo hello; cat >/dev/null"}})
	defer c.Close()
	err := c.Call(context.Background(), "portable", "work", nil, nil, nil)
	if kind(err) != schemas.EngineError || !strings.Contains(err.Error(), `not an event: "hello"`) {
		t.Fatalf("got %v", err)
	}
	missing := engine.New(engine.Options{Program: "build/bin/no-such-engine"})
	if err := missing.Call(context.Background(), "portable", "work", nil, nil, nil); !strings.Contains(err.Error(), "setup") {
		t.Errorf("got %v", err)
	}
}

func TestTheEngineDiesWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), asEngine+"=parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 32)
	n, _ := out.Read(buffer)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buffer[:n])))
	if err != nil {
		t.Fatal(err)
	}
	parent.Process.Kill()
	parent.Wait()
	for i := 0; i < 3000; i++ {
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("engine %d outlived its parent", pid)
}
