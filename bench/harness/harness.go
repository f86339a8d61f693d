// Package harness has what every benchmark does: it reads its flags, and says of the machine what its times were taken under.
package harness

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"crosssum/internal/operation/cli"
)

// Flags are those of ./crosssum benchmark NAME.
func Flags(name, text, example string) *flag.FlagSet {
	return cli.New("benchmark "+name, "benchmark "+name+" [FLAGS]", text, "./crosssum benchmark "+name+example, nil)
}

// Run reads the command line and runs a benchmark; its error ends the program.
func Run(set *flag.FlagSet, benchmark func() error) {
	err := cli.Parse(set, os.Args[1:])
	if err == nil {
		err = benchmark()
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", set.Name(), err)
		os.Exit(1)
	}
}

// Load is the machine's 1-minute load: a time that was taken under it is no time.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}
