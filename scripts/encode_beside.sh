#!/bin/bash
# encode_beside.sh [TIMES]: short encodes with random numbers of threads beside two busy loops: every one gives the same bytes.
#
# The subject is small and made here; the backbone is random. What is asked for, and the environment, change from run to run.
set -eu
cd "$(dirname "$0")/.."
times=${1:-1000}
berg=$PWD/${BERG_BUILD:-build}/berg
[ "${BERG_BUILD:-build}" = "${BERG_BUILD#/}" ] || berg=$BERG_BUILD/berg
folder=$(mktemp -d)
busy=()
finish() {
  for process in "${busy[@]}"; do kill "$process" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap finish EXIT

/usr/bin/python3 tests/tools/make_subject.py "$folder/models" --write-backbone "$folder/vit.pth"
"$berg" convert -q "$folder/vit.pth" "$folder/vit.safetensors" 2>/dev/null || "$berg" convert "$folder/vit.pth" "$folder/vit.safetensors"
for loop in 1 2; do
  (while :; do :; done) &
  busy+=($!)
done
RANDOM=1
expected=
for ((run = 1; run <= times; run++)); do
  threads=$((RANDOM % 12 + 1)) batch=$((RANDOM % 3))
  environment=("OMP_DYNAMIC=$([ $((RANDOM % 2)) = 0 ] && echo true || echo false)" "OMP_THREAD_LIMIT=$((RANDOM % 3 + 1))")
  env "${environment[@]}" "$berg" encode fmri-things_fmri_1-vit_b_32 --subject 1 --berg-dir "$folder/models" --backbone "$folder/vit.safetensors" \
    --threads $threads $([ $batch = 0 ] || echo --batch $batch) -q --force examples/images/cat.png examples/images/lake.jpg -o "$folder/responses.npy"
  found=$(sha256sum < "$folder/responses.npy")
  expected=${expected:-$found}
  [ "$found" = "$expected" ] || { echo "run $run, $threads threads, batch $batch, ${environment[*]}: other responses" >&2; exit 1; }
done
echo "$times encodes beside two busy loops: equal bytes"
