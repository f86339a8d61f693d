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

func TestNoRootsAtAllReachTheWorkerAsNone(t *testing.T) {
	h := &house{config: config.Config{ModelRoots: []string{"/a", "/b"}}}
	for _, want := range []string{"CROSSSUM_CRAWL_ROOTS=", "CROSSSUM_MODEL_ROOTS=/a:/b"} {
		if got := h.environment(); !slices.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}
