# The Temporal server with its web UI, built from the versions that tools/temporal/go.sum pins.
title="build the Temporal server (4 to 6 minutes, once)"

versions() { cat tools/temporal/go.mod tools/temporal/go.sum | sha256sum; }

is_done() { [ -x build/bin/temporal ] && stamped temporal "$(versions)"; }

make() {
  export CGO_ENABLED=0
  run go build -C tools/temporal -ldflags=-s -o "$PWD/build/tmp/temporal" github.com/temporalio/cli/cmd/temporal
  mv build/tmp/temporal build/bin/temporal
  stamp temporal "$(versions)"
}
