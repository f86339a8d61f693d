package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"crosssum/internal/artifact/lines"
	"crosssum/internal/fault"
)

// maxEvent bounds a line of the engine: the longest is a list of labels, one a row.
const maxEvent = 256 << 20

// process is one running engine.
type process struct {
	mode   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	events chan Event    // closed when the engine's output ended or was not understood
	ended  chan struct{} // closed when the process is reaped; then state is set
	state  *os.ProcessState
	stderr *tail
	mu     sync.Mutex
	broken error          // why the output was not understood
	kills  killsForMemory // when it last said something
}

// pins are variables of the environment that change the bytes or the speed of native results; none is inherited.
var pins = []string{"ATEN_", "OPENBLAS_", "ONEDNN_", "DNNL_", "OMP_", "GOMP_", "KMP_", "MKL_", "GOTO_", "MALLOC_", "FAISS_"}

// environment is the engine's: the caller's less the pins, then those of the mode.
func environment(mode string, o Options) []string {
	out := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return slices.ContainsFunc(pins, func(pin string) bool { return strings.HasPrefix(kv, pin) })
	})
	n := strconv.Itoa(o.Threads)
	// Passive: two spinning native processes on one machine stand still. Few arenas: a thread each would keep its peak.
	out = append(out, "OMP_NUM_THREADS="+n, "OPENBLAS_NUM_THREADS="+n, "OMP_WAIT_POLICY=passive", "MALLOC_ARENA_MAX=2",
		"CROSSSUM_NUMERICS="+mode, "CROSSSUM_ENGINE_THREADS="+n, "CROSSSUM_DEVICE="+o.Device,
		"CUBLAS_WORKSPACE_CONFIG=:4096:8") // without it cuBLAS's sums have no fixed order
	if mode == "portable" {
		out = append(out, "ATEN_CPU_CAPABILITY=avx2", "OPENBLAS_CORETYPE=Haswell", "ONEDNN_MAX_CPU_ISA=AVX2")
	}
	return out
}

// Command is the engine's program in its environment, to run one of its subcommands by hand.
func Command(ctx context.Context, o Options, mode string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.Program, args...)
	cmd.Env = environment(mode, o)
	return cmd
}

// launch starts the engine. The child dies with this process: by the end of its input, and by the parent-death signal,
// which belongs to the thread that started it; so that thread is kept until the child has ended.
func launch(o Options, mode string) (*process, error) {
	p := &process{mode: mode, events: make(chan Event, 16), ended: make(chan struct{}), stderr: &tail{copy: o.Log}}
	p.cmd = exec.Command(o.Program, o.Args...)
	p.cmd.Env = append(environment(mode, o), o.Env...)
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = 5 * time.Second // a grandchild may hold the standard error
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, when the child is gone
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.countKills()
		p.read(stdout)
		p.cmd.Wait()
		p.state = p.cmd.ProcessState
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("engine %s does not start: %w (`./crosssum setup` builds it)", o.Program, err)
	}
	return p, nil
}

// read passes on events until the output ends. What is not an event ends the engine: its answers cannot be trusted.
func (p *process) read(stdout io.Reader) {
	defer close(p.events)
	all := lines.NewReader(stdout, maxEvent)
	for {
		line, err := all.Whole()
		if errors.Is(err, lines.ErrTooLong) {
			p.reject(err)
			return
		}
		if err != nil {
			return
		}
		var event Event
		if err := json.Unmarshal(line, &event); err != nil {
			p.reject(fmt.Errorf("not an event: %.80q: %w", line, err))
			return
		}
		p.countKills()
		p.events <- event
	}
}

// countKills notes how many processes the OOM killer has ended while this one still lived.
func (p *process) countKills() {
	kills := killsAround(p.cmd.Process.Pid)
	if !running(p.cmd.Process.Pid) {
		return
	}
	p.mu.Lock()
	p.kills = kills
	p.mu.Unlock()
}

func (p *process) reject(err error) {
	p.mu.Lock()
	p.broken = err
	p.mu.Unlock()
	p.cmd.Process.Kill()
}

func (p *process) send(r Request) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = p.stdin.Write(append(line, '\n'))
	return err
}

// stop closes the input, then sends SIGTERM, then SIGKILL, and waits for the end. Unread events are dropped.
func (p *process) stop(patience time.Duration) {
	go func() {
		for range p.events {
		}
	}()
	p.stdin.Close()
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		select {
		case <-p.ended:
			return
		case <-time.After(patience):
			p.cmd.Process.Signal(signal)
		}
	}
	<-p.ended
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	p.stop(0)
}

// alive says whether the process may still take a request.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// How a process ended.
type end int

const (
	byItself end = iota
	killed       // by SIGKILL or SIGTERM, from outside
	starved      // for want of memory: it said so, or the kernel's OOM killer has ended a process meanwhile
)

// fate tells how the ended process ended, with the last lines it printed.
func (p *process) fate() (text string, how end) {
	<-p.ended
	p.mu.Lock()
	broken, kills := p.broken, p.kills
	p.mu.Unlock()
	text = p.state.String()
	if broken != nil {
		text = "its output was " + broken.Error()
	}
	status, ok := p.state.Sys().(syscall.WaitStatus)
	signaled := ok && status.Signaled() && broken == nil
	switch {
	case signaled && status.Signal() == syscall.SIGKILL && kills.more():
		text, how = text+", as the kernel ended a process because memory ran out", starved
	case signaled && (status.Signal() == syscall.SIGKILL || status.Signal() == syscall.SIGTERM):
		how = killed
	case p.stderr.starved():
		how = starved
	}
	if said := p.stderr.String(); said != "" {
		text += "; it printed:\n" + said
	}
	return text, how
}

// tail keeps the last bytes written to it, and what a runtime or library said when it gave up, and copies everything to copy.
type tail struct {
	mu    sync.Mutex
	last  []byte
	end   []byte // from a sign of the end on, so many bytes
	short bool   // what was written tells of a failed allocation
	copy  io.Writer
}

const tailBytes, endBytes = 4 << 10, 512

// endSigns begin what is printed before a long list of goroutines.
var endSigns = []string{"runtime/cgo: ", "fatal error: ", "panic: ", "terminate called", "SIGSEGV: ", "SIGABRT: ", "SIGBUS: ", "SIGILL: "}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	t.short = t.short || fault.OfMemory(string(t.last[max(0, len(t.last)-len(b)-64):])) // also what was cut in two
	if len(t.end) > 0 {
		t.end = append(t.end, b[:min(len(b), max(0, endBytes-len(t.end)))]...)
	} else {
		for _, sign := range endSigns {
			if i := bytes.Index(t.last, []byte(sign)); i >= 0 && len(t.end) == 0 {
				t.end = append(t.end, t.last[i:min(len(t.last), i+endBytes)]...)
			}
		}
	}
	if over := len(t.last) - tailBytes; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	if t.copy != nil {
		t.copy.Write(b)
	}
	return len(b), nil
}

func (t *tail) starved() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.short
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := t.last
	if len(t.end) > 0 && !bytes.Contains(said, t.end) {
		said = slices.Concat(t.end, []byte("\n...\n"), said)
	}
	return string(bytes.ToValidUTF8(bytes.TrimSpace(said), []byte("?")))
}
