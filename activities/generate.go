package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/store"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/model/starts"
	"crosssum/schemas"
)

// generationsASecond is a guess for the length of work items: five beams of a small model on two threads.
const generationsASecond = 3

type generateMaterial struct {
	Articles string                 `json:"articles"` // digest of the source language's articles
	Model    string                 `json:"model"`    // digest
	Source   int                    `json:"source_tokens"`
	Params   schemas.GenerateParams `json:"params"` // those of beam search; the choice of samples stands in Chosen
	Chosen   string                 `json:"chosen"` // digest of the sample list
	Missed   int                    `json:"not_generated"`
	Profile  engine.Profile         `json:"profile"`
}

// testSample is one sample of the test split.
type testSample struct {
	sourceLanguage, sourceID, targetLanguage, targetID string
	hash                                               string // of the seed and the four: the order in which samples are chosen
	chosen                                             bool
}

func (s testSample) pair() string { return s.sourceLanguage + "-" + s.targetLanguage }

// generating decodes test samples with the trained model. One unit is a directed pair of languages; the samples that a run
// does not decode, because it takes some by hash or the model was never trained on their target language, are counted as
// not_generated.
type generating struct {
	*Activities
	in       schemas.GenerateInput
	profile  engine.Profile
	trained  schemas.Unit
	articles inputs
	pairs    map[string][]testSample // of the test split, by directed pair
}

func openGenerate(o *opening, in schemas.GenerateInput) work {
	if err := in.Params.Check(); err != nil {
		o.err = fault.Of(schemas.InvalidInput, err)
	}
	return generating{o.Activities, in, o.profile(o.GPU, in.Numerics), o.only(in.Model), o.inputs(in.Articles, "articles.arrow"),
		got(o, func() (map[string][]testSample, error) { return o.readTestPairs(in) })}
}

// units refuses a model that has seen what it is to be tested on.
func (w generating) units() (units []schemas.WorkUnit, err error) {
	if !w.in.Params.AllowTrained {
		if err := w.refuseTrained(w.in); err != nil {
			return nil, err
		}
	}
	for name, samples := range w.pairs {
		units = append(units, schemas.WorkUnit{Name: name, Seconds: 0.05 + float64(len(chosenOf(samples)))/generationsASecond})
	}
	return units, nil
}

func (w generating) material(pair string) any {
	params := w.in.Params
	params.Samples, params.LargestPairs, params.SamplesAPair, params.AllowTrained = 0, 0, 0, false
	source, _, _ := strings.Cut(pair, "-")
	_, _, articles := w.articles.of(source)
	samples, list := w.pairs[pair], sha256.New()
	chosen := chosenOf(samples)
	for _, s := range chosen {
		fmt.Fprintf(list, "%s %s\n", s.sourceID, s.targetID)
	}
	return generateMaterial{Articles: articles, Model: digestOfUnit(w.trained), Source: w.in.Source, Params: params,
		Chosen: pair + " " + hex.EncodeToString(list.Sum(nil)), Missed: len(samples) - len(chosen), Profile: w.profile}
}

// refuseTrained ends a test of a model on what it was trained on.
func (a *Activities) refuseTrained(in schemas.GenerateInput) error {
	record, err := a.Store.First(in.Model, schemas.TrainedOnFile)
	if err != nil {
		return err
	}
	c, err := a.contaminationOf(record, in.Splits, in.Articles)
	return errors.Join(err, c.refuse(schemas.Generate.Name))
}

