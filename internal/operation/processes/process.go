// Package processes keeps the processes of one machine: the Temporal server and the worker that `crosssum up` and
// `crosssum demo` start in the background, found again by later commands through a file each.
package processes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"crosssum/internal/artifact/atomicfile"
)

// Process is a background process as its file describes it.
type Process struct {
	Name    string   `json:"name"`
	PID     int      `json:"pid"`
	Started string   `json:"started"` // field 22 of /proc/PID/stat: with the pid it names one process for good
	Owner   int      `json:"owner"`   // pid of the command that stops it at its end; 0: kept until `crosssum down`
	Program string   `json:"program"`
	Args    []string `json:"args"`
	Log     string   `json:"log"`
	Address string   `json:"address,omitempty"` // what it listens to, or works for
	UI      string   `json:"ui,omitempty"`      // base address of the web UI

	Stopping bool `json:"stopping,omitempty"` // it was asked to end: Revive leaves it
}

// Keeper holds the files of a checkout's processes and their logs.
type Keeper struct{ files, logs string }

// NewKeeper keeps process files in <data>/processes and logs in <data>/log. Nothing is written before a process starts.
func NewKeeper(data string) *Keeper {
	return &Keeper{filepath.Join(data, "processes"), filepath.Join(data, "log")}
}

// prepare makes the folders.
func (k *Keeper) prepare() error {
	return elsewhere(errors.Join(os.MkdirAll(k.files, 0o755), os.MkdirAll(k.logs, 0o755)))
}

// elsewhere says how to keep files in another place than the one that an error is about.
func elsewhere(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\nProcesses and logs are kept beside the store: temporal.yaml, CROSSSUM_STORE or --store says where", err)
}

// Lock is held while processes are looked for and started or stopped: two commands at once would each start a server, on one
// database. waiting is called once if another command holds it; the result gives it back.
func (k *Keeper) Lock(ctx context.Context, waiting func()) (unlock func(), err error) {
	if err := k.prepare(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(k.files, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, elsewhere(err)
	}
	for said := false; ; said = true {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if !said {
			waiting()
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			f.Close()
			return nil, err
		}
	}
}

// Find returns the process of that name if it is alive; a file left by a process that died is passed over.
func (k *Keeper) Find(name string) (Process, bool) {
	var p Process
	b, err := os.ReadFile(k.file(name))
	if err != nil || json.Unmarshal(b, &p) != nil || p.PID <= 1 {
		return p, false
	}
	return p, p.Alive()
}

// startLine begins the line that a log has of each start.
const startLine = "--- "

// Start runs p.Program in the background, in a session of its own so that Ctrl-C in the terminal does not reach it, with
// its output appended to its log. env is added to this process's environment.
func (k *Keeper) Start(p Process, dir string, env []string) (Process, error) {
	if err := k.prepare(); err != nil {
		return p, err
	}
	p.Log = filepath.Join(k.logs, p.Name+".log")
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return p, elsewhere(err)
	}
	defer log.Close()
	fmt.Fprintf(log, startLine+"%s %s %s\n", time.Now().Format(time.RFC3339), p.Program, strings.Join(p.Args, " "))
	cmd := exec.Command(p.Program, p.Args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return p, fmt.Errorf("%s: %w", p.Name, err)
	}
	go cmd.Wait() // so that it leaves no zombie that looks alive
	p.PID = cmd.Process.Pid
	if p.Started, err = startTime(p.PID); err != nil {
		return p, fmt.Errorf("%s ended at once: %s", p.Name, p.Tail(5))
	}
	return p, k.Update(p)
}

// Revive starts a process again that ended without Stop (killed, out of memory), as it was: revived tells whether it had
// to. One that Stop ended stays ended, and of several commands that see it dead one starts it.
func (k *Keeper) Revive(ctx context.Context, name, dir string, env []string) (p Process, revived bool, err error) {
	p, alive := k.Find(name)
	if alive || p.Stopping || p.PID <= 1 {
		return p, false, nil
	}
	unlock, err := k.Lock(ctx, func() {})
	if err != nil {
		return p, false, err
	}
	defer unlock()
	if p, alive = k.Find(name); alive || p.Stopping || p.PID <= 1 {
		return p, false, nil
	}
	p, err = k.Start(p, dir, env)
	return p, true, err
}

// Stop asks the process to end and waits; after patience it is killed. One that is not there is no error.
func (k *Keeper) Stop(name string, patience time.Duration) error {
	p, ok := k.Find(name)
	if !ok {
		os.Remove(k.file(name))
		return nil
	}
	p.Stopping = true
	if err := k.Update(p); err != nil {
		return err
	}
	if err := syscall.Kill(p.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping %s (process %d): %w", name, p.PID, err)
	}
	for deadline := time.Now().Add(patience); p.Alive(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			syscall.Kill(p.PID, syscall.SIGKILL)
			deadline = deadline.Add(time.Hour)
		}
	}
	return os.Remove(k.file(name))
}

// Outdated says whether the program's file was replaced since the process started.
func (p Process) Outdated() bool {
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID))
	return err == nil && strings.HasSuffix(target, " (deleted)")
}

// Orphan says whether the command that was to stop the process is gone.
func (p Process) Orphan() bool { return p.Owner != 0 && syscall.Kill(p.Owner, 0) != nil }

// Alive says whether the process still runs.
func (p Process) Alive() bool {
	started, err := startTime(p.PID)
	return err == nil && started == p.Started
}

// Tail is the last lines of the process's log, for messages.
func (p Process) Tail(lines int) string {
	b, _ := os.ReadFile(p.Log)
	all := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n  | ")
}

func (k *Keeper) file(name string) string { return filepath.Join(k.files, name+".json") }

// Update writes p's file, with another owner for example.
func (k *Keeper) Update(p Process) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(k.file(p.Name), b)
}

// startTime is field 22 of /proc/PID/stat (clock ticks since boot); a zombie counts as gone.
func startTime(pid int) (string, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(b[bytes.LastIndex(b, []byte(") "))+1:])) // the command's name may hold anything but this, seen from the right
	if len(fields) < 20 || fields[0] == "Z" {
		return "", errors.New("not running")
	}
	return fields[19], nil
}
