// Package chain runs the whole chain in tests: a real Temporal dev server, a real worker process and the real engine, in a
// folder of their own.
package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crosssum/internal/testkit/programs"
	"crosssum/schemas"

	"go.temporal.io/sdk/client"
)

// Chain is a Temporal server with programs to run against it.
type Chain struct {
	T      *testing.T
	Dir    string // everything lies under it
	Client client.Client

	HeartbeatSeconds int // of the workers to come; 0: 10, so that a killed one is soon missed

	root, worker, engine string // of the repository, and of the programs
	server               *programs.Server
}

// New finds or builds the programs and starts a server.
func New(t *testing.T) *Chain {
	t.Helper()
	programs.Temporal(t) // without one nothing needs to be built
	c := &Chain{T: t, Dir: t.TempDir(), root: programs.Root(t), worker: programs.Path(t, "worker"), engine: programs.Path(t, "engine")}
	c.server = programs.Start(t, c.Dir)
	c.Client = c.server.Client
	return c
}

// Address is the server's.
func (c *Chain) Address() string { return c.server.Address }

func (c *Chain) must(err error) {
	c.T.Helper()
	if err != nil {
		c.T.Fatal(err)
	}
}

// Summarizer runs a command of the summarizer's maker.
func (c *Chain) Summarizer(args ...string) {
	c.T.Helper()
	cmd := exec.Command(programs.Path(c.T, "summarizer"), args...)
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
