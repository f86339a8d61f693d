package main

import (
	"strings"

	"crosssum/internal/engine"
	"crosssum/internal/native/device"
	"crosssum/internal/native/faiss"
	"crosssum/internal/native/torch"
)

// profile is what may change the bytes of native results here. The processor's own name is not in it: what it can do is.
func profile(threads int) engine.Profile {
	p := engine.Profile{
		Mode: device.Told().Numerics, InstructionSet: strings.ToLower(torch.Capability()), Threads: threads, Device: device.Name(),
		Libtorch: torch.Version(), FAISS: faiss.Version(), BLAS: blas(torch.BLAS()),
	}
	if device.BF16(torch.CPU) { // fp32 is not told, as in keys before there was another
		p.Precision = "bf16"
	}
	return p
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
