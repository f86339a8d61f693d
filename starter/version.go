package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"crosssum/internal/cli"
	"crosssum/schemas"
)

// version prints what the program was built from.
func version(ctx context.Context, args []string) error {
	set := flags("version", "version", "Prints the versions of this program, of Go, and of the libraries that decide how it talks to others.", "./crosssum version")
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	fmt.Println("crosssum", schemas.Version+", built with", runtime.Version())
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "go.temporal.io/sdk", "go.temporal.io/api", "github.com/apache/arrow/go/v17":
			fmt.Println(m.Path, m.Version)
		}
	}
	fmt.Println("workflow type", schemas.PipelineWorkflow)
	return nil
}
