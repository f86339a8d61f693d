package main

import (
	"context"
	"os"
	"strings"

	"crosssum/internal/engine"
	"crosssum/internal/native/torch"
)

// profile is what may change the bytes of native results here. The processor's own name is not in it: what it can do is.
func profile(context.Context, struct{}, engine.Report) (engine.Profile, error) {
	mode := os.Getenv("CROSSSUM_NUMERICS")
	return engine.Profile{
		Mode: mode, InstructionSet: strings.ToLower(torch.Capability()), Threads: threads(), Device: "cpu",
		Libtorch: torch.Version(), FAISS: faissVersion, BLAS: blas(torch.BLAS()),
	}, nil
}

// faissVersion is that of the library which the C interface is linked with. Search results do not depend on it: it
// proposes, and every score that is written is computed again.
const faissVersion = "1.7.3"

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
