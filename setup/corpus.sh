# The maker of crawls and samples: ./crosssum fetch-corpus and make-sample.
title="build the maker of crawls"

sources() { { go version; digest go.mod go.sum schemas internal tools/corpus; } 2>&1 | sha256sum; }

is_done() { [ -x build/bin/corpus ] && stamped corpus "$(sources)"; }

make() {
  export CGO_ENABLED=0
  now=$(sources)
  go_program corpus ./tools/corpus
  stamp corpus "$now"
}
