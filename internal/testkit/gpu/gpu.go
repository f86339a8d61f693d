// Package gpu lets tests compute on a GPU, where there is one.
package gpu

import (
	"testing"

	"crosssum/internal/native/torch"
)

// Device is the first GPU; libtorch's operators repeat their bytes from here on. Without one the test is skipped, and says so.
func Device(t testing.TB) torch.Device {
	t.Helper()
	if torch.GPUs() == 0 {
		t.Skipf("NOT RUN: libtorch %s can use no GPU here, so nothing was computed on one; the same operators ran on the processor", torch.Version())
	}
	torch.Deterministic()
	return torch.CUDA(0)
}
