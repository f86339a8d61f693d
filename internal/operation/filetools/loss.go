package filetools

import (
	"bufio"
	"fmt"
	"os"

	"crosssum/internal/cli"
	"crosssum/internal/training/train"
	"crosssum/schemas"
)

// losses prints the losses of a file of batches.
func losses(args []string) error {
	set := cli.New("loss", "loss --model DIR --batches F.jsonl [--label-smoothing 0.1] [--source-tokens 512] [--target-tokens 84]",
		"Prints the loss of each line of a file of batches, as ./crosssum train --batches reads them: label-smoothed cross-entropy, mean over\n"+
			"the target tokens of the line, without dropout.", "./crosssum loss --model models/crosssum-small --batches batches.jsonl", nil)
	params := schemas.Paper().Train
	model := set.String("model", "", "model directory")
	batches := set.String("batches", "", "file of batches")
	set.Float64Var(&params.LabelSmoothing, "label-smoothing", params.LabelSmoothing, "share of the loss that is spread over the vocabulary")
	set.IntVar(&params.SourceTokens, "source-tokens", params.SourceTokens, "tokens of an article, the last one </s>")
	set.IntVar(&params.TargetTokens, "target-tokens", params.TargetTokens, "tokens of a summary, the last one </s>")
	if err := cli.Parse(set, args, "model", "batches"); err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	return train.Losses(*model, *batches, params, func(loss float64) { fmt.Fprintf(out, "%.9g\n", loss) })
}
