#!/bin/sh
# Makes crosssum-small again, from the outside part of the corpus to the bf16 directory. Run from the repository root after
# set-up, with the crawl folder of articles outside the sample and their gold keys (see corpus/README.md):
#
#   sh models/crosssum-small/reproduce.sh OUTSIDE GOLD.tsv.gz WORK
#
# About 20 minutes on two cores. A run that was ended goes on from its last checkpoint. The schedule does not depend on STEPS.
set -eu
outside=${1:?OUTSIDE}; gold=${2:?GOLD.tsv.gz}; work=${3:?WORK}
export OMP_WAIT_POLICY=passive ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell
engine=build/bin/engine
mkdir -p "$work/checkpoints"

[ -f "$work/samples.arrow" ] || $engine prepare-summarizer --crawl "$outside" --gold "$gold" --output "$work" --articles 30 --sentences 300000
[ -f "$work/spiece.model" ] || $engine train-vocabulary --sentences "$work/sentences.txt" --output "$work/spiece.model" --size 12288 --coverage 0.9985
[ -d "$work/new" ] || $engine init-summarizer --vocabulary "$work/spiece.model" --output "$work/new" \
	--word-rows build/models/multilingual-e5-small --seed 1
rm -rf "$work/output" && mkdir "$work/output"
$engine train-summarizer --material "$work" --model "$work/new" --work "$work/checkpoints" --output "$work/output" --threads 1 --seed 1 \
	--params "{\"steps\":${STEPS:-700},\"mini_batch\":8,\"pairs\":8,\"micro_batch\":64,\"source_tokens\":64,\"target_tokens\":20,\"dropout\":0,
	\"warmup_steps\":100,\"learning_rate_scale\":4,\"scale_parameter\":true,\"alpha\":0.75,\"start_languages_from_pad\":false,
	\"checkpoint_every_steps\":50,\"keep_checkpoints\":2}"
$engine export-checkpoint --work "$work/checkpoints" --model "$work/new"
