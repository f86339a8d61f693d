package filetools

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/cli"
	"crosssum/internal/engine"
	"crosssum/internal/model/encode"
)

const modelText = "DIR is a Hugging Face directory: a sentence-transformers one (modules.json) or a plain model of transformers"

// encodeLines writes the vectors of all lines to an Arrow file.
func encodeLines(args []string) error {
	var r engine.EncodeRequest
	set := cli.New("encode", "encode --model DIR --output F.arrow [--max-tokens N] [--prefix P] [--json] [--input F]",
		"Reads texts, one a line (every line is a text, the empty one too), and writes their unit vectors to an Arrow IPC file\n"+
			"(random access) with the one column `embedding`, a fixed-size list of float32; row n is line n, from 0. "+modelText+".",
		"./crosssum encode --model build/models/multilingual-e5-small --prefix 'query: ' --input texts.txt --output texts.arrow\n"+
			"         python3 -c \"import pyarrow as pa; print(pa.ipc.open_file('texts.arrow').read_all())\"", nil)
	set.StringVar(&r.Model, "model", "", "directory of the encoder")
	set.StringVar(&r.Output, "output", "", "Arrow file to write; one that is there is replaced when the new one is complete")
	set.IntVar(&r.MaxTokens, "max-tokens", 0, "tokens that are read of a text, special ones included (0: what the directory says, or the model takes)")
	set.IntVar(&r.BatchTokens, "batch-tokens", 0, "tokens a batch; each thread takes batches of its own (0: 1024, or as many as max-tokens)")
	prefix := set.String("prefix", "", "put before every text, such as 'query: ' for multilingual-e5 (default: the directory's own default prompt, if it has one)")
	path := set.String("input", "", "file of texts (default: the standard input)")
	asJSON := set.Bool("json", false, "each line is a JSON string, so that a text can hold a line feed")
	if err := cli.Parse(set, args, "model", "output"); err != nil {
		return err
	}
	var err error
	if r.Prefix = *prefix; !cli.Given(set, "prefix") {
		if r.Prefix, err = encode.DefaultPrompt(r.Model); err != nil {
			return err
		}
	}
	l, total, closing, err := input(*path, *asJSON)
	if err != nil {
		return err
	}
	defer closing()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, end := progress("encode")
	defer end()
	return making(r.Output, func(output string) error {
		r.Output = output
		_, err := encode.Lines(ctx, r, until(ctx, l.next), total, report)
		return err
	})
}

// making is atomicfile.Make of the file of --output.
func making(path string, fill func(aside string) error) error {
	if err := atomicfile.Make(path, fill); err != nil {
		return fmt.Errorf("--output %s: %w", path, err)
	}
	return nil
}
