package filetools

import (
	"encoding/json"
	"os"

	"crosssum/internal/model/encode"
	"crosssum/internal/operation/cli"
)

// Floor is the engine's subcommand encoder-floor, for bench/embed.
func Floor(args []string) error {
	set := cli.New("build/bin/engine encoder-floor", "build/bin/engine encoder-floor --model DIR", "Times the encoder on 32 texts of 64 tokens, and its matrix products alone, in one process; prints JSON.",
		"build/bin/engine encoder-floor --model build/models/multilingual-e5-small", nil)
	model := set.String("model", "", "directory of the encoder")
	texts := set.Int("texts", 32, "texts")
	tokens := set.Int("tokens", 64, "tokens of each")
	runs := set.Int("runs", 9, "how often each is timed")
	if err := cli.Parse(set, args, "model"); err != nil {
		return err
	}
	floor, err := encode.MeasureFloor(*model, *texts, *tokens, *runs)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(floor)
}
