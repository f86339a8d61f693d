#!/bin/bash
# make_packed.sh: packs the rows a and b in the forms that the tools make (gzip 1.12, bzip2 1.0, xz 5.4, zstd 1.5). Run it in this folder.
set -e
row() { printf '{"id":"%s","summary":"s","text":"%s"}\n' "$@"; }
rows() { row a x; row b y; }
(rows | gzip -n; head -c 512 /dev/zero) > zeros.gz
(row a x | gzip -n; row b y | gzip -n; head -c 10240 /dev/zero) > members.gz
rows | bzip2 > stream.bz2
(row a x | bzip2; row b y | bzip2; head -c 1 /dev/zero) > streams.bz2
rows | xz -9 > best.xz
rows | xz --lzma2=dict=256MiB > dictionary.xz
for long in 28 30 31; do rows | zstd -q --long=$long > long-$long.zst; done
dir=$(mktemp -d) # as XL-Sum is distributed
for split in train val test; do row $split x > $dir/english_$split.jsonl; done
tar -C $dir --owner=0 --group=0 --mtime=@0 -cf - ./english_train.jsonl ./english_val.jsonl ./english_test.jsonl | bzip2 > xlsum.tar.bz2
rm -r $dir
