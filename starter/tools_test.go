package main

import (
	"slices"
	"strings"
	"testing"

	"crosssum/internal/operation/config"
)

func TestNumericsOfAFileToolAreTheEnginesAndNotTheTools(t *testing.T) {
	for _, c := range []struct{ args, mode, rest string }{
		{"--model m --data d", "", "--model m --data d"},
		{"--model m --numerics native --data d", "native", "--model m --data d"},
		{"-numerics=portable --model m", "portable", "--model m"},
		{"--model m --numerics native", "native", "--model m"},
	} {
		args := strings.Fields(c.args)
		mode, rest, err := numerics(args)
		if err != nil || mode != c.mode || strings.Join(rest, " ") != c.rest || !slices.Equal(args, strings.Fields(c.args)) {
			t.Errorf("%s: %q, %v, %v", c.args, mode, rest, err)
		}
	}
	for _, args := range []string{"--numerics", "--numerics --model m", "--numerics=bf16"} {
		if _, _, err := numerics(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), "is not one of portable, native") {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestAMisspeltCommandIsToldWithTheNearest(t *testing.T) {
	for command, want := range map[string]string{"shedule": "nearest is schedule", "chek": "nearest is check", "sampling_plan": "nearest is sampling-plan", "demos": "nearest is demo",
		"schedule craete": "nearest is create", "schedule remove": "there are create, delete, list,", "prove resum": "nearest is resume", "benchmark embd": "nearest is embed",
		"example pipline": "nearest is pipeline", "up --adress x": "nearest is --address", "schedule create --cronn x": "nearest is --cron", "hepl": "there are "} {
		var code int
		if out := complained(t, func() { code = dispatch(t.Context(), strings.Fields(command)) }); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%s ends with %d: %s", command, code, out)
		}
	}
}

func TestNoRootsAtAllReachTheWorkerAsNone(t *testing.T) {
	h := &house{config: config.Config{ModelRoots: []string{"/a", "/b"}}}
	for _, want := range []string{"CROSSSUM_CRAWL_ROOTS=", "CROSSSUM_MODEL_ROOTS=/a:/b"} {
		if got := h.environment(); !slices.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}
