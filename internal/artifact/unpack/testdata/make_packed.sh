#!/bin/bash
# make_packed.sh: packs three lines in the forms that the tools make (gzip 1.12, bzip2 1.0, xz 5.4, zstd 1.5). Run it in this folder.
set -e
printf 'one\ntwo\nthree\n' > plain
printf 'one\n' > first; printf 'two\nthree\n' > second
gzip -cn plain > member.gz
(gzip -cn first; gzip -cn second; head -c 1024 /dev/zero) > members-and-zeros.gz
bzip2 -c plain > stream.bz2
(bzip2 -c first; bzip2 -c second; head -c 1025 /dev/zero) > streams-and-zeros.bz2
for check in none crc32 crc64 sha256; do xz -c --check=$check plain > $check.xz; done
xz -c --block-size=4 -T1 plain > blocks.xz
xz -c -T2 --block-size=8 plain > threads.xz
(xz -c first; xz -c second; head -c 8 /dev/zero) > streams-and-zeros.xz
xz -c --x86 --lzma2 plain > filter.xz
xz -c --lzma2=dict=256MiB plain > dictionary.xz
for long in 27 28 29 30 31; do zstd -qc --long=$long < plain > long-$long.zst; done
(zstd -qc < first; zstd -qc second) > frames.zst
rm plain first second
