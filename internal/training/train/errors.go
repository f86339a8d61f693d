package train

import (
	"errors"
	"fmt"

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

// notFinite is the error of a loss or gradient that is NaN or infinite.
func (r *run) notFinite(what string, step int, pairs []string, rate float64) error {
	return fault.New(schemas.NotFinite,
		"train: the %s of step %d is not finite (pairs %v, learning rate %.3g): lower learning_rate_scale or look at these pairs' articles. To lower it: %s",
		what, step, pairs, rate, schemas.Give("train.learning_rate_scale", r.request.Params.LearningRate/2))
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
		return engine.Halve(r.request.Work, p, typed)
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
