package main

import (
	"context"
	"fmt"

	"crosssum/internal/engine"
	"crosssum/schemas"
)

// proveMemory has the engine train a model of a published shape for some steps and print what memory that takes.
func proveMemory(ctx context.Context, args []string) error {
	set := flags("prove memory", "prove memory [--shape mt5-base|mt5-small] [--limit 14] [--precision auto] [--activation-checkpointing]",
		"Takes optimizer steps of Adafactor with random weights in the shape of mT5-base (580 M parameters, vocabulary 250,112), articles of 512\n"+
			"and summaries of 84 tokens, and prints memory by phase and seconds a step. Writes no file. Ends with status 1 if the peak is above\n"+
			"the limit.", "./crosssum prove memory --shape mt5-small --limit 6")
	shape := set.String("shape", "mt5-base", "mt5-base or mt5-small")
	limit := set.Float64("limit", 14, "GB that must suffice")
	steps := set.Int("steps", 3, "optimizer steps")
	micro := set.Int("micro-batch", 2, "samples a forward pass")
	accumulation := set.Int("accumulation", 2, "micro-batches a step")
	source := set.Int("source-tokens", 512, "tokens of every article")
	target := set.Int("target-tokens", 84, "tokens of every summary")
	precision := set.String("precision", "auto", "auto (bf16 where the processor has it), fp32 or bf16")
	again := set.Bool("activation-checkpointing", false, "compute activations again going backward: less memory, more time")
	numerics := set.String("numerics", "native", "native or portable")
	h, err := openHouse(set, args)
	if err != nil {
		return err
	}
	if err := schemas.CheckNumerics(*numerics); err != nil {
		return err
	}
	cmd := engine.Command(ctx, engine.Options{Program: h.config.Engine, Threads: h.config.Threads}, *numerics, "prove-memory",
		"--shape", *shape, fmt.Sprint("--limit=", *limit),
		fmt.Sprint("--steps=", *steps), fmt.Sprint("--micro-batch=", *micro), fmt.Sprint("--accumulation=", *accumulation),
		fmt.Sprint("--source-tokens=", *source), fmt.Sprint("--target-tokens=", *target), "--precision", *precision,
		fmt.Sprint("--activation-checkpointing=", *again))
	return handOn(ctx, cmd)
}
