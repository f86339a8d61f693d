// Package filetools is what ./crosssum tokenize, encode, align, train and loss do: files and lines in, files and lines out, without a
// server and a store. The work is done by what answers the worker's requests, so the results are the same.
package filetools

import (
	"fmt"
	"os"
	"time"

	"crosssum/internal/engine"
	"crosssum/schemas"
)

// Commands are the subcommands of the engine program, by name.
var Commands = map[string]func(args []string) error{
	"tokenize": tokenize, "encode": encodeLines, "align": align,
	"train": trainModel, "loss": losses, "prove-memory": proveMemory}

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
