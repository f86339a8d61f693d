package schemas

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// The ranges of all parameters. Each struct has one Check, which is called where it is decoded and where it is computed with: what a
// workflow takes no stage refuses hours later. The error begins with the path of the first parameter that is wrong ("train.steps: ...").

// Check is of all parameters of a run, and of those that have to do with each other.
func (p Params) Check() error {
	c := &checks{}
	c.check(p.Crawl != "", "crawl", "is missing: the name of a folder under a crawl root of temporal.yaml")
	c.params(p)
	return c.err
}

// catalogueName is the form of a ledger's name: a part of the store's ref names.
var catalogueName = regexp.MustCompile(`^[a-z0-9_][a-z0-9_.-]{0,63}$`)

// folderName is the form of the name of a crawl folder.
var folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func (p RealignParams) Check() error {
	c := &checks{}
	c.check(catalogueName.MatchString(p.Catalogue), "catalogue", "%.80q: a name of a-z, 0-9, dot, dash and underscore is wanted", p.Catalogue)
	c.check(p.Crawls == "" || folderName.MatchString(p.Crawls), "crawls", "%.120q: the name of a folder in a crawl root is wanted", p.Crawls)
	c.check(p.Crawls == "" || p.Crawl == "", "crawl", "and $.crawls are both given: name one crawl, or the folder of many")
	c.check(!p.Retry || p.Crawl != "", "retry", "is set, and $.crawl does not say which crawl to take again")
	c.params(p.Params)
	return c.err
}

func (p CalibrateParams) Check() error {
	c := &checks{}
	c.check(p.Gold == "" || folderName.MatchString(p.Gold), "gold", "%.120q: the name of known pairs in the folder gold of a crawl root is wanted", p.Gold)
	c.real("precision", p.Precision, 0.001, 1)
	c.first(p.Params.Check())
	return c.err
}

func (c *checks) params(p Params) {
	c.check(len(p.Crawl) <= 256, "crawl", "is longer than 256 bytes")
	for i, l := range p.Languages {
		if _, err := LanguageByName(l); !languageName.MatchString(l) { // those of a worker's own table are known where it is
			c.check(false, fmt.Sprintf("languages[%d]", i), "%v", err)
		}
		c.check(!slices.Contains(p.Languages[:i], l), fmt.Sprintf("languages[%d]", i), "%q is given twice", l)
	}
	c.first(CheckNumerics(p.Numerics))
	c.check(p.Summarizer != "", "summarizer", "is missing: the name of a model")
	for _, part := range []interface{ Check() error }{p.Ingest, p.Screen, p.Encoder, p.Align, p.Split, p.Train, p.Generate, p.Report} {
		c.first(part.Check())
	}
	c.check(p.Train.Pairs*p.Train.MiniBatch%max(p.Train.Ranks, 1) == 0, "train.ranks", "%d ranks cannot share a batch of %d (pairs times mini_batch) equally",
		p.Train.Ranks, p.Train.Pairs*p.Train.MiniBatch)
	c.check(p.Train.Precision != "bf16" || p.Numerics == "native", "train.precision", "bf16 needs numerics native: portable numerics are fp32: %s", Give("numerics", "native"))
}

// CheckNumerics is of a parameter that every native stage has by itself.
func CheckNumerics(mode string) error {
	c := &checks{}
	c.oneOf("numerics", mode, "portable", "native")
	return c.err
}

func (p IngestParams) Check() error {
	c := &checks{}
	c.whole("ingest.max_line_bytes", p.MaxLineBytes, 64, 1<<30)
	c.whole("ingest.max_file_bytes", p.MaxFileBytes, 64, 1<<44)
	c.whole("ingest.max_window_bytes", p.MaxWindowBytes, 1<<20, 1<<32)
	c.real("ingest.reject_fraction", p.RejectFraction, 0, 1)
	return c.err
}

