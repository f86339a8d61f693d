package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"crosssum/internal/operation/config"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/cli"
	"crosssum/internal/crawl"
	"crosssum/internal/fault/crash"
	"crosssum/internal/operation/live"
	"crosssum/schemas"
)

// prove shows by experiment what the documentation claims.
func prove(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "memory" {
		return proveMemory(ctx, args[1:])
	}
	set := flags("prove", "prove resume [--kills 20] [--steps 60] [--model DIR] [--data DATASET] [--params F.json]",
		"Trains undisturbed, then again with the training process killed (SIGKILL) at random moments and at named points of writing a\n"+
			"checkpoint, and compares the bytes of the two models, of their metrics and of their validations. Ends with status 1 if they differ, or if the training\n"+
			"ended before it was killed so often. Without --data\n"+
			"it trains on some articles of corpus/sample.\n\n./crosssum prove memory --help is about memory at real size.", "./crosssum prove resume --kills 20")
	p := proof{}
	set.IntVar(&p.kills, "kills", 20, "how often the second training is killed")
	set.IntVar(&p.steps, "steps", 60, "steps of each training")
	set.StringVar(&p.model, "model", filepath.Join(config.Root(), "models", "crosssum-small"), "directory to start from")
	set.StringVar(&p.data, "data", "", "folder of <source>-<target>_train.jsonl")
	params := set.String("params", "", "JSON file of training parameters over those of the proof")
	seed := set.Uint64("seed", 1, "of the moments of the kills")
	open := houseFlags(set)
	if len(args) > 0 && args[0] == "resume" {
		args = args[1:]
	} else if len(args) == 0 || args[0] != "-h" && args[0] != "--help" {
		return errors.New("prove: " + sayWhich("prove", args, "resume", "memory"))
	}
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	var err error
	if p.house, err = open(); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp("", "crosssum-prove-"); err != nil {
		return err
	}
	defer os.RemoveAll(p.dir)
	p.random = rand.New(rand.NewPCG(*seed, 0))
	return p.run(ctx, *params)
}

// sayWhich asks for one of the words that may follow a command, and names the nearest of what follows it.
func sayWhich(command string, args []string, words ...string) string {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return fmt.Sprintf("say which: ./crosssum %s %s", command, strings.Join(words, ", or "))
	}
	return fmt.Sprintf("no %q; %s", args[0], schemas.Instead(args[0], words))
}

// proof is one experiment.
type proof struct {
	house        *house
	dir          string
	model, data  string
	kills, steps int
	random       *rand.Rand
	params       string
}

// checkpointPoints are where a training can be told to end while it writes a checkpoint.
var checkpointPoints = []string{"checkpoint-begun", "checkpoint-written", "before-checkpoint-rename", "after-checkpoint-rename"}

