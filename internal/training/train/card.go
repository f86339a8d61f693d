package train

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

const cardFile = "README.md"

// writeCard writes to dir the README of the trained model: how to summarize with it in transformers, and what it was made from. Its
// bytes repeat: no path, name or time is in it.
func (r *run) writeCard(dir string) error {
	var b strings.Builder
	c, p := r.model.Config, r.request.Params
	taken := ""
	if p.Output == "best" {
		taken = fmt.Sprintf("; these are the weights of step %d, the best of its validations", r.Best.Step)
	}
	fmt.Fprintf(&b, `---
library_name: transformers
pipeline_tag: summarization
---
# A cross-lingual summarizer

%s: %d encoder and %d decoder layers, d_model %d, %d heads of %d, feed-forward %d, vocabulary %d, %.1f million parameters.
Trained by CrossSum: %d steps, %d samples of %d pairs of languages%s.

`, map[string]string{"mt5": "mT5", "t5": "T5 v1.1"}[c.ModelType], c.NumLayers, c.NumDecoderLayers, c.DModel, c.NumHeads, c.DKV, c.DFF, c.VocabSize,
		float64(c.Count())/1e6, r.Step, r.Samples, len(r.feed.pairs()), taken)
	b.WriteString(c.Usage(p.SourceTokens, p.TargetTokens))
	batches := fmt.Sprintf(`batches of %d x %d by "%s" (alpha %g, beta %g)`, p.Pairs, p.MiniBatch, p.Sampling, p.Alpha, p.Beta)
	if r.request.Batches != "" {
		batches = "the batches of a file, in its order"
	}
	data := sha256.New()
	for _, digest := range r.digests[3:] {
		io.WriteString(data, digest+"\n")
	}
	fmt.Fprintf(&b, `## Made from

| what | SHA-256 |
|---|---|
| base model, config.json | %s |
| base model, weights | %s |
| base model, spiece.model | %s |
| training data: the SHA-256 of %d files, a line each | %s |

%s, rate %g * d_model^-0.5 * min(s^-0.5, s * %d^-1.5), %s, source %d and target %d tokens,
label smoothing %g, dropout %g, seed %d. The loss and rate of every step are in metrics.jsonl.
`, r.digests[0], r.digests[1], r.digests[2], len(r.digests[3:]), hex.EncodeToString(data.Sum(nil)), p.Optimizer, p.LearningRate, p.WarmupSteps,
		batches, p.SourceTokens, p.TargetTokens, p.LabelSmoothing, p.Dropout, r.request.Seed)
	return os.WriteFile(filepath.Join(dir, cardFile), []byte(b.String()), 0o644)
}

// eachRecorded calls do with what the model in dir was trained on by its record, if it has one. A row is valid until the next one.
func eachRecorded(dir string, do func(trained.Row)) error {
	path := filepath.Join(dir, schemas.TrainedOnFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := trained.Read(path, do); err != nil {
		return invalid("the record of what the model was trained on: %v: copy the model once more from where it came from", err)
	}
	return nil
}

// unrecorded is an error where the model in dir has a record that cannot be read: it is wanted at the end of a training.
func unrecorded(dir string) error { return eachRecorded(dir, func(trained.Row) {}) }

// record writes to dir what the model has been trained on: the samples of this training, and what the record of the model that it began
// with lists. An article that was edited between has a row for each of its contents.
func (r *run) record(dir string) error {
	rows, err := r.feed.seen()
	if err != nil {
		return err
	}
	if err := eachRecorded(r.request.Model, func(row trained.Row) { rows = append(rows, row.Clone()) }); err != nil {
		return err
	}
	return trained.Write(filepath.Join(dir, schemas.TrainedOnFile), rows)
}
