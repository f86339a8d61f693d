package chain

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"crosssum/internal/operation/processes"
	"crosssum/internal/testkit/programs"

	"gopkg.in/yaml.v3"
)

// Worker is a running worker process. Store is where it publishes.
type Worker struct {
	Process processes.Process
	Store   string
	chain   *Chain
}

// StartWorker starts a worker that publishes under <dir>/<store>. Heartbeat timeouts are short: a killed worker is missed
// after some seconds.
func (c *Chain) StartWorker(store string, env ...string) *Worker {
	c.T.Helper()
	path := filepath.Join(c.Dir, store, "temporal.yaml")
	c.must(os.MkdirAll(filepath.Dir(path), 0o755))
	c.writeConfig(path)
	w := &Worker{Store: filepath.Join(c.Dir, store, "store"), chain: c}
	var err error
	w.Process, err = c.server.Keeper.Start(processes.Process{Name: processes.WorkerName, Program: c.worker,
		Args: []string{"--config", path}}, c.root, env)
	c.must(err)
	c.T.Cleanup(w.Kill)
	return w
}

func (c *Chain) writeConfig(path string) {
	c.T.Helper()
	b, err := os.ReadFile(filepath.Join(c.root, "temporal.yaml"))
	c.must(err)
	var y map[string]any
	c.must(yaml.Unmarshal(b, &y))
	for name, value := range map[string]any{"address": c.server.Address, "namespace": programs.Namespace, "store": "store", "runs": "runs",
		"crawl_roots": []string{filepath.Join(c.Dir, "crawls")}, "threads": 2, "engine": c.engine,
		"model_roots": []string{filepath.Join(c.Dir, "models"), filepath.Join(c.root, "models"), filepath.Join(c.root, "build/models")},
		"language_id": filepath.Join(c.root, "build/models/lid.176.ftz"), "heartbeat_throttle_seconds": 1} {
		y[name] = value
	}
	heartbeat := c.HeartbeatSeconds
	if heartbeat == 0 {
		heartbeat = 10
	}
	for _, policy := range y["stages"].(map[string]any) {
		policy.(map[string]any)["heartbeat_seconds"] = heartbeat
	}
	y["defaults"].(map[string]any)["heartbeat_seconds"] = heartbeat
	y["defaults"].(map[string]any)["attempts"] = 50
	b, err = yaml.Marshal(y)
	c.must(err)
	c.must(os.WriteFile(path, b, 0o644))
}

// Alive says whether the worker still runs.
func (w *Worker) Alive() bool { return w.Process.Alive() }

// Kill ends the worker with SIGKILL; its engine follows it.
func (w *Worker) Kill() { syscall.Kill(w.Process.PID, syscall.SIGKILL) }

// Stop asks the worker to end, and waits.
func (w *Worker) Stop() {
	w.chain.must(w.chain.server.Keeper.Stop(processes.WorkerName, 60*time.Second))
}

// KillEngine ends the worker's engine with SIGKILL and says whether there was one.
func (w *Worker) KillEngine() bool {
	for _, engine := range programs.Children(w.Process.PID) {
		return syscall.Kill(engine, syscall.SIGKILL) == nil
	}
	return false
}

// Ranks are the processes of a training with several, but for the first, which is the worker's engine.
func (w *Worker) Ranks() (pids []int) {
	for _, engine := range programs.Children(w.Process.PID) {
		for _, child := range programs.Children(engine) {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", child))
			if string(name) == "exe\n" { // of /proc/self/exe; Go's runtime once has a child of its own, as a trial
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// Log is the end of the worker's log.
func (w *Worker) Log() string { return w.Process.Tail(25) }
