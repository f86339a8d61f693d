# The command line.
title="build the command line"

is_done() { [ -x build/bin/starter ] && stamped starter "$(pure_sources)"; }

make() {
  export CGO_ENABLED=0
  now=$(pure_sources)
  go_program starter ./starter
  stamp starter "$now"
}
