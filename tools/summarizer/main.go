// Command summarizer makes the shipped summarizer, models/crosssum-small: samples of a crawl with known pairs, a vocabulary, a new
// model with random weights, its training, and the directory of the result. models/crosssum-small/reproduce.sh calls it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"crosssum/internal/cli"
	"crosssum/internal/engine"
	"crosssum/internal/native/device"
	"crosssum/internal/native/torch"
	"crosssum/internal/training/train"
	"crosssum/schemas"
)

func main() {
	device.Use(device.Settings{Numerics: os.Getenv("CROSSSUM_NUMERICS"), Device: os.Getenv("CROSSSUM_DEVICE"), Precision: os.Getenv("CROSSSUM_PRECISION")})
	if len(os.Args) == 1 { // another rank of a training: rank 0 starts its own program as an engine
		if err := engine.Main(map[string]engine.Handler{engine.OpTrainRank: engine.Typed(train.Rank)}); err != nil {
			log.Fatal(err)
		}
		return
	}
	torch.SetThreads(1)
	os.Exit(cli.Main("summarizer", map[string]func([]string) error{"prepare": prepareCommand, "vocabulary": vocabularyCommand, "init": initCommand,
		"train": trainCommand, "export": exportCommand}, os.Args[1:]))
}

// flags parses a command's arguments; every flag without a default is required. does is what help says.
func flags(name, does string, args []string, define func(*flag.FlagSet)) error {
	set := cli.New("build/bin/summarizer "+name, "build/bin/summarizer "+name+" [FLAGS]", does, "", nil)
	define(set)
	var required []string
	set.VisitAll(func(f *flag.Flag) {
		if f.DefValue == "" {
			required = append(required, f.Name)
		}
	})
	return cli.Parse(set, args, required...)
}

func prepareCommand(args []string) error {
	var o PrepareOptions
	err := flags("prepare", "Makes samples of a crawl with gold pairs, and lines for a vocabulary.", args, func(f *flag.FlagSet) {
		f.StringVar(&o.Crawl, "crawl", "", "crawl folder of <language>.jsonl.zst")
		f.StringVar(&o.Gold, "gold", "", "gold.tsv.gz: language, id, key")
		f.StringVar(&o.Output, "output", "", "folder for articles.arrow, leads.arrow, samples.arrow, native.arrow, sentences.txt")
		f.IntVar(&o.Articles, "articles", 30, "languages with fewer articles are left out")
		f.IntVar(&o.Sentences, "sentences", 400000, "lines for the vocabulary")
		f.Float64Var(&o.Smoothing, "smoothing", 0.5, "exponent of a language's share of the lines")
	})
	if err != nil {
		return err
	}
	return Prepare(o)
}

func vocabularyCommand(args []string) error {
	var sentences, output string
	var size int
	var coverage float64
	err := flags("vocabulary", "Trains SentencePiece's pieces on lines of text.", args, func(f *flag.FlagSet) {
		f.StringVar(&sentences, "sentences", "", "text, one sentence a line")
		f.StringVar(&output, "output", "", "where to write spiece.model")
		f.IntVar(&size, "size", 12288, "pieces, the 100 sentinels included")
		f.Float64Var(&coverage, "coverage", 0.9985, "share of characters that get pieces; the rest are bytes")
	})
	if err != nil {
		return err
	}
	return TrainVocabulary(sentences, output, size, coverage)
}

func initCommand(args []string) error {
	var vocabulary, output, encoder string
	var seed uint64
	shape := Small
	err := flags("init", "Makes a model with random weights.", args, func(f *flag.FlagSet) {
		f.StringVar(&vocabulary, "vocabulary", "models/crosssum-small/spiece.model", "spiece.model")
		f.StringVar(&output, "output", "", "new folder of the model")
		f.StringVar(&encoder, "word-rows", "none", "encoder directory whose word rows the tables begin with, or none")
		f.Uint64Var(&seed, "seed", 1, "of the random weights")
		f.IntVar(&shape.DModel, "d-model", Small.DModel, "")
		f.IntVar(&shape.DFF, "d-ff", Small.DFF, "")
		f.IntVar(&shape.EncoderLayers, "encoder-layers", Small.EncoderLayers, "")
		f.IntVar(&shape.DecoderLayers, "decoder-layers", Small.DecoderLayers, "")
		f.IntVar(&shape.Heads, "heads", Small.Heads, "of 64")
		f.IntVar(&shape.Rows, "rows", 0, "of both tables; 0: as many as pieces, up to a multiple of 64")
	})
	if err != nil {
		return err
	}
	return Init(output, vocabulary, encoder, shape, seed)
}

func exportCommand(args []string) error {
	var work, model, articles, output string
	var fp32 bool
	err := flags("export", "Writes the model of a training's newest checkpoint.", args, func(f *flag.FlagSet) {
		f.StringVar(&work, "work", "", "work folder of a training: its newest good checkpoint is taken")
		f.StringVar(&model, "model", "", "directory that the training started from")
		f.StringVar(&articles, "articles", "", "articles.arrow of prepare: what it was trained on")
		f.StringVar(&output, "output", "models/crosssum-small", "folder of the model")
		f.BoolVar(&fp32, "fp32", false, "keep fp32: to train on from there")
	})
	if err != nil {
		return err
	}
	return Export(work, model, articles, output, !fp32)
}

func trainCommand(args []string) error {
	var articles, samples, model, work, output, params string
	var seed uint64
	var threads int
	err := flags("train", "Trains a model on prepared samples.", args, func(f *flag.FlagSet) {
		f.StringVar(&articles, "articles", "", "articles.arrow or leads.arrow of prepare")
		f.StringVar(&samples, "samples", "", "samples.arrow or native.arrow of prepare")
		f.StringVar(&model, "model", "", "directory of init")
		f.StringVar(&work, "work", "", "folder for checkpoints; a training that was ended goes on from there")
		f.StringVar(&output, "output", "", "empty folder for the result")
		f.StringVar(&params, "params", "{}", "JSON of training parameters over the preset demo's")
		f.Uint64Var(&seed, "seed", 1, "of batches and masks")
		f.IntVar(&threads, "threads", 2, "threads")
	})
	if err != nil {
		return err
	}
	p := schemas.Demo().Train
	if err := json.Unmarshal([]byte(params), &p); err != nil {
		return fmt.Errorf("--params: %w", err)
	}
	torch.SetThreads(threads)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	started, last := time.Now(), int64(-1)
	result, err := train.Run(ctx, Request(articles, samples, model, work, output, p, seed), func(progress schemas.Progress) {
		if progress.Done != last {
			last = progress.Done
			log.Printf("step %d of %d, loss %.4f, rate %.2g, checkpoint %.0f, %.0f s", progress.Done, progress.Total,
				progress.Metrics["loss"], progress.Metrics["learning_rate"], progress.Metrics["checkpoint"], time.Since(started).Seconds())
		}
	})
	if err == nil {
		fmt.Printf("%+v\n", result)
	}
	return err
}
