# The Temporal worker: pure Go; it starts the engine as a child.
title="build the worker"

is_done() { [ -x build/bin/worker ] && stamped worker "$(pure_sources)"; }

make() {
  export CGO_ENABLED=0
  now=$(pure_sources)
  go_program worker ./worker
  stamp worker "$now"
}
