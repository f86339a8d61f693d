# The Debian packages of packages.txt: a compiler, and the native libraries that the engine is linked with.
title="install Debian packages (compiler, libtorch, FAISS, SentencePiece, fastText; about 2 minutes)"

wanted() {
  grep -v '^#' setup/packages.txt | if [ -n "${LIBTORCH:-}" ]; then grep -v '^libtorch'; else cat; fi
}

is_done() {
  [ "$(dpkg-query -W -f '${db:Status-Status}\n' $(wanted) 2>/dev/null | grep -c '^installed$')" -eq "$(wanted | wc -l)" ]
}

make() {
  command -v apt-get >/dev/null || {
    echo "this machine has no apt-get: Debian 12 (bookworm) is what CrossSum is built on. See setup/packages.txt for what it needs."
    return 1
  }
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "installing packages needs root: become root, or have it run: apt-get install --no-install-recommends $(wanted | tr '\n' ' ')"
      return 1
    }
    as_root="sudo"
  fi
  # A foreign package source that does not answer must not stop us: what counts is whether the install finds its packages.
  run $as_root apt-get update || echo "apt-get update failed; trying with the package lists that are there"
  run $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $(wanted)
}
