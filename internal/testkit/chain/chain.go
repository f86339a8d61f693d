// Package chain runs the whole chain in tests: a real Temporal dev server, a real worker process and the real engine, in a
// folder of their own.
package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"crosssum/internal/local"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
	"gopkg.in/yaml.v3"
)

// Namespace of the test server.
const Namespace = "crosssum"

// Chain is a Temporal server with programs to run against it.
type Chain struct {
	T      *testing.T
	Dir    string // everything lies under it
	Client client.Client

	HeartbeatSeconds int // of the workers to come; 0: 10, so that a killed one is soon missed

	root    string // of the repository
	address string
	keeper  *local.Keeper
}

// New builds the programs and starts a server. The native libraries must be there: `./crosssum setup` builds them.
func New(t *testing.T, root string) *Chain {
	t.Helper()
	root, err := filepath.Abs(root)
	c := &Chain{T: t, Dir: t.TempDir(), root: root}
	c.must(err)
	c.build("worker", "./worker", "CGO_ENABLED=0")
	if os.Getenv("CGO_LDFLAGS") == "" {
		t.Fatal("the flags of native packages are not set: `. internal/native/env.sh` in the repository root, or run ./crosssum test")
	}
	c.build("engine", "./worker/engine", "CGO_ENABLED=1")
	c.keeper = local.NewKeeper(c.Dir)
	o := local.ServerOptions{Program: filepath.Join(root, "build/bin/temporal"), Database: filepath.Join(c.Dir, "temporal/t.db"),
		Port: freePort(t), UIPort: freePort(t)}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	server, err := c.keeper.StartServer(ctx, o)
	c.must(err)
	t.Cleanup(func() { c.keeper.Stop(local.ServerName, 10*time.Second) })
	c.address = server.Address
	c.must(local.PrepareNamespace(ctx, c.address, Namespace))
	c.Client, err = client.Dial(client.Options{HostPort: c.address, Namespace: Namespace, Logger: local.Quiet()})
	c.must(err)
	t.Cleanup(c.Client.Close)
	return c
}

// Address is the server's.
func (c *Chain) Address() string { return c.address }

func (c *Chain) must(err error) {
	c.T.Helper()
	if err != nil {
		c.T.Fatal(err)
	}
}

func (c *Chain) build(name, pkg, cgo string) {
	c.T.Helper()
	cmd := exec.Command("go", "build", "-o", filepath.Join(c.Dir, "bin", name), pkg)
	cmd.Dir, cmd.Env = c.root, append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.T.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Engine runs a subcommand of the native program.
func (c *Chain) Engine(args ...string) {
	c.T.Helper()
	cmd := exec.Command(filepath.Join(c.Dir, "bin/engine"), args...)
	cmd.Dir = c.root
	if out, err := cmd.CombinedOutput(); err != nil {
		c.T.Fatalf("engine %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// Worker is a running worker process. Store is where it publishes.
type Worker struct {
	Process local.Process
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
	w.Process, err = c.keeper.Start(local.Process{Name: local.WorkerName, Program: filepath.Join(c.Dir, "bin/worker"),
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
	for name, value := range map[string]any{"address": c.address, "namespace": Namespace, "store": "store", "runs": "runs",
		"crawl_roots": []string{filepath.Join(c.Dir, "crawls")}, "threads": 2, "engine": filepath.Join(c.Dir, "bin/engine"),
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
func (w *Worker) Stop() { w.chain.must(w.chain.keeper.Stop(local.WorkerName, 60*time.Second)) }

// KillEngine ends the worker's engine with SIGKILL and says whether there was one.
func (w *Worker) KillEngine() bool {
	entries, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, entry := range entries {
		b, err := os.ReadFile(entry)
		if err != nil {
			continue
		}
		text := string(b)
		fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
		if len(fields) > 1 && fields[1] == strconv.Itoa(w.Process.PID) && strings.Contains(text, "(engine)") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(entry)))
			return syscall.Kill(pid, syscall.SIGKILL) == nil
		}
	}
	return false
}

// Log is the end of the worker's log.
func (w *Worker) Log() string { return w.Process.Tail(25) }

// Start begins a run of a workflow with parameters in JSON.
func (c *Chain) Start(workflow, id, params string) client.WorkflowRun {
	c.T.Helper()
	run, err := c.Client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: id, TaskQueue: string(schemas.QueueMain)},
		workflow, schemas.RawParams(params))
	c.must(err)
	return run
}

// Wait waits for the result of a run; limit is an error.
func (c *Chain) Wait(run client.WorkflowRun, limit time.Duration) (schemas.PipelineResult, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var result schemas.PipelineResult
	err := run.Get(ctx, &result)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("not finished after %s: %w", limit, err)
	}
	return result, err
}

// Toy lays the toy corpus out as the crawl "toy", and a tiny random summarizer as the model "tiny".
func (c *Chain) Toy() {
	c.T.Helper()
	crawl := filepath.Join(c.Dir, "crawls/toy")
	c.must(os.CopyFS(crawl, os.DirFS(filepath.Join(c.root, "internal/testkit/toy"))))
	files, err := filepath.Glob(filepath.Join(crawl, "*.jsonl"))
	c.must(err)
	var sentences strings.Builder
	for _, file := range files {
		b, err := os.ReadFile(file)
		c.must(err)
		for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			var row struct{ Summary, Text string }
			if json.Unmarshal([]byte(line), &row) == nil { // one row is broken on purpose
				sentences.WriteString(row.Summary + "\n" + row.Text + "\n")
			}
		}
	}
	text, vocabulary := filepath.Join(c.Dir, "sentences.txt"), filepath.Join(c.Dir, "vocabulary/spiece.model")
	c.must(os.WriteFile(text, []byte(sentences.String()), 0o644))
	c.must(os.MkdirAll(filepath.Dir(vocabulary), 0o755))
	c.Engine("train-vocabulary", "--sentences", text, "--output", vocabulary, "--size", "1200")
	c.Engine("init-summarizer", "--vocabulary", vocabulary, "--output", filepath.Join(c.Dir, "models/tiny"), "--d-model", "64",
		"--d-ff", "64", "--encoder-layers", "1", "--decoder-layers", "1", "--seed", "7")
}

// Artifacts lists what a store published: "<stage>/<key>" -> manifest, which holds the digest of every file. The report is
// left out: it is a view, with times in it.
func Artifacts(t *testing.T, store string) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := filepath.Join(store, "stages")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if strings.HasPrefix(rel, schemas.Report.Name+string(filepath.Separator)) {
			return nil
		}
		b, err := os.ReadFile(path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