func (p *proof) run(ctx context.Context, params string) error {
	if err := p.prepare(ctx, params); err != nil {
		return err
	}
	say("undisturbed: %d steps ...", p.steps)
	straight, began := filepath.Join(p.dir, "straight"), time.Now()
	if _, err := p.train(ctx, straight, "", 0); err != nil {
		return err
	}
	whole := time.Since(began)
	say("undisturbed: done in %s", live.Clock(whole))
	disturbed, survived, repeated, reached := filepath.Join(p.dir, "disturbed"), 0, 0, 0
	for {
		point, after := "", time.Duration(0)
		if survived < p.kills {
			if survived%3 == 2 { // every third dies at a point of a checkpoint
				point = fmt.Sprintf("%s:%d", checkpointPoints[p.random.IntN(len(checkpointPoints))], 1)
			}
			after = p.soon(whole*time.Duration(p.steps-reached)/time.Duration(p.steps), p.kills-survived)
		}
		steps, err := p.train(ctx, disturbed, point, after)
		if len(steps) > 0 { // else it was killed before its first word
			repeated += max(0, reached-steps[0])
			reached = steps[len(steps)-1]
		}
		if err == nil {
			break
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !killed(exit) {
			return err
		}
		survived++
		say("kill %d of %d %s: had come to step %d of %d", survived, p.kills, at(point, after), reached, p.steps)
	}
	return p.compare(straight, disturbed, survived, repeated)
}

// soon is a moment after the start of an attempt of a training that has so long to go and is to be killed so many times: some attempts
// end while they load, some after a checkpoint, and the training outlives all kills.
func (p *proof) soon(left time.Duration, kills int) time.Duration {
	return loading/2 + time.Duration(2*p.random.Float64()*float64(loading+left/time.Duration(kills+1)))
}

// loading is about what a small model and its data take to load.
const loading = 500 * time.Millisecond

func at(point string, after time.Duration) string {
	if point != "" {
		return "at " + point
	}
	return fmt.Sprintf("after %.1f s", after.Seconds())
}

func killed(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// prepare writes the parameters and, unless it was given, a small data set.
func (p *proof) prepare(ctx context.Context, over string) error {
	t := schemas.Demo().Train
	t.Steps, t.MiniBatch, t.Pairs, t.MicroBatch, t.SourceTokens, t.TargetTokens = p.steps, 4, 2, 4, 48, 16
	t.CheckpointEvery, t.WarmupSteps, t.ValidateEvery, t.ValidationSamples = 4, 4, 10, 6
	if over != "" {
		raw, err := os.ReadFile(over)
		if err != nil {
			return err
		}
		if t, err = schemas.DecodeTrain(raw, t); err != nil {
			return fmt.Errorf("%s: %w", over, err)
		}
		p.steps = t.Steps
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	p.params = filepath.Join(p.dir, "params.json")
	if err := os.WriteFile(p.params, raw, 0o644); err != nil {
		return err
	}
	if p.data == "" {
		p.data = filepath.Join(p.dir, "data")
		return p.sample(ctx)
	}
	return nil
}

// sample makes a data set of some hundred articles with their own summaries.
func (p *proof) sample(ctx context.Context) error {
	folder, err := crawl.OpenFolder(filepath.Join(config.Root(), "corpus", "sample"))
	if err != nil {
		return err
	}
	defer folder.Close()
	languages := []string{"english", "russian", "german"}
	for _, language := range languages {
		files, err := folder.Files([]string{language})
		if err != nil {
			return err
		}
		if err := folder.Digest(files, func(int64) error { return ctx.Err() }); err != nil {
			return err
		}
		out := filepath.Join(p.dir, language)
		if err := errors.Join(os.MkdirAll(out, 0o755), os.MkdirAll(p.data, 0o755)); err != nil {
			return err
		}
		_, err = crawl.Ingest(ctx, folder, files, schemas.Demo().Ingest, false, out, out, func(int64) {})
		if err != nil {
			return err
		}
		var rows, held bytes.Buffer // to train and to validate on
		n := 0
		err = arrowfile.Each(filepath.Join(out, "articles.arrow"), func(row *schemas.ArticleRow) error {
			if n++; n > 200 {
				return nil
			}
			into := &rows
			if n > 180 {
				into = &held
			}
			return json.NewEncoder(into).Encode(map[string]string{"text": row.Text, "summary": row.Summary})
		})
		if err != nil {
			return err
		}
		for split, rows := range map[string][]byte{"train": rows.Bytes(), "val": held.Bytes()} {
			name := fmt.Sprintf("%s-%s_%s.jsonl", language, language, split)
			if err := os.WriteFile(filepath.Join(p.data, name), rows, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// train runs the training into out, and kills it at point or after a while (0: not at all). steps are those that it reported:
// the first is the one that it went on from.
func (p *proof) train(ctx context.Context, out, point string, after time.Duration) (steps []int, err error) {
	c := engineTool(ctx, p.house.config, "", "train", "--model", p.model, "--data", p.data, "--output", out, "--params", p.params)
	var log bytes.Buffer
	c.Stderr = &log
	if point != "" {
		c.Env = append(c.Env, crash.Variable+"="+point)
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	if after > 0 && point == "" {
		timer := time.AfterFunc(after, func() { c.Process.Kill() })
		defer timer.Stop()
	}
	err = c.Wait()
	for _, line := range strings.Split(log.String(), "\n") {
		var step, of int
		if n, _ := fmt.Sscanf(line, "step %d of %d", &step, &of); n == 2 {
			steps = append(steps, step)
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && !killed(exit) {
		err = fmt.Errorf("the training failed:\n%s", log.String())
	}
	return steps, err
}

// compare says what became of it.
func (p *proof) compare(straight, disturbed string, survived, repeated int) error {
	equal := true
	fmt.Printf("kills survived: %d of %d\nsteps repeated: %d, beside the %d of an undisturbed training\n", survived, p.kills, repeated, p.steps)
	for _, name := range []string{"model.safetensors", "config.json", "metrics.jsonl", "validation.jsonl"} {
		a, err := os.ReadFile(filepath.Join(straight, name))
		if name == "validation.jsonl" && errors.Is(err, os.ErrNotExist) { // --data without a split to validate on, or --params that say never
			continue
		}
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(disturbed, name))
		if err != nil {
			return err
		}
		same := bytes.Equal(a, b)
		equal = equal && same
		fmt.Printf("%-18s %12s bytes, equal: %v\n", name, live.Thousands(int64(len(a))), same)
	}
	switch {
	case !equal:
		return errSaid
	case survived < p.kills:
		return fmt.Errorf("prove resume: the training ended before it was killed %d times: give it more --steps", p.kills)
	}
	return nil
}
