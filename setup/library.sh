# library.sh: what the set-up steps share. Sourced, from the root of the checkout.

say() { echo "setup: $*" >&2; }

# run COMMAND...: writes the command to the log before it runs, so that a failure can be named.
run() {
  echo "+ $*"
  "$@"
}

# digest PATH...: one SHA-256 over the names and contents of all files under the paths, tests left out.
digest() {
  find "$@" -type f ! -name '*_test.go' ! -path '*/testdata/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

# stamped STEP TEXT: is the step's result that of TEXT?   stamp STEP TEXT: it is, from now on.
stamped() { [ "$(cat "build/stamp/$1" 2>/dev/null)" = "$2" ]; }
stamp() { echo "$2" >"build/tmp/stamp.$1" && mv "build/tmp/stamp.$1" "build/stamp/$1"; }

# go_program NAME PACKAGE: builds build/bin/NAME; the old file stays until the new one is complete.
go_program() {
  run go build -o "build/tmp/$1" "$2"
  mv "build/tmp/$1" "build/bin/$1"
}

# pure_sources: the digest of what the programs are built from. make-sure.sh takes it once, in $pure_sources.
pure_sources() {
  [ -z "${pure_sources:-}" ] || { echo "$pure_sources"; return; }
  { go version 2>&1; digest go.mod go.sum activities internal schemas starter worker workflows; } | sha256sum
}
