# The C++ parts that cgo links: gotorch's, and the C interface of FAISS.
title="build the native libraries (about 2 minutes)"

sources() { { echo "${LIBTORCH:-}"; digest go.mod internal/native; } | sha256sum; }

is_done() { stamped native "$(sources)"; }

make() {
  now=$(sources)
  run sh internal/native/build.sh
  stamp native "$now"
}
