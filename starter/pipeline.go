package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"crosssum/internal/operation/intake"
	"crosssum/schemas"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// demo runs the whole chain on the shipped corpus.
func demo(ctx context.Context, args []string) error {
	var stages []string
	for _, stage := range schemas.RowsOf(schemas.PipelineWorkflow) {
		stages = append(stages, stage.Name)
	}
	set := flags("demo", "demo [--keep] [--preset demo] [--params FILE]",
		"Runs every stage on the corpus in corpus/sample:\n"+strings.Join(stages, ", ")+".\n"+
			"The preset `demo` is the published method cut to what two cores do in some seven minutes: texts of 128 tokens,\n"+
			"summaries of 32, batches of 2 x 32, 80 steps, 600 generated samples. What is published already is not computed again.\n"+
			"Ctrl-C cancels the run; the next one goes on from what was published.", "./crosssum demo --keep")
	return pipeline(ctx, set, args, func(*house) (string, error) { return "", nil })
}

// run runs it on a folder of the user's.
func run(ctx context.Context, args []string) error {
	set := flags("run", "run --crawl DIR [--languages a,b] [--preset paper] [--params FILE] [--keep]",
		"Runs every stage on a crawl: a folder with <language>[_<train|val|test>].jsonl[.gz|.bz2|.xz|.zst], or a .tar of them,\n"+
			"one JSON object a line with id, url, title, summary and text. The folder is brought under data/crawls by hard links (copies where they fail), and not\n"+
			"changed. The preset `demo` is small; `paper` has the published numbers and wants LaBSE and mT5 under models/.",
		"./crosssum run --crawl ~/crawls/2026-11 --languages english,hindi,russian")
	crawl := set.String("crawl", "", "the crawl folder, or the name of one under a crawl root")
	return pipeline(ctx, set, args, func(h *house) (string, error) {
		if *crawl == "" {
			return "", errors.New("run: --crawl DIR is missing; see ./crosssum run --help")
		}
		return intake.Crawl(h.config.CrawlRoots, *crawl)
	})
}

// pipeline starts the Pipeline workflow with the flags' parameters, watches it and prints its result. crawl gives the name of
// the crawl; "" leaves the preset's.
func pipeline(ctx context.Context, set *flag.FlagSet, args []string, crawl func(*house) (string, error)) error {
	keep := set.Bool("keep", false, "leave the Temporal server, its web UI and the worker running")
	preset := set.String("preset", "", "demo or paper: where parameters come from that --params does not name (default demo)")
	params := set.String("params", "", "a JSON file of parameters over the preset's; ./crosssum example pipeline prints one")
	languages := set.String("languages", "", "names of languages, separated by commas (default: all of the crawl)")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	name, err := crawl(h)
	if err != nil {
		return err
	}
	input, resolved, err := parameters(*params, *preset, name, *languages)
	if err != nil {
		return err
	}
	var result schemas.PipelineResult
	took, err := h.perform(ctx, job{schemas.PipelineWorkflow, set.Name(), input, about(resolved), *keep}, openly(resolved), &result)
	if err != nil {
		return err
	}
	summary(os.Stdout, result, resolved.Encoder.Name, took)
	h.stillRunning(*keep)
	return nil
}

// job is a workflow with its input; its id begins with prefix.
type job struct {
	workflow, prefix string
	input            json.RawMessage
	about            string // what it works on, in a few words
	keep             bool   // leave server and worker running
}

func about(p schemas.Params) string { return fmt.Sprintf("preset %s, crawl %s", p.Preset, p.Crawl) }

// perform starts a workflow, watches it to its end and decodes what it returns into result; of one that failed the details
// of its error, if it has any. note is printed at the start.
func (h *house) perform(ctx context.Context, j job, note string, result any) (took time.Duration, err error) {
	defer h.stopOwn()
	if err := h.start(ctx, j.keep, true); err != nil {
		return 0, err
	}
	c, err := h.client()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	started, err := h.execute(ctx, c, j)
	if err != nil {
		return 0, err
	}
	fmt.Printf("run %s: %s\n%s", started.GetID(), j.about, note)
	if h.ui != "" {
		fmt.Printf("web UI: %s\n", h.runURL(started))
	}
	begin := time.Now()
	watched, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	leave := h.attend(watched, giveUp)
	err = watch(watched, c, started)
	leave()
	if ctx.Err() != nil {
		return 0, interrupted(c, started)
	}
	if watched.Err() != nil {
		return 0, context.Cause(watched)
	}
	if err == nil {
		err = started.Get(ctx, result)
	}
	if err != nil {
		explain(os.Stderr, err, h.runURL(started))
		if failure := (*temporal.ApplicationError)(nil); errors.As(err, &failure) && failure.HasDetails() {
			return time.Since(begin), errors.Join(errSaid, failure.Details(result))
		}
		return 0, errSaid
	}
	return time.Since(begin), nil
}

