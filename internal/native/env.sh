# Sourced in the repository root: the flags with which `go build` compiles and links the native packages.
# LIBTORCH=DIR takes another libtorch than Debian's; everything is portable code, nothing is tuned to this machine.
# Every build must have the same flags: Go compiles all C++ again when they change.

if [ -n "${LIBTORCH:-}" ]; then
	CROSSSUM_TORCH_INCLUDE=$LIBTORCH/include
	CROSSSUM_TORCH_LDFLAGS="-L$LIBTORCH/lib -Wl,-rpath,$LIBTORCH/lib -Wl,--no-as-needed -lc10 -ltorch -ltorch_cpu"
	if [ -f "$LIBTORCH/lib/libtorch_cuda.so" ]; then
		CROSSSUM_TORCH_LDFLAGS="$CROSSSUM_TORCH_LDFLAGS -ltorch_cuda -lc10_cuda"
		if [ -f "${CUDA_HOME:-/usr/local/cuda}/include/nccl.h" ] || [ -f /usr/include/nccl.h ]; then
			CROSSSUM_NCCL="-DUSE_C10D_NCCL -I${CUDA_HOME:-/usr/local/cuda}/include"
		fi
	fi
else
	CROSSSUM_TORCH_INCLUDE=/usr/include
	CROSSSUM_TORCH_LDFLAGS="-Wl,--no-as-needed -lc10 -ltorch -ltorch_cpu"
fi

# Later headers say themselves that they want C++20.
CROSSSUM_TORCH_STD=c++17
if grep -q 'C++20 or later' "$CROSSSUM_TORCH_INCLUDE/ATen/ATen.h" 2>/dev/null; then
	CROSSSUM_TORCH_STD=c++20
fi
CROSSSUM_TORCH_CXXFLAGS="-std=$CROSSSUM_TORCH_STD"
if [ -n "${LIBTORCH:-}" ]; then
	CROSSSUM_TORCH_CXXFLAGS="$CROSSSUM_TORCH_CXXFLAGS -I$CROSSSUM_TORCH_INCLUDE"
fi
CROSSSUM_TORCH_CXXFLAGS="$CROSSSUM_TORCH_CXXFLAGS -I$CROSSSUM_TORCH_INCLUDE/torch/csrc/api/include${CROSSSUM_NCCL:+ $CROSSSUM_NCCL}"

export CGO_CFLAGS="-O2"
export CGO_CXXFLAGS="$CROSSSUM_TORCH_CXXFLAGS -O2 -Wno-deprecated-declarations"
export CGO_LDFLAGS="-L$PWD/build/lib -Wl,-rpath,$PWD/build/lib $CROSSSUM_TORCH_LDFLAGS"
