#!/bin/sh
# Builds the native libraries that Go's packages expect and Debian does not have:
#   build/lib/libcgotorch.so   gotorch's C++ part, compiled from the module's own sources
#   build/lib/libcrosssum_sentencepiece.so   SentencePiece behind C functions, loaded apart from libtorch's protobuf
#   build/lib/libfaiss_c.so    FAISS with the C functions that go-faiss names, from faiss/capi/c_api_shim.cc
# Run from the repository root; quick and quiet when nothing changed. LIBTORCH=DIR builds against another libtorch
# (a CUDA one, say) instead of Debian's. The log is build/log/native.log.
set -eu

[ -f go.mod ] || { echo "native/build.sh: run it in the repository root" >&2; exit 2; }
mkdir -p build/lib build/obj build/log
. internal/native/env.sh
log=$PWD/build/log/native.log

fail() {
	echo "native/build.sh: $1 failed; the log is $log:" >&2
	tail -n 15 "$log" >&2
	exit 1
}

module() { # the folder of a Go module at the version that go.mod names, fetched if need be
	dir=$(go list -m -f '{{.Dir}}' "$1" 2>>"$log") || dir=
	[ -n "$dir" ] || { go mod download "$1" >>"$log" 2>&1 || fail "go mod download $1"; dir=$(go list -m -f '{{.Dir}}' "$1"); }
	echo "$dir"
}

fresh() { # fresh LIBRARY: whether it was built from what $stamp says
	[ -f "build/lib/$1" ] && [ "$stamp" = "$(cat "build/lib/$1.stamp" 2>/dev/null)" ]
}

finish() { # finish LIBRARY: puts the new one in place at once, for programs that run
	mv "build/lib/$1.new" "build/lib/$1"
	printf '%s\n' "$stamp" >"build/lib/$1.stamp"
}

shim=internal/native/faiss/capi/c_api_shim.cc
stamp=$(echo "${CXX:-g++}"; cat "$shim")
if ! fresh libfaiss_c.so; then
	echo "building FAISS's C interface (half a minute, once)"
	${CXX:-g++} -std=c++17 -O2 -DNDEBUG -fPIC -shared "$shim" -o build/lib/libfaiss_c.so.new \
		-lfaiss -lblas -llapack -fopenmp >"$log" 2>&1 || fail "FAISS's C interface"
	finish libfaiss_c.so
fi

bridge=internal/native/sentencepiece/library/bridge.cc
stamp=$(echo "${CXX:-g++}"; cat "$bridge")
if ! fresh libcrosssum_sentencepiece.so; then
	echo "building SentencePiece's bridge (some seconds, once)"
	${CXX:-g++} -std=c++17 -O2 -fPIC -shared "$bridge" -o build/lib/libcrosssum_sentencepiece.so.new \
		-lsentencepiece -lsentencepiece_train >"$log" 2>&1 || fail "SentencePiece's bridge"
	finish libcrosssum_sentencepiece.so
fi

gotorch=$(module github.com/wangkuiyi/gotorch)
stamp="${CXX:-g++} $gotorch $CROSSSUM_TORCH_CXXFLAGS $CROSSSUM_TORCH_LDFLAGS"
if fresh libcgotorch.so; then exit 0; fi
echo "building gotorch's C++ part (two to four minutes, once)"
: >"$log"
pids=
for source in "$gotorch"/cgotorch/*.cc; do
	object=build/obj/cgotorch_$(basename "$source" .cc).o
	# Nothing of it is on a hot path: optimized for the time to compile.
	# shellcheck disable=SC2086
	(${CXX:-g++} $CROSSSUM_TORCH_CXXFLAGS -O1 -w -fPIC -I "$gotorch" -c "$source" -o "$object" >>"$log" 2>&1) &
	pids="$pids $!"
	# shellcheck disable=SC2086
	set -- $pids
	if [ $# -ge 2 ]; then # two compilers at a time: each takes about 1 GB
		wait "$1" || fail "compiling gotorch's C++ part"
		shift
		pids="$*"
	fi
done
for pid in $pids; do wait "$pid" || fail "compiling gotorch's C++ part"; done
# shellcheck disable=SC2086
${CXX:-g++} -shared build/obj/cgotorch_*.o -o build/lib/libcgotorch.so.new $CROSSSUM_TORCH_LDFLAGS >>"$log" 2>&1 ||
	fail "linking libcgotorch.so"
finish libcgotorch.so