// readTestPairs reads the test samples and marks those to decode.
func (a *Activities) readTestPairs(in schemas.GenerateInput) (map[string][]testSample, error) {
	path, err := a.Store.FileOf(in.Splits, "all", "samples.arrow")
	if err != nil {
		return nil, err
	}
	pairs := map[string][]testSample{}
	err = arrowfile.Each(path, func(r *schemas.SampleRow) error {
		if r.Split != "test" {
			return nil
		}
		s := testSample{sourceLanguage: arrowfile.Clone(r.SourceLanguage), sourceID: arrowfile.Clone(r.SourceID),
			targetLanguage: arrowfile.Clone(r.TargetLanguage), targetID: arrowfile.Clone(r.TargetID)}
		sum := sha256.Sum256([]byte(fmt.Sprintf("%d\x00%s\x00%s\x00%s\x00%s", in.Seed, s.sourceLanguage, s.sourceID, s.targetLanguage, s.targetID)))
		s.hash = string(sum[:])
		pairs[s.pair()] = append(pairs[s.pair()], s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if path, err = a.Store.FileOf(in.Model, "all", "config.json"); err != nil {
		return nil, err
	}
	// A language of the test split whose pairs all had too few samples to train on has no start token: its samples are not generated.
	known, err := starts.Read(path)
	if err != nil {
		return nil, err
	}
	decodable := map[string][]testSample{} // the same samples: what is marked in it is marked in pairs
	for name, samples := range pairs {
		if _, ok := known[samples[0].targetLanguage]; ok {
			decodable[name] = samples
		}
	}
	choose(decodable, in.Params)
	return pairs, nil
}

// choose marks params.Samples samples by hash (0: all), of which each of the params.LargestPairs largest pairs has at least
// params.SamplesAPair, or all that it has. More than Samples are chosen where those minima alone are more.
func choose(pairs map[string][]testSample, params schemas.GenerateParams) {
	names := slices.SortedFunc(maps.Keys(pairs), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(pairs[b]), len(pairs[a])), cmp.Compare(a, b))
	})
	var rest []*testSample
	left := params.Samples
	for rank, name := range names {
		slices.SortFunc(pairs[name], func(a, b testSample) int { return cmp.Compare(a.hash, b.hash) })
		for i := range pairs[name] {
			s := &pairs[name][i]
			if params.Samples == 0 || (rank < params.LargestPairs && i < params.SamplesAPair) {
				s.chosen = true
				left--
				continue
			}
			rest = append(rest, s)
		}
	}
	slices.SortFunc(rest, func(a, b *testSample) int { return cmp.Compare(a.hash, b.hash) })
	for _, s := range rest[:max(0, min(left, len(rest)))] {
		s.chosen = true
	}
}

// chosenOf are the marked samples in (source id, target id) order.
func chosenOf(samples []testSample) []testSample {
	var chosen []testSample
	for _, s := range samples {
		if s.chosen {
			chosen = append(chosen, s)
		}
	}
	slices.SortFunc(chosen, func(a, b testSample) int {
		return cmp.Or(cmp.Compare(a.sourceID, b.sourceID), cmp.Compare(a.targetID, b.targetID))
	})
	return chosen
}

func (w generating) run(ctx context.Context, u schemas.WorkUnit, draft *store.Draft, report engine.Report) (map[string]int64, error) {
	samples := w.pairs[u.Name]
	chosen := chosenOf(samples)
	output := filepath.Join(draft.Dir, "generations.arrow")
	counts := map[string]int64{"samples": int64(len(chosen)), "not_generated": int64(len(samples) - len(chosen))}
	if len(chosen) == 0 {
		return counts, arrowfile.WriteRows[schemas.GenerationRow](output, 0, nil)
	}
	scratch, err := w.Store.Draft()
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	prompts := filepath.Join(scratch.Dir, "prompts.arrow")
	if err := w.writePrompts(u.Name, chosen, prompts); err != nil {
		return nil, err
	}
	model, err := w.modelOf(w.trained)
	if err != nil {
		return nil, err
	}
	var result engine.GenerateResult
	err = w.GPU.Call(ctx, w.in.Numerics, engine.OpGenerate, engine.GenerateRequest{
		Model: model.Dir, Input: prompts, SourceTokens: w.in.Source, Params: w.in.Params, Output: output,
	}, &result, report)
	counts["tokens"] = result.Tokens
	return counts, err
}

// writePrompts writes the source texts of the chosen samples of a pair, in their order.
func (w generating) writePrompts(pair string, chosen []testSample, output string) error {
	source, _, _ := strings.Cut(pair, "-")
	_, path, _ := w.articles.of(source)
	texts := map[string]string{}
	for _, s := range chosen {
		texts[s.sourceID] = ""
	}
	err := arrowfile.Each(path, func(r *schemas.ArticleRow) error {
		if _, wanted := texts[r.ID]; wanted {
			texts[arrowfile.Clone(r.ID)] = arrowfile.Clone(r.Text)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range chosen {
		if texts[s.sourceID] == "" {
			return fmt.Errorf("generate %s: article %q of the test split is not among the articles", pair, s.sourceID)
		}
	}
	return arrowfile.WriteRows(output, len(chosen), func(i int) schemas.PromptRow {
		s := chosen[i]
		return schemas.PromptRow{SourceLanguage: s.sourceLanguage, SourceID: s.sourceID, TargetLanguage: s.targetLanguage, TargetID: s.targetID,
			Text: texts[s.sourceID]}
	})
}
