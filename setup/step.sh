# step.sh STEP: runs one set-up step with its log, and says what it does, how long it took, or what failed.
set -eu
. setup/library.sh
step=$1 log=build/log/setup-$1.log
. "setup/$step.sh"
! is_done || exit 0 # another set-up did it while this one waited

say "$title ..."
start=$(date +%s)
# A shell of its own: within the condition of an `if`, `set -e` would have no effect.
if sh -euc '. setup/library.sh; . "setup/$1.sh"; make' step "$step" >"$log" 2>&1 </dev/null; then
  say "$title: done in $(($(date +%s) - start)) s"
  exit 0
else
  status=$?
fi
{
  echo "setup: the step \"$step\" ($title) failed with status $status."
  echo "  command: $(sed -n 's/^+ //p' "$log" | tail -n 1)"
  echo "  log:     $PWD/$log, which ends with"
  grep -v '^+ ' "$log" | tail -n 15 | sed 's/^/  | /'
  echo "  What is done so far is kept: run the same command again once the cause is mended."
} >&2
exit 1
