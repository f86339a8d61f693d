# The engine: the only program with native code (libtorch, FAISS, SentencePiece, fastText).
title="build the engine (about 2 minutes)"

sources() { { echo "${LIBTORCH:-}"; pure_sources; } | sha256sum; }

is_done() { [ -x build/bin/engine ] && stamped engine "$(sources)"; }

make() {
  now=$(sources)
  . internal/native/env.sh
  go_program engine ./worker/engine
  stamp engine "$now"
}
