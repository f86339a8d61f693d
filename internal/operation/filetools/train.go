package filetools

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"crosssum/internal/cli"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/training/train"
	"crosssum/schemas"
)

const trainHelp = `Trains a summarizer and writes a Hugging Face directory to --output, with metrics.jsonl (loss, rate, gradient norm: what repeats),
timings.jsonl (seconds by phase, tokens, padding, memory) and, where there is a split to validate on, validation.jsonl. Checkpoints lie in
its folder checkpoints, with an events file for TensorBoard, and the same command goes on from the newest good one. --data is a folder of
<source>-<target>_train.jsonl, and _val.jsonl to validate on ("validate_every_steps"), such as data/runs/<run>/dataset;
--batches a file with one JSON list of examples a line, {"text", "summary", "target_language"} or {"input_ids", "labels",
"start_id"}: exactly these batches, in this order, a step each. --params holds what differs from the preset paper's "train" parameters.
--numerics native takes what the machine has, bf16 or a GPU; without it, the bytes are the same on every processor with AVX2.`

// trainModel trains until the parameters' last step; what was interrupted goes on.
func trainModel(args []string) error {
	set := cli.New("train", "train --model DIR (--data DATASET | --batches F.jsonl) --output DIR [--params F.json] [--numerics native]", trainHelp,
		"./crosssum train --model models/crosssum-small --data data/runs/demo/dataset --output /tmp/model --params small.json", nil)
	r := engine.TrainRequest{Params: schemas.Paper().Train}
	set.StringVar(&r.Model, "model", "", "directory to start from")
	set.StringVar(&r.Dataset, "data", "", "data set to sample from")
	set.StringVar(&r.Batches, "batches", "", "file of batches")
	set.StringVar(&r.Output, "output", "", "folder of the result")
	set.Uint64Var(&r.Seed, "seed", schemas.Paper().Seed, "of batches and dropout masks")
	params := set.String("params", "", "JSON file of training parameters")
	if err := cli.Parse(set, args, "model", "output"); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	err := error(nil)
	if r.Batches != "" {
		if r.Params.Steps, err = train.CountBatches(r.Batches); err != nil {
			return err
		}
	}
	if r.Params, err = readParams(*params, r.Params); err != nil {
		return err
	}
	r.Work = filepath.Join(r.Output, "checkpoints")
	if err := mine(r.Output, r.Work); err != nil {
		return err
	}
	lock, err := alone(r.Work)
	if err != nil {
		return err
	}
	defer lock.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	result, err := train.Run(ctx, r, tell(os.Stderr, time.Now))
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted after step %d; the same command goes on from there", result.Steps)
	}
	if full := fault.Full(err); full != nil {
		return full
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// losses prints the losses of a file of batches.
func losses(args []string) error {
	set := cli.New("loss", "loss --model DIR --batches F.jsonl [--label-smoothing 0.1] [--source-tokens 512] [--target-tokens 84]",
		"Prints the loss of each line of a file of batches, as ./crosssum train --batches reads them: label-smoothed cross-entropy, mean over\n"+
			"the target tokens of the line, without dropout.", "./crosssum loss --model models/crosssum-small --batches batches.jsonl", nil)
	params := schemas.Paper().Train
	model := set.String("model", "", "model directory")
	batches := set.String("batches", "", "file of batches")
	set.Float64Var(&params.LabelSmoothing, "label-smoothing", params.LabelSmoothing, "share of the loss that is spread over the vocabulary")
	set.IntVar(&params.SourceTokens, "source-tokens", params.SourceTokens, "tokens of an article, the last one </s>")
	set.IntVar(&params.TargetTokens, "target-tokens", params.TargetTokens, "tokens of a summary, the last one </s>")
	if err := cli.Parse(set, args, "model", "batches"); err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	return train.Losses(*model, *batches, params, func(loss float64) { fmt.Fprintf(out, "%.9g\n", loss) })
}

// mine refuses an output folder that is not this training's to write to: a file, or a folder with a model in it but no checkpoint.
// (A checkpoint of another training is refused when it is read.)
func mine(output, work string) error {
	if info, err := os.Stat(output); err == nil && !info.IsDir() {
		return fault.New(schemas.InvalidInput, "--output %s is a file: give a folder, which need not be there yet", output)
	}
	if _, err := os.Stat(filepath.Join(output, "config.json")); err != nil {
		return nil
	}
	if steps, _ := filepath.Glob(filepath.Join(work, "step-*")); len(steps) == 0 {
		return fault.New(schemas.InvalidInput, "--output %s holds a model already, and no checkpoints of this training: give another folder, or remove it", output)
	}
	return nil
}

// tell writes a line a step, and while texts are read or tokenized one every ten seconds.
func tell(out io.Writer, now func() time.Time) engine.Report {
	started, step := now(), int64(-1)
	said := started
	return func(p schemas.Progress) {
		seconds := now().Sub(started).Seconds()
		loss, training := p.Metrics["loss"]
		switch texts := p.Metrics["articles_read"]; {
		case training && p.Done != step && p.Done == 0: // nothing has a loss yet
			fmt.Fprintf(out, "step 0 of %d, %.0f s\n", p.Total, seconds)
		case training && p.Done != step:
			fmt.Fprintf(out, "step %d of %d, loss %.4f, learning rate %.3g, checkpoint %.0f, %.0f s\n", p.Done, p.Total,
				loss, p.Metrics["learning_rate"], p.Metrics["checkpoint"], seconds)
		case texts > 0 && now().Sub(said) >= 10*time.Second:
			said = now()
			fmt.Fprintf(out, "%.0f texts read, %.0f s\n", texts, seconds)
		}
		if training {
			step = p.Done
		}
	}
}

// alone makes a work folder that is this process's until lock is closed, or the process ends. Two trainings in one folder would remove each
// other's checkpoints.
func alone(work string) (lock *os.File, err error) {
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	if lock, err = os.Open(work); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) { // some file systems have no locks
		lock.Close()
		return nil, fault.New(schemas.InvalidInput, "another ./crosssum train writes to %s: wait for its end, end it, or give another --output", work)
	}
	return lock, nil
}

// readParams lays a JSON file over training parameters, as strictly as a workflow's are read.
func readParams(path string, over schemas.TrainParams) (schemas.TrainParams, error) {
	if path == "" {
		return over, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return over, fault.New(schemas.InvalidInput, "%v", err)
	}
	p, err := schemas.DecodeTrain(raw, over)
	if err != nil {
		return p, fault.New(schemas.InvalidInput, "%s: %v", path, err)
	}
	return p, nil
}
