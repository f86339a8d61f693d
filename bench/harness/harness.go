// Package harness has what every benchmark does: it reads its flags, and says of the machine what its times were taken under.
package harness

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"crosssum/internal/cli"
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

// Compared has what a benchmark beside another program knows of both, and a folder for their files.
type Compared struct {
	Engine, Python, Numerics string
	Runs, Threads            int
	NoPeer                   bool
	dir                      string
}

// Flags adds those flags but for the numerics. peer is the other program, packages are what its Python has.
func (c *Compared) Flags(set *flag.FlagSet, peer, packages string, runs int) {
	set.StringVar(&c.Engine, "engine", "build/bin/engine", "the native program")
	set.StringVar(&c.Python, "python", "python3", "a Python with "+packages)
	set.IntVar(&c.Runs, "runs", runs, "runs of each; the least counts")
	set.IntVar(&c.Threads, "threads", runtime.NumCPU(), "threads of each")
	set.BoolVar(&c.NoPeer, "no-peer", false, "do not run "+peer)
}

// Run is Run of a benchmark that has the folder.
func (c *Compared) Run(set *flag.FlagSet, benchmark func() error) {
	Run(set, func() (err error) {
		if c.dir, err = os.MkdirTemp("", "bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(c.dir)
		return benchmark()
	})
}

// Path is that of a file of the folder.
func (c *Compared) Path(name string) string { return filepath.Join(c.dir, name) }

// Load is the machine's 1-minute load: a time that was taken under it is no time.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}
