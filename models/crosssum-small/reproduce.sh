#!/bin/sh
# Makes crosssum-small again, from the outside part of the corpus to the bf16 directory. Run from the repository root after
# set-up, with the crawl folder of articles outside the sample and their gold keys (see corpus/README.md):
#
#   sh models/crosssum-small/reproduce.sh OUTSIDE GOLD.tsv.gz WORK
#
# About 40 minutes on one AVX2 core at 1.3 s a step. A run that was ended goes on from its last checkpoint.
set -eu
outside=${1:?OUTSIDE}; gold=${2:?GOLD.tsv.gz}; work=${3:?WORK}
export OMP_WAIT_POLICY=passive ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell
engine=build/bin/engine
mkdir -p "$work/first" "$work/second"

[ -f "$work/samples.arrow" ] || $engine prepare-summarizer --crawl "$outside" --gold "$gold" --output "$work" --articles 30 --sentences 300000
[ -f "$work/spiece.model" ] || $engine train-vocabulary --sentences "$work/sentences.txt" --output "$work/spiece.model" --size 12288 --coverage 0.9985
[ -d "$work/new" ] || $engine init-summarizer --vocabulary "$work/spiece.model" --output "$work/new" \
	--word-rows build/models/multilingual-e5-small --seed 1

common='"mini_batch":8,"pairs":8,"micro_batch":64,"dropout":0,"scale_parameter":true,"alpha":0.75,"start_languages_from_pad":false,"checkpoint_every_steps":50,"keep_checkpoints":2'
train() { # MODEL FOLDER PARAMETERS
	rm -rf "$work/output" && mkdir "$work/output"
	$engine train-summarizer --material "$work" --model "$1" --work "$2" --output "$work/output" --threads 1 --seed 1 --params "{$3,$common}"
}
# From scratch, then a short time at a falling rate with longer sources.
train "$work/new" "$work/first" "\"steps\":${STEPS:-1000},\"source_tokens\":64,\"target_tokens\":20,\"warmup_steps\":100,\"learning_rate_scale\":4"
[ -d "$work/middle" ] || $engine export-checkpoint --work "$work/first" --model "$work/new" --output "$work/middle" --fp32
train "$work/middle" "$work/second" "\"steps\":${COOL:-250},\"source_tokens\":96,\"target_tokens\":28,\"warmup_steps\":20,\"learning_rate_scale\":0.29"
$engine export-checkpoint --work "$work/second" --model "$work/middle"
