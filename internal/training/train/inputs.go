package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
	"crosssum/internal/training/sampling"
	"crosssum/schemas"
)

// inputs are what a training is given: no step changes them.
type inputs struct {
	request   engine.TrainRequest
	id        string   // digest of model, data and parameters
	digests   []string // of the files of model and data
	lessons   engine.Lessons
	device    torch.Device // where the model computes
	computed  string       // device, threads and numerics
	tokenizer *t5.Tokenizer
	feed      feed
	fitted    bool      // its mini-batch is smaller than the one asked for
	held      []heldOut // what it is validated on
}

// identify checks the request, and says where it is computed and what the bytes of its result depend on.
func (in *inputs) identify() (err error) {
	request := in.request
	if err := request.Check(); err != nil {
		return err
	}
	if info, err := os.Lstat(request.Work); err == nil && info.Mode().Type() == os.ModeSymlink {
		return linked(request.Work)
	}
	if in.lessons, err = engine.ReadLessons(request.Work); err != nil {
		return err
	}
	if in.device, err = device.Of(0, in.lessons.Processes(request.Params.Ranks)); err != nil {
		return err
	}
	in.computed = fmt.Sprintf("%s, %d threads, numerics %s", in.device, torch.Threads(), device.Told().Numerics)
	in.id, in.digests, err = identity(request, in.device)
	return err
}

// read opens what the request trains on and is validated on. New languages get a start token in the model.
func (in *inputs) read(ctx context.Context, model *t5.Model, out *outputs, alive func(articles int64)) (err error) {
	if in.feed, err = in.open(ctx, model.Config.VocabSize, out, alive); err != nil {
		return err
	}
	if err := startTokens(in.feed, model, in.tokenizer, in.request.Params.NewLanguages, out); err != nil {
		return err
	}
	return in.holdOut(model.Config.Languages, out)
}

// open is the feed of what the request trains on.
func (in *inputs) open(ctx context.Context, rows int, out *outputs, alive func(articles int64)) (feed, error) {
	request, params := in.request, in.request.Params
	if request.Batches != "" {
		list, err := readBatches(request.Batches, in.tokenizer, rows, params)
		if err != nil {
			return nil, err
		}
		if list.ids > 0 {
			out.note("%d examples were given as ids: %s does not list their texts", list.ids, schemas.TrainedOnFile)
		}
		if len(list.steps) < params.Steps {
			return nil, invalid("steps is %d, and %s holds %d batches, one a step: lower steps to %[3]d: %s", params.Steps, request.Batches, len(list.steps),
				schemas.Give("train.steps", len(list.steps)))
		}
		return list, nil
	}
	samples, tokens, err := in.tokenized(ctx, alive)
	if err != nil {
		return nil, err
	}
	data, err := load(samples, tokens, rows, alive)
	if request.Dataset != "" && (errors.Is(err, arrowfile.ErrBroken) || errors.Is(err, fs.ErrNotExist)) {
		return nil, corrupt("%v: remove %s, and the data set is tokenized again", err, filepath.Dir(samples))
	}
	if err != nil {
		return nil, err
	}
	if data.dropped > 0 {
		out.note("%d sentinels spelled out in summaries were left out of labels", data.dropped)
	}
	if fitted := sampling.Fit(data.pairs, params); fitted.MiniBatch != params.MiniBatch {
		out.note("%s", schemas.Fitted(params.MiniBatch, fitted.MiniBatch))
		params, in.request.Params, in.fitted = fitted, fitted, true
	}
	s := &sampled{data: data, run: request.Samples, params: params}
	if s.sampler, err = sampling.New(data.pairs, params, request.Seed); err != nil {
		data.close()
		return nil, err
	}
	return s, nil
}

// startTokens finds the start token of each target language. A language new to the model gets a free sentinel, whose row
// begins as a copy of the pad row; one that the table of languages does not know either is remarked on: it may be misspelt.
func startTokens(f feed, model *t5.Model, tokenizer *t5.Tokenizer, fresh bool, out *outputs) error {
	config := model.Config
	if config.Languages == nil {
		config.Languages = starts.Tokens{}
	}
	var targets []string
	for _, pair := range f.pairs() {
		targets = append(targets, pair.Target)
	}
	added, err := config.Languages.Assign(targets, tokenizer.Lookup)
	if err != nil {
		return invalid("%v", err)
	}
	for _, name := range added {
		if _, err := schemas.LanguageByName(name); err != nil {
			out.note("target language %q is new to the model and becomes a language of its own, which starts with %s: %v. If it is misspelt, "+
				"stop this, correct the data and begin in another folder", name, config.Languages[name].Piece, err)
		}
		if fresh {
			if err := model.CopyRow(config.Languages[name].ID, config.PadTokenID); err != nil {
				return err
			}
		}
	}
	f.begin(func(target string) int { return config.Languages[target].ID })
	return nil
}
