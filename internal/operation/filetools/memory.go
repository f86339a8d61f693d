package filetools

import (
	"errors"
	"fmt"

	"crosssum/internal/cli"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/torch"
	"crosssum/internal/training/train"
	"crosssum/schemas"
)

// realShapes are published models.
var realShapes = map[string]t5.Config{
	"mt5-small": {DModel: 512, DFF: 1024, NumLayers: 8, NumDecoderLayers: 8, NumHeads: 6},
	"mt5-base":  {DModel: 768, DFF: 2048, NumLayers: 12, NumDecoderLayers: 12, NumHeads: 12},
}

// proveMemory takes steps with random weights in a model's shape and prints what memory they took by phase; no file is written.
func proveMemory(args []string) error {
	set := cli.New("prove memory", "prove memory", "", "", nil) // ./crosssum has the flags and their help
	p := schemas.Paper().Train
	name := set.String("shape", "mt5-base", "mt5-base or mt5-small")
	limit := set.Float64("limit", 14, "GB that must suffice")
	accumulation := set.Int("accumulation", 2, "micro-batches a step")
	set.IntVar(&p.Steps, "steps", 3, "optimizer steps")
	set.IntVar(&p.MicroBatch, "micro-batch", 2, "samples a forward pass")
	set.IntVar(&p.SourceTokens, "source-tokens", p.SourceTokens, "tokens of every article")
	set.IntVar(&p.TargetTokens, "target-tokens", p.TargetTokens, "tokens of every summary")
	set.StringVar(&p.Precision, "precision", p.Precision, "auto, fp32 or bf16")
	set.BoolVar(&p.ActivationCheckpointing, "activation-checkpointing", false, "compute activations again going backward")
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	config, ok := realShapes[*name]
	if !ok {
		return fmt.Errorf("--shape %q is not mt5-base or mt5-small", *name)
	}
	config.ModelType, config.FeedForward, config.VocabSize, config.DKV, config.Buckets, config.MaxDistance = "mt5", "gated-gelu", 250112, 64, 32, 128
	config.LayerNormEpsilon, config.EOSTokenID = 1e-6, 1
	if p.MicroBatch**accumulation < 1 || p.MicroBatch**accumulation > 1<<16 {
		return errors.New("--micro-batch times --accumulation is the batch: 1 to 65,536")
	}
	m, err := train.NewFootprint(&config, p, p.MicroBatch**accumulation)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %.0f M parameters, vocabulary %d, source %d, target %d, micro-batch %d x %d, %s, Adafactor, dropout %v, activations kept: %v, %d threads\n",
		*name, float64(config.Count())/1e6, config.VocabSize, p.SourceTokens, p.TargetTokens, p.MicroBatch, *accumulation, m.Precision(),
		p.Dropout, !p.ActivationCheckpointing, torch.Threads())
	err = m.Measure(func(step int, seconds, loss float64) { fmt.Printf("step %d: %.1f s, loss %.4f\n", step, seconds, loss) })
	if err != nil {
		return err
	}
	fmt.Printf("%-42s %9s %9s\n", "GB", "after it", "most in it")
	peak := 0.0
	for _, phase := range m.Phases {
		peak = max(peak, gigabytes(phase.Most))
		fmt.Printf("%-42s %9.2f %9.2f\n", phase.Name, gigabytes(phase.Resident), gigabytes(phase.Most))
	}
	fmt.Printf("peak %.2f GB, of %.2f GB\n", peak, *limit)
	if peak > *limit {
		return errors.New("the peak is above the limit")
	}
	return nil
}

func gigabytes(kB int) float64 { return float64(kB) * 1024 / 1e9 }
