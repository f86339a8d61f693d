package schemas

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// rowName is the form of a language's name; whether the table has it is checked where the table may be read.
var rowName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// Validate checks every parameter against its range. The error begins with the JSON path of the first that is wrong.
func (p Params) Validate() error {
	c := &checks{}
	c.check(p.Crawl != "", "crawl", "is missing: the name of a folder under a crawl root of temporal.yaml")
	c.params(p)
	return c.err
}

// catalogueName is the form of a ledger's name: a part of the store's ref names.
var catalogueName = regexp.MustCompile(`^[a-z0-9_][a-z0-9_.-]{0,63}$`)

// folderName is the form of the name of a crawl folder.
var folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// Validate checks every parameter against its range, as Params.Validate does.
func (p RealignParams) Validate() error {
	c := &checks{}
	c.check(catalogueName.MatchString(p.Catalogue), "catalogue", "%.80q: a name of a-z, 0-9, dot, dash and underscore is wanted", p.Catalogue)
	c.check(p.Crawls == "" || folderName.MatchString(p.Crawls), "crawls", "%.120q: the name of a folder in a crawl root is wanted", p.Crawls)
	c.check(p.Crawls == "" || p.Crawl == "", "crawl", "and $.crawls are both given: name one crawl, or the folder of many")
	c.check(!p.Retry || p.Crawl != "", "retry", "is set, and $.crawl does not say which crawl to take again")
	c.params(p.Params)
	return c.err
}

func (c *checks) params(p Params) {
	c.check(len(p.Crawl) <= 256, "crawl", "is longer than 256 bytes")
	for i, l := range p.Languages {
		c.check(rowName.MatchString(l), fmt.Sprintf("languages[%d]", i), "%.64q is not a language's name (a-z, 0-9 and _)", l)
		c.check(!slices.Contains(p.Languages[:i], l), fmt.Sprintf("languages[%d]", i), "%q is given twice", l)
	}
	c.oneOf("numerics", p.Numerics, "portable", "native")
	c.check(p.Summarizer != "", "summarizer", "is missing: the name of a model")

	c.whole("ingest.max_line_bytes", p.Ingest.MaxLineBytes, 64, 1<<30)
	c.whole("ingest.max_file_bytes", p.Ingest.MaxFileBytes, 64, 1<<44)
	c.real("ingest.reject_fraction", p.Ingest.RejectFraction, 0, 1)

	c.oneOf("screen.misplaced", p.Screen.Misplaced, "keep", "set_aside", "move")
	c.whole("screen.letters", p.Screen.Letters, 1, 1<<20)
	c.real("screen.probability", p.Screen.Probability, 0.5, 1)
	c.real("screen.own_at_most", p.Screen.OwnAtMost, 0, 0.5)
	c.whole("screen.original_letters", p.Screen.OriginalLetters, 1, 1<<20)
	c.real("screen.original_probability", p.Screen.OriginalProbability, 0, 1)
	c.whole("screen.template_articles", p.Screen.TemplateArticles, 2, 1<<20)

	c.check(p.Encoder.Name != "", "encoder.name", "is missing: the name of a model")
	c.check(len(p.Encoder.Prefix) <= 256, "encoder.prefix", "is longer than 256 bytes")
	c.whole("encoder.max_tokens", p.Encoder.MaxTokens, 3, 8192)
	c.whole("encoder.batch_tokens", p.Encoder.BatchTokens, p.Encoder.MaxTokens, 1<<20)

	c.oneOf("align.rule", p.Align.Rule, "margin", "agreement", "mutual", "seed", "induced")
	if p.Align.Threshold != nil {
		c.real("align.threshold", *p.Align.Threshold, -1, 10)
	}
	if p.Align.Duplicate != nil {
		c.real("align.duplicate_threshold", *p.Align.Duplicate, -1, 2)
	}
	c.whole("align.neighbours", p.Align.Neighbours, 1, 256)
	c.whole("align.keep", p.Align.Keep, p.Align.Neighbours, 1024)
	c.whole("align.block_rows", p.Align.BlockRows, 16, 1<<20)

	c.whole("split.train_percent", p.Split.Train, 0, 100)
	c.whole("split.val_percent", p.Split.Val, 0, 100)
	c.whole("split.test_percent", p.Split.Test, 0, 100)
	c.check(p.Split.Train+p.Split.Val+p.Split.Test == 100, "split", "the three percentages sum to %d, not 100",
		p.Split.Train+p.Split.Val+p.Split.Test)
	c.real("split.large_component_share", p.Split.LargeShare, 0, 1)

	c.train(p.Train)
	c.check(p.Train.Precision != "bf16" || p.Numerics == "native", "train.precision", "bf16 needs numerics native: portable numerics are fp32")

	g := p.Generate
	c.whole("generate.samples", g.Samples, 0, 1<<30)
	c.whole("generate.largest_pairs", g.LargestPairs, 0, 1<<20)
	c.whole("generate.samples_a_pair", g.SamplesAPair, 0, 1<<20)
	c.whole("generate.beams", g.Beams, 1, 64)
	c.real("generate.length_penalty", g.LengthPenalty, -10, 10)
	c.whole("generate.no_repeat_ngram", g.NoRepeatNgram, 0, 64)
	c.whole("generate.max_tokens", g.MaxTokens, 2, 4096)
	c.whole("generate.batch_size", g.BatchSize, 1, 4096)

	c.whole("report.low_below", p.Report.LowBelow, 1, 1<<30)
	c.whole("report.mid_below", p.Report.MidBelow, p.Report.LowBelow, 1<<30)
}

