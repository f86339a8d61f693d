package main

import (
	"context"
	"os"
	"strings"

	"crosssum/internal/engine"
	"crosssum/internal/native/bf16"
	"crosssum/internal/native/device"
	"crosssum/internal/native/faiss"
	"crosssum/internal/native/torch"
)

// profile is what may change the bytes of native results here. The processor's own name is not in it: what it can do is.
func profile(context.Context, struct{}, engine.Report) (engine.Profile, error) {
	mode := os.Getenv("CROSSSUM_NUMERICS")
	precision := bf16.Precision()
	if precision == "fp32" {
		precision = "" // as keys were before there was another
	}
	return engine.Profile{
		Mode: mode, InstructionSet: strings.ToLower(torch.Capability()), Threads: threads(), Device: device.Name(),
		Libtorch: torch.Version(), FAISS: faiss.Version(), BLAS: blas(torch.BLAS()),
		Precision: precision,
	}, nil
}

// blas leaves the limits and options that OpenBLAS prints out of its description: name, version and kernel remain.
func blas(description string) string {
	fields := strings.Fields(description)
	var kept []string
	for i, f := range fields {
		if i < 2 || strings.HasPrefix(f, "kernel") || i == len(fields)-1 {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}
