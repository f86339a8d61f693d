// Command starter is what people call as ./crosssum: it starts and watches runs, keeps the local Temporal server and worker,
// and looks at crawls. It has no native code; work happens in the worker.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"crosssum/internal/cli"
	"crosssum/internal/operation/config"
	"crosssum/schemas"
)

// command is one word of the command line. run gets the arguments after it.
type command struct {
	name, does string
	run        func(ctx context.Context, args []string) error
}

func commands() []command {
	return []command{
		{"demo", "the whole chain on the shipped corpus, with live progress and a report", demo},
		{"run", "the same on your own crawl", run},
		{"realign", "take new crawls into a catalogue: only what is new or changed is computed", realign},
		{"withdraw", "take articles down: a catalogue without them, and what still holds them", takeDown},
		{"schedule", "let new crawls be taken every week: create, list, trigger, pause, resume, delete", schedule},
		{"check", "what a crawl folder holds: rows, rejects, languages, expected minutes and disk", check},
		{"calibrate", "which threshold an encoder needs for a wanted precision: judged on known pairs", calibrate},
		{"fetch-corpus", "make a crawl of Debian's package descriptions, or of GNOME's user help, in all their languages", maker("corpus", "fetch-corpus")},
		{"make-sample", "draw the shipped sample, and what lies outside of it, from a fetched crawl", maker("corpus", "make-sample")},
		{"tokenize", "the token ids of lines, as an encoder or a summarizer sees them", tool("tokenize")},
		{"encode", "the vectors of lines, as an Arrow file", tool("encode")},
		{"align", "the pairs that a rule accepts between two Arrow files of vectors", tool("align")},
		{"train", "train on a data set's folder or on exactly the batches of a file, without a server", tool("train")},
		{"loss", "the loss of each line of a file of batches", tool("loss")},
		{"prove", "by experiment: prove resume, a training killed many times ends in the same bytes; prove memory, what real size takes", prove},
		{"sampling-plan", "what a training would draw of each pair of languages, before it is run", samplingPlan},
		{"up", "keep the Temporal server, its web UI and a worker running", up},
		{"down", "stop them", down},
		{"status", "what runs, where, and the latest runs", status},
		{"example", "the JSON for the web UI's start form: example pipeline", example},
		{"benchmark", "measure beside the tools that people would use instead: benchmark embed, benchmark align; how memory grows: benchmark growth", benchmark},
		{"doctor", "what this machine has, and what is slow or missing", doctor},
		{"test", "set up, vet and run all tests", test},
		{"version", "versions of this program and what it is built from", version},
		{"setup", "install and build what is missing, and nothing else (the others do it by themselves)", setup},
	}
}

// setup has nothing left to do: the wrapper has set up.
func setup(_ context.Context, args []string) error {
	return cli.Parse(flags("setup", "setup", "Installs and builds what is missing, a step at a time, each with its log in build/log: Debian packages (as root or with sudo), a Temporal\n"+
		"server, the native libraries, the programs, the models. What is there already is passed over in silence. LIBTORCH=DIR in the environment\n"+
		"takes that libtorch instead of Debian's.", "./crosssum setup"), args)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(dispatch(ctx, os.Args[1:]))
}

func dispatch(ctx context.Context, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage()
		return 0
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		switch err := c.run(ctx, args[1:]); {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, errSaid):
			return 1
		case errors.Is(err, context.Canceled):
			fmt.Fprintln(os.Stderr, "crosssum: interrupted")
			return 130
		default:
			fmt.Fprintln(os.Stderr, "crosssum:", err)
			return 1
		}
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	fmt.Fprintf(os.Stderr, "crosssum: no command %q; %s; ./crosssum --help says what each does\n", args[0], schemas.Instead(args[0], names))
	return 2
}

// errSaid ends a command as failed whose reason is on the screen already.
var errSaid = errors.New("failed")

func usage() {
	fmt.Println("CrossSum mines a cross-lingual summarization data set from crawls in many languages, trains one model on it,\n" +
		"evaluates it and reports: durably, on Temporal.\n\nUsage: ./crosssum COMMAND [--help] ...")
	fmt.Println()
	for _, c := range commands() {
		fmt.Printf("  %-14s %s\n", c.name, c.does)
	}
	fmt.Println("\nFirst: ./crosssum demo")
}

// flags makes a command's flag set; of the settings of temporal.yaml, which every command has, help lists the names.
func flags(name, synopsis, text, example string) *flag.FlagSet {
	return cli.New(name, synopsis, text, example, func(flag string) bool { return flag == "config" || config.IsSetting(flag) })
}