func (p ScreenParams) Check() error {
	c := &checks{}
	c.oneOf("screen.misplaced", p.Misplaced, "keep", "set_aside", "move")
	c.whole("screen.letters", p.Letters, 1, 1<<20)
	c.real("screen.probability", p.Probability, 0.5, 1)
	c.real("screen.own_at_most", p.OwnAtMost, 0, 0.5)
	c.whole("screen.original_letters", p.OriginalLetters, 1, 1<<20)
	c.real("screen.original_probability", p.OriginalProbability, 0, 1)
	c.whole("screen.template_articles", p.TemplateArticles, 2, 1<<20)
	return c.err
}

// MostBatchTokens bounds the memory of one batch: at hidden size 384 a million tokens take about 20 GB.
const MostBatchTokens = 1 << 20

// Check does not know what the encoder can do: most read 512 tokens of a text or fewer, a static one as many as a batch may have.
func (p EncoderParams) Check() error {
	c := &checks{}
	c.check(p.Name != "", "encoder.name", "is missing: the name of a model")
	c.check(len(p.Prefix) <= 256, "encoder.prefix", "is longer than 256 bytes")
	c.whole("encoder.max_tokens", p.MaxTokens, 3, MostBatchTokens)
	c.whole("encoder.batch_tokens", p.BatchTokens, p.MaxTokens, MostBatchTokens)
	return c.err
}

func (p AlignParams) Check() error {
	c := &checks{}
	c.oneOf("align.rule", p.Rule, ruleNames...)
	if p.Threshold != nil {
		low, high := -1.0, 10.0
		if p.Rule == EvidenceRule { // a precision
			low, high = 0, 1
		}
		c.real("align.threshold", *p.Threshold, low, high)
	}
	if p.Duplicate != nil { // above 1: no duplicates
		c.real("align.duplicate_threshold", *p.Duplicate, -1, 2)
	}
	c.whole("align.neighbours", p.Neighbours, 1, 1024)
	c.whole("align.keep", p.Keep, p.Neighbours, 1024)
	c.whole("align.block_rows", p.BlockRows, 1, 1<<20)
	return c.err
}

func (p SplitParams) Check() error {
	c := &checks{}
	c.whole("split.train_percent", p.Train, 0, 100)
	c.whole("split.val_percent", p.Val, 0, 100)
	c.whole("split.test_percent", p.Test, 0, 100)
	c.check(p.Train+p.Val+p.Test == 100, "split", "the three percentages sum to %d, not 100: give all three: %s", p.Train+p.Val+p.Test, Shares())
	c.positive("split.large_component_share", p.LargeShare, 1)
	c.real("split.near_text_similarity", p.NearText, 0.5, 1)
	c.whole("split.boilerplate_articles", p.Boilerplate, 1, 250)
	return c.err
}

