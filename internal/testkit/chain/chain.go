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
	"strings"
	"testing"
	"time"

	"crosssum/internal/operation/processes"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
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
	keeper  *processes.Keeper
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
	c.build("summarizer", "./tools/summarizer", "CGO_ENABLED=1")
	c.keeper = processes.NewKeeper(c.Dir)
	o := processes.ServerOptions{Program: filepath.Join(root, "build/bin/temporal"), Database: filepath.Join(c.Dir, "temporal/t.db"),
		Port: freePort(t), UIPort: freePort(t)}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	server, err := c.keeper.StartServer(ctx, o)
	c.must(err)
	t.Cleanup(func() { c.keeper.Stop(processes.ServerName, 10*time.Second) })
	c.address = server.Address
	c.must(processes.PrepareNamespace(ctx, c.address, Namespace))
	c.Client, err = client.Dial(client.Options{HostPort: c.address, Namespace: Namespace, Logger: processes.Quiet()})
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

// Summarizer runs a command of the summarizer's maker.
func (c *Chain) Summarizer(args ...string) {
	c.T.Helper()
	cmd := exec.Command(filepath.Join(c.Dir, "bin/summarizer"), args...)
	cmd.Dir = c.root
	if out, err := cmd.CombinedOutput(); err != nil {
		c.T.Fatalf("summarizer %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

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
	c.Summarizer("vocabulary", "--sentences", text, "--output", vocabulary, "--size", "1200")
	c.Summarizer("init", "--vocabulary", vocabulary, "--output", filepath.Join(c.Dir, "models/tiny"), "--d-model", "64",
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
