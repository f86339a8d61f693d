package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"crosssum/internal/operation/config"

	"crosssum/internal/cli"
)

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
		if err := cli.Parse(set, args); err != nil {
			return err
		}
		return errors.New("benchmark: say which: " + strings.Join(names, ", "))
	}
	for _, name := range names {
		if name != args[0] {
			continue
		}
		cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./bench/" + name}, args[1:]...)...)
		cmd.Dir = config.Root()
		return handOn(ctx, cmd)
	}
	return fmt.Errorf("benchmark: no %q; there are %s", args[0], strings.Join(names, ", "))
}