// Check does not know what is trained on: whether batches can be shared by the ranks, and whether numerics allow bf16.
func (p TrainParams) Check() error {
	c := &checks{}
	c.whole("train.steps", p.Steps, 1, 10_000_000)
	c.whole("train.mini_batch", p.MiniBatch, 1, 1<<16)
	c.whole("train.pairs", p.Pairs, 1, 1<<16)
	c.whole("train.micro_batch", p.MicroBatch, 1, 1<<16)
	c.whole("train.ranks", p.Ranks, 0, 64)
	c.real("train.alpha", p.Alpha, 0, 10)
	c.real("train.beta", p.Beta, 0, 10)
	c.oneOf("train.sampling", p.Sampling, "coin", "fixed_source", "fixed_target", "unistage")
	c.oneOf("train.setting", p.Setting, "many_to_many", "many_to_one", "one_to_many", "")
	c.check((p.Pivot != "") == (p.Setting == "many_to_one" || p.Setting == "one_to_many"), "train.pivot",
		"is %.40q; the settings many_to_one and one_to_many have one, many_to_many has none: %s", p.Pivot, Give("train.pivot", pivotOf(p.Setting)))
	c.whole("train.source_tokens", p.SourceTokens, 2, 16384)
	c.whole("train.target_tokens", p.TargetTokens, 2, 4096)
	c.positive("train.learning_rate_scale", p.LearningRate, 1000)
	c.whole("train.warmup_steps", p.WarmupSteps, 0, 1<<30)
	c.oneOf("train.optimizer", p.Optimizer, "adafactor", "adamw")
	c.check(p.Optimizer != "adamw" || !p.ScaleParameter, "train.scale_parameter", "belongs to adafactor, and train.optimizer is adamw: %s",
		Give("train.scale_parameter", false))
	c.real("train.label_smoothing", p.LabelSmoothing, 0, 0.999)
	c.real("train.weight_decay", p.WeightDecay, 0, 0.999)
	c.real("train.gradient_norm", p.GradientNorm, 1e-6, 1e6)
	c.real("train.dropout", p.Dropout, 0, 0.999)
	c.oneOf("train.precision", p.Precision, "auto", "fp32", "bf16")
	c.whole("train.checkpoint_every_steps", p.CheckpointEvery, 1, 1<<30)
	c.whole("train.keep_checkpoints", p.KeepCheckpoints, 1, 1000)
	c.whole("train.validate_every_steps", p.ValidateEvery, 0, 1<<30)
	c.whole("train.validation_samples", p.ValidationSamples, 1, 1<<20)
	c.oneOf("train.best_by", p.BestBy, "rouge2", "loss")
	c.oneOf("train.output", p.Output, "last", "best")
	c.whole("train.patience", p.Patience, 0, 1<<20)
	c.check(p.ValidateEvery > 0 && p.ValidateEvery <= p.Steps || p.Output != "best" && p.Patience == 0, "train.validate_every_steps",
		"%d: output \"best\" and patience need a validation within the %d steps: %s", p.ValidateEvery, p.Steps, Give("train.validate_every_steps", max(1, p.Steps/10)))
	return c.err
}

func (p GenerateParams) Check() error {
	c := &checks{}
	c.whole("generate.samples", p.Samples, 0, 1<<30)
	c.whole("generate.largest_pairs", p.LargestPairs, 0, 1<<20)
	c.whole("generate.samples_a_pair", p.SamplesAPair, 0, 1<<20)
	c.whole("generate.beams", p.Beams, 1, 64)
	c.real("generate.length_penalty", p.LengthPenalty, -10, 10)
	c.whole("generate.no_repeat_ngram", p.NoRepeatNgram, 0, 64)
	c.whole("generate.max_tokens", p.MaxTokens, 2, 4096)
	c.whole("generate.batch_size", p.BatchSize, 1, 1024)
	return c.err
}

func (p ReportParams) Check() error {
	c := &checks{}
	c.whole("report.low_below", p.LowBelow, 1, 1<<30)
	c.whole("report.mid_below", p.MidBelow, p.LowBelow, 1<<30)
	return c.err
}

// pivotOf is an example of what belongs to a setting.
func pivotOf(setting string) string {
	if setting == "many_to_one" || setting == "one_to_many" {
		return "english"
	}
	return ""
}

// checks keeps the first error.
type checks struct{ err error }

func (c *checks) first(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *checks) check(ok bool, path, format string, args ...any) {
	if !ok {
		c.first(fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
	}
}

// ranged says also how another value is given, by the example of one in range.
func (c *checks) ranged(ok bool, path string, in any, format string, args ...any) {
	if !ok {
		c.check(false, path, "%s: give another: %s", fmt.Sprintf(format, args...), Give(path, in))
	}
}

func (c *checks) oneOf(path, value string, names ...string) {
	c.ranged(slices.Contains(names, value), path, names[0], "%.40q is not one of %s", value, strings.Join(names, ", "))
}

func (c *checks) real(path string, value, low, high float64) {
	c.ranged(!math.IsNaN(value) && value >= low && value <= high, path, min(max(value, low), high), "%v is not in %v..%v", value, low, high)
}

func (c *checks) positive(path string, value, high float64) {
	c.ranged(value > 0 && value <= high, path, high, "%v must be above 0 and at most %v", value, high)
}

func (c *checks) whole(path string, value any, low, high int) {
	var n int64
	switch v := value.(type) {
	case int:
		n = int64(v)
	case int64:
		n = v
	}
	c.ranged(n >= int64(low) && n <= int64(high), path, min(max(n, int64(low)), int64(high)), "%d is not in %d..%d", n, low, high)
}
