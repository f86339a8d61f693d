package main

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"crosssum/internal/config"
	"crosssum/internal/engine"
)

// tool hands a file tool to the engine, which has the native code: its arguments, standard input and output are the user's.
func tool(name string) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		h, err := houseFlags(flags(name, "", "", ""))()
		if err != nil {
			return err
		}
		cmd := engineTool(ctx, h.config, append([]string{name}, args...)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		err = cmd.Run()
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil: // it has said where it stopped
			return ctx.Err()
		case errors.As(err, &exit):
			return errSaid
		}
		return err
	}
}

// engineTool is a subcommand of the engine. Its numerics are portable, but those of a training for which the settings ask for a GPU.
// Interrupting the starter interrupts it.
func engineTool(ctx context.Context, c config.Config, args ...string) *exec.Cmd {
	mode, o := "portable", engine.Options{Program: c.Engine, Threads: c.Threads}
	if args[0] == "train" && c.Device == "cuda" {
		mode, o.Device = "native", c.Device
	}
	cmd := engine.Command(ctx, o, mode, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd
}
