package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

func invalid(format string, args ...any) error {
	return fault.New(schemas.InvalidInput, "train: "+format, args...)
}

func corrupt(format string, args ...any) error {
	return fault.New(schemas.CorruptObject, "train: "+format, args...)
}

// check refuses parameters out of range before anything is loaded. The sampler checks its own.
func check(p schemas.TrainParams) error {
	switch {
	case p.Steps < 1 || p.Steps > 10_000_000:
		return invalid("steps is %d; it may be 1 to 10,000,000", p.Steps)
	case p.MicroBatch < 1:
		return invalid("micro_batch is %d; it must be at least 1", p.MicroBatch)
	case p.Ranks < 0 || p.Ranks > 64:
		return invalid("ranks is %d; it may be 1 to 64", p.Ranks)
	case p.SourceTokens < 2 || p.SourceTokens > 32_000 || p.TargetTokens < 2 || p.TargetTokens > 32_000:
		return invalid("source_tokens %d and target_tokens %d must be 2 to 32,000", p.SourceTokens, p.TargetTokens)
	case !(p.LearningRate > 0 && p.LearningRate < 1e6) || p.WarmupSteps < 0:
		return invalid("learning_rate_scale %v must be positive and warmup_steps %d not negative", p.LearningRate, p.WarmupSteps)
	case !(p.LabelSmoothing >= 0 && p.LabelSmoothing < 1) || !(p.Dropout >= 0 && p.Dropout < 1) || !(p.WeightDecay >= 0 && p.WeightDecay < 1):
		return invalid("label_smoothing %v, dropout %v and weight_decay %v must be in [0, 1)", p.LabelSmoothing, p.Dropout, p.WeightDecay)
	case !(p.GradientNorm > 0):
		return invalid("gradient_norm is %v; it must be positive", p.GradientNorm)
	case !slices.Contains(optimizers, p.Optimizer):
		return invalid("optimizer is %q; it may be %s", p.Optimizer, strings.Join(optimizers, ", "))
	case p.Optimizer == "adamw" && p.ScaleParameter:
		return invalid("scale_parameter belongs to adafactor, and optimizer is adamw: set it to false")
	case p.CheckpointEvery < 1 || p.KeepCheckpoints < 1:
		return invalid("checkpoint_every_steps %d and keep_checkpoints %d must be at least 1", p.CheckpointEvery, p.KeepCheckpoints)
	}
	return nil
}

// notFinite is the error of a loss or gradient that is NaN or infinite.
func notFinite(what string, step int, pairs []string, rate float64) error {
	return fault.New(schemas.NotFinite,
		"train: the %s of step %d is not finite (pairs %v, learning rate %.3g): lower learning_rate_scale or look at these pairs' articles",
		what, step, pairs, rate)
}

// learn leaves in the work folder what the next attempt is to do otherwise after a failure of the loop, on any rank, and says so in
// its error.
func (r *run) learn(err error) error {
	var typed *fault.Error
	if short := fault.Shortage(err); short != nil {
		short.Message = fmt.Sprintf("train: step %d: %s", r.Step+1, short.Message)
		typed, err = short, short
	}
	p := r.request.Params
	r.durable(true) // what is being written is where the next attempt begins
	switch {
	case !errors.As(err, &typed):
	case typed.Type == schemas.OutOfMemory:
		return engine.Halve(r.request.Work, p.MicroBatch, typed)
	case typed.Type == schemas.LostRank:
		return engine.LoseRank(r.request.Work, p.Ranks, r.feed.divisor(), r.saved, typed)
	}
	return err
}

// apply takes to heart what earlier attempts have learned. Batches and dropout masks stay the same, sums round otherwise.
func (r *run) apply() {
	asked := r.request.Params.MicroBatch
	if now := r.lessons.Effective(asked); now != asked {
		r.notReproducible("micro_batch", now, asked)
	}
	asked = max(r.request.Params.Ranks, 1)
	if now := r.lessons.Processes(asked); now != asked {
		r.notReproducible("ranks", now, asked)
	}
}

func (r *run) notReproducible(parameter string, now, asked any) {
	if r.NotReproducibleSince == 0 {
		r.NotReproducibleSince = r.Step + 1
	}
	r.note("%s is %v in place of %v; not bit-reproducible since step %d", parameter, now, asked, r.NotReproducibleSince)
}
