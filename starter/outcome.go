package main

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"crosssum/internal/live"
	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
)

// summary prints the short table of a finished run.
func summary(w io.Writer, r schemas.PipelineResult, took time.Duration) {
	fmt.Fprintf(w, "\n%-12s %8s %7s %10s  %s\n", "stage", "units", "reused", "time", "counts")
	for _, s := range r.Stages {
		fmt.Fprintf(w, "%-12s %8d %7d %10s  %s\n", s.Stage, s.Units, s.Reused, live.Clock(time.Duration(s.Seconds*float64(time.Second))), counts(s.Counts))
	}
	fmt.Fprintf(w, "%-12s %8s %7s %10s\n", "all", "", "", live.Clock(took))
	figures(w, r)
	fmt.Fprintf(w, "\nreport: %s\n", r.Report)
	if r.Folder != "" {
		fmt.Fprintf(w, "data set, model and manifest: %s\n", r.Folder)
	}
}

// figures prints those that the table of stages does not hold already.
func figures(w io.Writer, r schemas.PipelineResult) {
	shown := map[string]bool{}
	for _, s := range r.Stages {
		for name := range s.Counts {
			shown[s.Stage+"."+name] = true
		}
	}
	var rest []string
	width := 0
	for _, name := range names(r.Figures) {
		if !shown[name] {
			rest, width = append(rest, name), max(width, len(name))
		}
	}
	if len(rest) > 0 {
		fmt.Fprintln(w)
	}
	for _, name := range rest {
		fmt.Fprintf(w, "%-*s  %s\n", width, strings.ReplaceAll(name, "_", " "), live.Readable(r.Figures[name]))
	}
}

// counts writes a stage's counts in name order, zeros left out.
func counts(c map[string]int64) string {
	var parts []string
	for _, name := range names(c) {
		if c[name] != 0 {
			parts = append(parts, fmt.Sprintf("%s %s", live.Thousands(c[name]), strings.ReplaceAll(name, "_", " ")))
		}
	}
	return strings.Join(parts, ", ")
}

func names[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// explain prints why a run failed: the error at the root of Temporal's chain, with its type, and where to read more.
func explain(w io.Writer, err error, url string) {
	var stage string
	var activity *temporal.ActivityError
	if errors.As(err, &activity) {
		stage = " in " + activity.ActivityType().GetName()
	}
	kind, message := "", err.Error()
	var application *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	var terminated *temporal.TerminatedError
	switch {
	case errors.As(err, &application):
		kind, message = application.Type(), application.Message()
		for inner := application; errors.As(inner.Unwrap(), &inner) && inner.Message() != ""; {
			if inner.Type() != "" && inner.Type() != "wrapError" {
				kind, message = inner.Type(), inner.Message()
			}
		}
	case errors.As(err, &timeout):
		kind, message = "Timeout", timeout.Message()+": no heartbeat or no answer for too long; the worker's log is in data/log"
	case errors.As(err, &terminated):
		kind, message = "Terminated", "someone terminated the run"
	case temporal.IsCanceledError(err):
		kind, message = "Canceled", "someone cancelled the run"
	}
	if kind != "" {
		kind = ": " + kind
	}
	fmt.Fprintf(w, "\nThe run failed%s%s\n", stage, kind)
	for _, line := range strings.Split(strings.TrimSpace(message), "\n") {
		fmt.Fprintln(w, "  "+line)
	}
	if url != "" {
		fmt.Fprintln(w, "Its history: "+url+" (./crosssum up keeps the web UI running)")
	}
}
