#!/bin/sh
# Makes crosssum-small again, from the outside part of the corpus to the bf16 directory. Run from the repository root after
# set-up, with the crawl folder of articles outside the sample and their gold keys (see corpus/README.md):
#
#   sh models/crosssum-small/reproduce.sh OUTSIDE GOLD.tsv.gz WORK
#
# About two hours on two cores with avx512_bf16. A run that was ended goes on from its last checkpoint.
set -eu
outside=${1:?OUTSIDE}; gold=${2:?GOLD.tsv.gz}; work=${3:?WORK}
export OMP_WAIT_POLICY=passive CROSSSUM_NUMERICS=native
mkdir -p "$work"
. internal/native/env.sh
go build -o build/bin/summarizer ./tools/summarizer
make=build/bin/summarizer

[ -f "$work/samples.arrow" ] || $make prepare --crawl "$outside" --gold "$gold" --output "$work" --articles 30 --sentences 300000
[ -f "$work/spiece.model" ] || $make vocabulary --sentences "$work/sentences.txt" --output "$work/spiece.model" --size 12288 --coverage 0.9985
[ -d "$work/new" ] || $make init --vocabulary "$work/spiece.model" --output "$work/new" \
	--word-rows build/models/multilingual-e5-small --seed 1

# phase NAME MODEL ARTICLES SAMPLES PARAMETERS: trains on from MODEL; the result is $work/NAME/model
phase() {
	[ -f "$work/$1/model/config.json" ] && return
	mkdir -p "$work/$1/checkpoints" && rm -rf "$work/$1/model" && mkdir "$work/$1/model"
	$make train --model "$2" --articles "$work/$3.arrow" --samples "$work/$4.arrow" --work "$work/$1/checkpoints" \
		--output "$work/$1/model" --threads 2 --seed 1 --params "{\"micro_batch\":64,\"ranks\":2,\"precision\":\"auto\",\"dropout\":0,
		\"alpha\":0.75,\"scale_parameter\":true,\"start_languages_from_pad\":false,\"checkpoint_every_steps\":100,$5}"
}
phase lead "$work/new" leads native '"pairs":8,"mini_batch":16,"source_tokens":64,"target_tokens":24,
	"learning_rate_scale":4,"warmup_steps":50,"steps":120'
phase pairs "$work/lead/model" articles samples '"pairs":16,"mini_batch":8,"source_tokens":64,"target_tokens":24,
	"learning_rate_scale":4,"warmup_steps":100,"steps":4000'
phase cooling "$work/pairs/model" articles samples '"pairs":16,"mini_batch":8,"source_tokens":96,"target_tokens":32,
	"learning_rate_scale":0.1,"warmup_steps":1,"steps":600'
$make export --work "$work/cooling/checkpoints" --model "$work/new" --articles "$work/articles.arrow"