func (c *checks) train(t TrainParams) {
	c.whole("train.steps", t.Steps, 1, 10_000_000)
	c.whole("train.mini_batch", t.MiniBatch, 1, 1<<16)
	c.whole("train.pairs", t.Pairs, 1, 1<<16)
	c.whole("train.micro_batch", t.MicroBatch, 1, 1<<16)
	c.whole("train.ranks", t.Ranks, 0, 64)
	c.check(t.Pairs*t.MiniBatch%max(t.Ranks, 1) == 0, "train.ranks", "%d ranks cannot share a batch of %d (pairs times mini_batch) equally",
		t.Ranks, t.Pairs*t.MiniBatch)
	c.real("train.alpha", t.Alpha, 0, 10)
	c.real("train.beta", t.Beta, 0, 10)
	c.oneOf("train.sampling", t.Sampling, "coin", "fixed_source", "fixed_target", "unistage")
	c.oneOf("train.setting", t.Setting, "many_to_many", "many_to_one", "one_to_many", "")
	c.check((t.Pivot != "") == (t.Setting == "many_to_one" || t.Setting == "one_to_many"), "train.pivot",
		"is %.40q; the settings many_to_one and one_to_many have one, many_to_many has none", t.Pivot)
	c.whole("train.source_tokens", t.SourceTokens, 2, 16384)
	c.whole("train.target_tokens", t.TargetTokens, 2, 4096)
	c.check(t.LearningRate > 0 && t.LearningRate <= 1000, "train.learning_rate_scale", "%v must be above 0 and at most 1000", t.LearningRate)
	c.whole("train.warmup_steps", t.WarmupSteps, 0, 1<<30)
	c.oneOf("train.optimizer", t.Optimizer, "adafactor", "adamw")
	c.check(t.Optimizer != "adamw" || !t.ScaleParameter, "train.scale_parameter", "belongs to adafactor, and train.optimizer is adamw: set it to false")
	c.real("train.label_smoothing", t.LabelSmoothing, 0, 0.999)
	c.real("train.weight_decay", t.WeightDecay, 0, 0.999)
	c.real("train.gradient_norm", t.GradientNorm, 1e-6, 1e6)
	c.real("train.dropout", t.Dropout, 0, 0.999)
	c.oneOf("train.precision", t.Precision, "auto", "fp32", "bf16")
	c.whole("train.checkpoint_every_steps", t.CheckpointEvery, 1, 1<<30)
	c.whole("train.keep_checkpoints", t.KeepCheckpoints, 1, 1000)
	c.whole("train.validate_every_steps", t.ValidateEvery, 0, 1<<30)
	c.whole("train.validation_samples", t.ValidationSamples, 1, 1<<20)
	c.oneOf("train.best_by", t.BestBy, "rouge2", "loss")
	c.oneOf("train.output", t.Output, "last", "best")
	c.whole("train.patience", t.Patience, 0, 1<<20)
	c.check(t.ValidateEvery > 0 && t.ValidateEvery <= t.Steps || t.Output != "best" && t.Patience == 0, "train.validate_every_steps",
		"%d: output \"best\" and patience need a validation within the %d steps", t.ValidateEvery, t.Steps)
}

// checks keeps the first error.
type checks struct{ err error }

func (c *checks) check(ok bool, path, format string, args ...any) {
	if !ok && c.err == nil {
		c.err = fmt.Errorf("$.%s: %s", path, fmt.Sprintf(format, args...))
	}
}

func (c *checks) oneOf(path, value string, names ...string) {
	c.check(slices.Contains(names, value), path, "%.40q is not one of %s", value, strings.Join(names, ", "))
}

func (c *checks) real(path string, value, low, high float64) {
	c.check(!math.IsNaN(value) && value >= low && value <= high, path, "%v is not in %v..%v", value, low, high)
}

func (c *checks) whole(path string, value any, low, high int) {
	var n int64
	switch v := value.(type) {
	case int:
		n = int64(v)
	case int64:
		n = v
	}
	c.check(n >= int64(low) && n <= int64(high), path, "%d is not in %d..%d", n, low, high)
}
