package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"crosssum/internal/evaluation/report"
	"crosssum/internal/operation/live"
	"crosssum/schemas"

	"go.temporal.io/sdk/temporal"
)

// summary prints the short table of a finished run.
func summary(w io.Writer, r schemas.PipelineResult, encoder string, took time.Duration) {
	fmt.Fprintf(w, "\n%s\nin all: %s\n", report.Table(r.Stages, r.Figures, encoder), live.Clock(took))
	if r.Report != "" {
		fmt.Fprintf(w, "report: %s\n", r.Report)
	}
	if r.Folder != "" {
		fmt.Fprintf(w, "data set, model and manifest: %s\n", r.Folder)
	}
	cautions(w, r.Warnings, r.Nondeterministic)
}

// cautions prints what a person should know of a run that has succeeded all the same.
func cautions(w io.Writer, warnings, nondeterministic []string) {
	for _, warning := range warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	for _, unit := range nondeterministic {
		fmt.Fprintf(w, "nondeterministic: %s gave other bytes than the first time; the first ones stay\n", unit)
	}
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
		// The outermost type is the one that was given on purpose; Go's own wrappers have none that says anything.
		for inner := application; errors.As(inner.Unwrap(), &inner) && (application.Type() == "" || application.Type() == "wrapError"); {
			application = inner
		}
		kind, message = application.Type(), application.Message()
		var failed schemas.FailedIn
		if application.HasDetails() && application.Details(&failed) == nil && failed.Activity != "" {
			stage = " in " + failed.Activity
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
