# make-sure.sh STEP...: runs those of the named set-up steps whose result is missing or out of date, in the order given, from
# the root of the checkout. A step is the file setup/<step>.sh, which defines
#   title         what a person reads while it runs
#   is_done       true when there is nothing to do (a few milliseconds)
#   make          does it; its output goes to build/log/setup-<step>.log
# A result appears under its final name only when it is complete, so an interrupted set-up goes on where it was. The step
# `temporal`, the longest, needs nothing but Go: it runs beside the others.
set -eu
. setup/library.sh

missing=
pure_sources=$(pure_sources)
for step; do
  (. "setup/$step.sh" && is_done) || missing="$missing $step"
done
[ -n "$missing" ] || exit 0

command -v go >/dev/null || {
  echo "crosssum: Go is needed and there is no \`go\` in PATH. Install Go 1.26 or newer (https://go.dev/dl), then run this again." >&2
  exit 1
}
mkdir -p build/bin build/log build/stamp build/tmp build/models
exec 9>build/tmp/lock
flock -n 9 || { say "waiting for another set-up in this folder"; flock 9; }

beside= # process group of the temporal step
stop() { [ -z "$beside" ] || kill -s TERM -- "-$beside" 2>/dev/null || true; }
trap 'stop; exit 129' HUP
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM

for step in $missing; do
  case $step in
  temporal)
    [ "$missing" != " temporal" ] || { sh setup/step.sh temporal; continue; }
    setsid sh setup/step.sh temporal &
    beside=$!
    ;;
  *) sh setup/step.sh "$step" || { stop; exit 1; } ;;
  esac
done
[ -z "$beside" ] || wait "$beside"
