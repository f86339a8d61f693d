package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/cli"
	"crosssum/internal/engine"
	"crosssum/internal/operation/config"
	"crosssum/schemas"
)

// tool hands a file tool to the engine, which has the native code: its arguments, standard input and output are the user's.
func tool(name string) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		h, err := houseFlags(flags(name, "", "", ""))()
		if err != nil {
			return err
		}
		mode, args, err := numerics(args)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if mode == "" && name == "train" && h.config.Device == "cuda" {
			mode = "native"
		}
		return handOn(ctx, engineTool(ctx, h.config, mode, append([]string{name}, args...)...))
	}
}

// maker hands a command to a program of tools/, which the wrapper has built: makers of what ships are no part of this one.
func maker(program, name string) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		cmd := exec.CommandContext(ctx, filepath.Join(config.Root(), "build", "bin", program), append([]string{name}, args...)...)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		return handOn(ctx, cmd)
	}
}

// benchmark runs one of bench/: a measurement beside a peer. The wrapper has set up the native environment.
func benchmark(ctx context.Context, args []string) error {
	var names []string
	mains, _ := filepath.Glob(filepath.Join(config.Root(), "bench", "*", "main.go"))
	for _, path := range mains {
		names = append(names, filepath.Base(filepath.Dir(path)))
	}
	set := flags("benchmark", "benchmark NAME [FLAGS]", "Measures this project beside the tools that people would use instead, in one run, with the same threads. NAME is one of "+
		strings.Join(names, ", ")+";\n./crosssum benchmark NAME --help lists its flags, and bench/README.md says what the peers need and what was measured.",
		"./crosssum benchmark embed --python ~/peers/bin/python --texts 4000")
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return cmp.Or(cli.Parse(set, args), errors.New("benchmark: "+sayWhich("benchmark", args, names...)))
	}
	if !slices.Contains(names, args[0]) {
		return errors.New("benchmark: " + sayWhich("benchmark", args, names...))
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./bench/" + args[0]}, args[1:]...)...)
	cmd.Dir = config.Root()
	return handOn(ctx, cmd)
}

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
	return handOn(ctx, engine.Command(ctx, engine.Options{Program: h.config.Engine, Threads: h.config.Threads}, *numerics, "prove-memory",
		"--shape", *shape, fmt.Sprint("--limit=", *limit),
		fmt.Sprint("--steps=", *steps), fmt.Sprint("--micro-batch=", *micro), fmt.Sprint("--accumulation=", *accumulation),
		fmt.Sprint("--source-tokens=", *source), fmt.Sprint("--target-tokens=", *target), "--precision", *precision,
		fmt.Sprint("--activation-checkpointing=", *again)))
}

// handOn lets a program go on in this one's place: standard input and output are the user's, and it says itself what failed.
func handOn(ctx context.Context, cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil: // it has said where it stopped
		return ctx.Err()
	case errors.As(err, &exit):
		return errSaid
	}
	return err
}

// numerics takes --numerics out of a tool's arguments: it is not the tool's to know, for an engine is started in them. "": not given.
func numerics(args []string) (mode string, rest []string, err error) {
	for i, arg := range args {
		name, value, given := strings.Cut(arg, "=")
		if name != "--numerics" && name != "-numerics" {
			continue
		}
		rest = append(slices.Clone(args[:i]), args[i+1:]...)
		if !given && i < len(rest) {
			value = rest[i]
			rest = slices.Delete(rest, i, i+1)
		}
		return value, rest, schemas.CheckNumerics(value)
	}
	return "", args, nil
}

// engineTool is a subcommand of the engine; its numerics are portable unless mode says native. Interrupting the starter interrupts it.
func engineTool(ctx context.Context, c config.Config, mode string, args ...string) *exec.Cmd {
	o, mode := engine.Options{Program: c.Engine, Threads: c.Threads}, cmp.Or(mode, "portable")
	if mode == "native" {
		o.Device = c.Device
	}
	cmd := engine.Command(ctx, o, mode, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd
}
