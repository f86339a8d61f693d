package torch

// #include "shim.h"
import "C"

import "sync/atomic"

var threads atomic.Int64

// SetThreads sets how many threads libtorch and OpenBLAS use, on whatever thread Do runs.
func SetThreads(n int) {
	threads.Store(int64(n))
	C.ct_threads(C.int(n))
}

// Threads is what SetThreads set last; 0 before that.
func Threads() int { return int(threads.Load()) }

// Version is libtorch's: "1.13.1".
func Version() string { return C.GoString(C.ct_version()) }

// Capability is the instruction set that libtorch's own kernels use: "AVX2", "AVX512", "DEFAULT"; the variable
// ATEN_CPU_CAPABILITY chooses it before the start.
func Capability() string { return C.GoString(C.ct_capability()) }

// BLAS describes OpenBLAS, with the kernel it chose; the variable OPENBLAS_CORETYPE chooses it before the start.
func BLAS() string { return C.GoString(C.ct_blas()) }

// GPUs is how many GPUs this libtorch can use here; 0 for a libtorch without CUDA.
func GPUs() int { return int(C.ct_gpus()) }

// Deterministic makes GPUs give the same bytes again for the same work: sums in a fixed order, those of products of bf16 in fp32. An
// operator that cannot is an error from then on. The variable CUBLAS_WORKSPACE_CONFIG must be ":4096:8" since the start.
func Deterministic() { C.ct_deterministic() }
