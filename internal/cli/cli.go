// Package cli is the command line that all programs have in common: help that begins with how a command is used, flags that are
// listed as --name (-name is read too), errors of one line.
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"crosssum/schemas"
)

// New makes a command's flags. --help prints synopsis, text and example to the standard output, then the flags; those that settings
// says yes to, which stand in temporal.yaml too, by name only (nil: there are none). name and synopsis are written without
// ./crosssum, or begin with build/bin/.
func New(name, synopsis, text, example string, settings func(flag string) bool) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard) // errors are returned
	set.Usage = func() {
		fmt.Printf("Usage: %s\n\n%s\n", typed(synopsis), text)
		if example != "" {
			fmt.Printf("\nExample: %s\n", example)
		}
		fmt.Print(list(set, settings))
	}
	return set
}

// typed is a command as people type it.
func typed(command string) string {
	if strings.HasPrefix(command, "build/bin/") {
		return command
	}
	return "./crosssum " + command
}

// list has a line for each flag: name, value, what it does, default.
func list(set *flag.FlagSet, settings func(flag string) bool) string {
	var own [][2]string
	var others []string
	width := 0
	set.VisitAll(func(f *flag.Flag) {
		if settings != nil && settings(f.Name) {
			others = append(others, "--"+f.Name)
			return
		}
		value, does := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "false" && !strings.Contains(does, "(default") {
			does = strings.TrimSpace(does + " (default " + f.DefValue + ")")
		}
		name := strings.TrimSpace("--" + f.Name + " " + value)
		width = max(width, len(name))
		own = append(own, [2]string{name, does})
	})
	var b strings.Builder
	if len(own) > 0 {
		b.WriteString("\nFlags:\n")
	}
	for _, f := range own {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, f[0], f[1])
	}
	if len(others) > 0 {
		b.WriteString("\nIn place of what temporal.yaml says: " + strings.Join(others, ", ") + "\n")
	}
	return b.String()
}

// flagOf is where package flag's errors name a flag, as -name.
var flagOf = regexp.MustCompile(`^(flag provided but not defined: |flag needs an argument: |invalid (?:boolean )?value "(?:[^"\\]|\\.)*" for (?:flag )?)-`)

// Parse reads args. It refuses what is left over, since flags behind it would not be read, and required flags that are not there.
// The error is flag.ErrHelp when help was asked for and is printed.
func Parse(set *flag.FlagSet, args []string, required ...string) error {
	help := set.Usage
	set.Usage = func() {}
	err := set.Parse(args)
	set.Usage = help
	if errors.Is(err, flag.ErrHelp) {
		help()
		return err
	}
	see := "see " + typed(set.Name()) + " --help"
	if err != nil {
		said := flagOf.ReplaceAllString(err.Error(), "$1--")
		if name, unknown := strings.CutPrefix(said, "flag provided but not defined: --"); unknown {
			said = fmt.Sprintf("there is no flag --%s%s", name, nearestFlags(set, name))
		}
		return fmt.Errorf("%s; %s", said, see)
	}
	if set.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; %s", set.Arg(0), see)
	}
	for _, name := range required {
		if !Given(set, name) {
			return fmt.Errorf("--%s is missing; %s", name, see)
		}
	}
	return nil
}

// nearestFlags are those of the set that may have been meant.
func nearestFlags(set *flag.FlagSet, name string) string {
	var names []string
	set.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	near := schemas.Alike(name, names)
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf(": nearest %s --%s", map[bool]string{true: "is", false: "are"}[len(near) == 1], strings.Join(near, ", --"))
}

// Given says whether a flag stood on the command line.
func Given(set *flag.FlagSet, name string) (yes bool) {
	set.Visit(func(f *flag.Flag) { yes = yes || f.Name == name })
	return yes
}

// Main runs the one of a program's commands that args begin with, and gives the status to exit with.
func Main(program string, commands map[string]func(args []string) error, args []string) int {
	name := append(args, "")[0]
	command, ok := commands[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: no command %q; %s\n", program, name, schemas.Instead(name, slices.Sorted(maps.Keys(commands))))
		return 2
	}
	if err := command(args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.TrimPrefix(err.Error(), name+": "))
		return 1
	}
	return 0
}
