// Package filetools is what ./crosssum tokenize, encode and align do: files and lines in, files and lines out, without a
// server and a store. The work is done by what answers the worker's requests, so the results are the same.
package filetools

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"crosssum/internal/engine"
	"crosssum/schemas"
)

// Commands are the subcommands of the engine program, by name.
var Commands = map[string]func(args []string) error{"tokenize": tokenize, "encode": encodeLines, "align": align}

// command is a tool's flags and help.
type command struct {
	*flag.FlagSet
	required []string
}

func newCommand(name, synopsis, text, example string, required ...string) command {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(os.Stdout)
	set.Usage = func() {
		fmt.Printf("Usage: ./crosssum %s %s\n\n%s\n\nExample: %s\n\nFlags:\n", name, synopsis, text, example)
		set.PrintDefaults()
	}
	return command{set, required}
}

// parse refuses what is left over and what is missing. help: it was asked for and is printed.
func (c command) parse(args []string) (help bool, err error) {
	c.FlagSet.SetOutput(os.Stderr)
	usage := c.Usage
	c.Usage = func() {} // an error is one line; only --help prints everything
	err = c.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		c.FlagSet.SetOutput(os.Stdout)
		usage()
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("see ./crosssum %s --help", c.Name())
	}
	if c.NArg() > 0 {
		return false, fmt.Errorf("unexpected argument %q; see ./crosssum %s --help", c.Arg(0), c.Name())
	}
	for _, name := range c.required {
		if !c.given(name) {
			return false, fmt.Errorf("--%s is missing; see ./crosssum %s --help", name, c.Name())
		}
	}
	return false, nil
}

// given says whether a flag stood on the command line.
func (c command) given(name string) (yes bool) {
	c.Visit(func(f *flag.Flag) { yes = yes || f.Name == name })
	return yes
}

// progress prints to the standard error how far a tool is, once it has taken longer than a second: on a terminal in one line
// that is written over every second, else a line every ten seconds. end finishes the line.
func progress(name string) (report engine.Report, end func()) {
	began, next, shown := time.Now(), time.Second, false
	info, err := os.Stderr.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	report = func(p schemas.Progress) {
		spent := time.Since(began)
		if spent < next || p.Of == "" {
			return
		}
		text := fmt.Sprintf("%s: %d %s", name, p.Done, p.Of)
		if p.Of == schemas.OfModel {
			text = fmt.Sprintf("%s: reading the model, %d of %d MB", name, p.Done>>20, p.Total>>20)
		} else if p.Total > 0 {
			text = fmt.Sprintf("%s: %d of %d %s", name, p.Done, p.Total, p.Of)
		}
		if terminal {
			fmt.Fprintf(os.Stderr, "\r%-70s", text)
			next, shown = spent+time.Second, true
			return
		}
		fmt.Fprintln(os.Stderr, text)
		next = spent + 10*time.Second
	}
	return report, func() {
		if shown {
			fmt.Fprintln(os.Stderr)
		}
	}
}