// stillRunning says what a command leaves behind.
func (h *house) stillRunning(keep bool) {
	if h.ui != "" && keep {
		fmt.Printf("\nStill running: web UI %s (./crosssum down stops it)\n", h.runsURL())
	}
}

// openly says how small a run of the demo's preset is.
func openly(p schemas.Params) string {
	if p.Preset != "demo" {
		return ""
	}
	t, g, most := p.Train, p.Generate, ""
	if g.LargestPairs > 0 && g.SamplesAPair > 0 {
		most = fmt.Sprintf(" (%d of each of the %d largest pairs at least)", g.SamplesAPair, g.LargestPairs)
	}
	return fmt.Sprintf("  small on purpose: %d steps of %d x %d samples, warm-up %d; source %d and target %d tokens; %d test samples summarized%s,\n"+
		"  the rest listed as not generated. The published numbers are --preset paper.\n", t.Steps, t.Pairs, t.MiniBatch, t.WarmupSteps,
		t.SourceTokens, t.TargetTokens, g.Samples, most)
}

// parameters reads the JSON file at path ("" for none), lays the flags over it and checks the whole as the workflow will.
func parameters(path, preset, crawl, languages string) (json.RawMessage, schemas.Params, error) {
	input, err := laid(path, preset, crawl, languages, nil)
	if err != nil {
		return nil, schemas.Params{}, err
	}
	resolved, err := schemas.DecodePipeline(input)
	if err != nil && path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return input, resolved, err
}

// laid is the JSON object at path ("" for {}) with the flags over it; over has more of them, by a field's path of one or two
// names.
func laid(path, preset, crawl, languages string, over map[string]any) (json.RawMessage, error) {
	fields := map[string]any{}
	if path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(bytes.NewReader(b))
		decoder.UseNumber()
		if err := decoder.Decode(&fields); err != nil {
			return nil, fmt.Errorf("%s: %w", path, schemas.InJSONsWords(err))
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: more follows the object", path)
		}
	}
	if preset != "" {
		fields["preset"] = preset
	}
	if crawl != "" {
		fields["crawl"] = crawl
	}
	if languages != "" {
		fields["languages"] = strings.FieldsFunc(languages, func(r rune) bool { return r == ',' || r == ' ' })
	}
	for name, value := range over {
		outer, inner, nested := strings.Cut(name, ".")
		if !nested {
			fields[outer] = value
			continue
		}
		part, ok := fields[outer].(map[string]any)
		if !ok {
			part = map[string]any{}
			fields[outer] = part
		}
		part[inner] = value
	}
	return json.Marshal(fields)
}

// execute starts the workflow. A namespace or a search attribute made a moment ago may not have reached every cache of the
// server: then it is tried again for a while.
func (h *house) execute(ctx context.Context, c client.Client, j job) (client.WorkflowRun, error) {
	options := client.StartWorkflowOptions{
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, // results lie in a folder named by it
		TaskQueue:             h.config.Queue(schemas.QueueMain), WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            j.about,
	}
	id := j.prefix + time.Now().UTC().Format("-20060102-1504")
	for try, deadline := 1, time.Now().Add(20*time.Second); ; {
		if options.ID = id; try > 1 {
			options.ID = fmt.Sprintf("%s-%d", id, try)
		}
		started, err := c.ExecuteWorkflow(ctx, options, j.workflow, j.input)
		var exists *serviceerror.WorkflowExecutionAlreadyStarted
		var noNamespace *serviceerror.NamespaceNotFound
		switch {
		case err == nil:
			return started, nil
		case errors.As(err, &exists):
			try++
		case errors.As(err, &noNamespace) && time.Now().Before(deadline):
			time.Sleep(300 * time.Millisecond)
		default:
			return nil, h.blame(fmt.Errorf("starting the run: %w", err))
		}
	}
}

// interrupted cancels the run and waits a little for its activities to stop, so that a training writes its checkpoint.
func interrupted(c client.Client, run client.WorkflowRun) error {
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	say("\ninterrupted: cancelling %s (a second Ctrl-C leaves at once)", run.GetID())
	if err := c.CancelWorkflow(ctx, run.GetID(), ""); err != nil {
		return fmt.Errorf("cancelling %s: %w", run.GetID(), err)
	}
	if run.Get(ctx, nil); ctx.Err() != nil {
		say("%s is still stopping; ./crosssum status says when it has", run.GetID())
	}
	say("what was published stays: the same command goes on from there")
	return context.Canceled
}

// runURL is the web UI's page of a run.
func (h *house) runURL(run client.WorkflowRun) string {
	if h.ui == "" {
		return ""
	}
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s/%s", h.ui, h.config.Namespace, url.PathEscape(run.GetID()), run.GetRunID())
}
