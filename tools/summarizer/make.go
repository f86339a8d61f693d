package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/starts"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/sentencepiece"
	"crosssum/internal/training/train"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// Shape is the size of a new summarizer.
type Shape struct {
	DModel, DKV, DFF, Heads, EncoderLayers, DecoderLayers int

	Rows int // of both tables; 0: the pieces, up to a multiple of 64. mT5 has 250,112 for 250,100 pieces
}

// Small is crosssum-small's.
var Small = Shape{DModel: 256, DKV: 64, DFF: 512, Heads: 4, EncoderLayers: 4, DecoderLayers: 2}

// Init writes a new model with random weights over a vocabulary: a complete Hugging Face directory, dir must not exist.
// Start tokens of XL-Sum's 45 languages are the published ones; their rows are random, so that a training from scratch can
// tell languages apart from its first step.
func Init(dir, vocabulary, encoder string, shape Shape, seed uint64) error {
	pieces, err := sentencepiece.Load(vocabulary)
	if err != nil {
		return err
	}
	if shape.Rows == 0 {
		shape.Rows = (pieces.Size() + 63) / 64 * 64
	}
	config := &t5.Config{
		ModelType: "mt5", VocabSize: shape.Rows, DModel: shape.DModel, DKV: shape.DKV, DFF: shape.DFF,
		NumLayers: shape.EncoderLayers, NumDecoderLayers: shape.DecoderLayers, NumHeads: shape.Heads,
		Buckets: 32, MaxDistance: 128, DropoutRate: 0.1, LayerNormEpsilon: 1e-6, FeedForward: "gated-gelu",
		PadTokenID: pieces.Pad(), EOSTokenID: pieces.Eos(), DecoderStart: pieces.Pad(), Languages: starts.Tokens{},
	}
	if config.VocabSize < pieces.Size() {
		return fmt.Errorf("%d rows are too few for the %d pieces of %s", config.VocabSize, pieces.Size(), vocabulary)
	}
	if err := publishedTokens(config, pieces); err != nil {
		return err
	}
	model, err := t5.New(config, seed)
	if err != nil {
		return err
	}
	defer model.Free()
	if encoder != "none" {
		if err := errors.Join(wordRows(model, pieces, encoder), copying(model)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	from := filepath.Dir(vocabulary)
	if filepath.Base(vocabulary) != "spiece.model" {
		return fmt.Errorf("%s: the vocabulary must be named spiece.model", vocabulary)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	fmt.Printf("%s: %d parameters, vocabulary of %d\n", dir, config.Count(), config.VocabSize)
	return model.Save(dir, from, false)
}

// publishedTokens gives XL-Sum's languages their sentinels.
func publishedTokens(config *t5.Config, pieces *sentencepiece.Model) error {
	for _, language := range schemas.Languages() {
		if language.Sentinel < 0 {
			continue
		}
		piece := starts.SentinelPiece(language.Sentinel)
		id := pieces.ID(piece)
		if id == pieces.Unk() {
			return fmt.Errorf("the vocabulary has no piece %q", piece)
		}
		config.Languages[language.Name] = starts.Token{ID: id, Piece: piece}
	}
	return nil
}

// Export writes the newest good checkpoint of a training as a Hugging Face directory, in bf16 or fp32; files of the same names in dir
// are replaced, others (README.md) stay. model is the directory that the training started from. The record of what it was trained on has the
// texts of the articles that Prepare wrote, without their names.
func Export(work, model, articles, dir string, bf16 bool) error {
	checkpoint, step, err := train.NewestCheckpoint(work)
	if err != nil {
		return err
	}
	config, err := t5.LoadConfig(checkpoint)
	if err != nil {
		return err
	}
	weights, err := t5.LoadWeights(filepath.Join(checkpoint, "model.safetensors"), config)
	if err != nil {
		return err
	}
	defer weights.Free()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, "model.safetensors")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := (&t5.Model{Config: config, Weights: weights}).Save(dir, model, bf16); err != nil {
		return err
	}
	fmt.Printf("%s: step %d of %s\n", dir, step, work)
	return record(articles, filepath.Join(dir, schemas.TrainedOnFile))
}

func record(articles, path string) error {
	var rows []trained.Row
	err := arrowfile.Each(articles, func(r *schemas.ArticleRow) error {
		rows = append(rows, trained.Row{Language: arrowfile.Clone(r.Language), Content: trained.Text(r.Text)})
		return nil
	})
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return trained.Write(path, rows)
}

// Request is the training of crosssum-small on two files of Prepare.
func Request(articles, samples, model, work, output string, params schemas.TrainParams, seed uint64) engine.TrainRequest {
	return engine.TrainRequest{Model: model, Samples: &engine.TrainSamples{File: samples, Articles: []string{articles}}, Params: params, Seed: seed, Work: work, Output: output}
}
