#!/bin/sh
# kill_training.sh BUILD [KILLS]: prepares and trains a small subject undisturbed, then again while it is killed with SIGKILL at KILLS
# (20) random moments and resumed each time, and compares all files byte for byte. The moments are spread over the whole run, so that
# each stage is hit.
set -eu
cd "$(dirname "$0")/.."
berg=$1/berg kills=${2:-20}
model=fmri-things_fmri_1-vit_b_32
folder=$(mktemp -d "${TMPDIR:-/tmp}/berg-kill-XXXXXX")
trap 'rm -rf "$folder"' EXIT

"$berg" simulate "$folder/raw" --voxels 20000 --concepts 20 --images-per-concept 12 --test-images 20 --sessions 6 --image-size 128 -q

prepare() { "$berg" prepare "$folder/raw" --subject 1 --berg-dir "$1" --memory 150M -q $2; }
train() {
  "$berg" train $model --subject 1 --berg-dir "$1" --images "$folder/raw/images" --backbone random:1 --components 50 \
    --chunks 16 --batch 20 -q $2
}

start=$(date +%s%N)
prepare "$folder/whole" ""
train "$folder/whole" ""
whole=$((($(date +%s%N) - start) / 1000000))
echo "undisturbed: $whole ms"

# Runs a step until it ends by itself; while kills are left, each run is killed after a random time.
killed=0
until_done() {
  step=$1 resume=
  while :; do
    if [ $killed -lt "$kills" ]; then
      after=$(awk -v seed="$killed" -v most="$2" 'BEGIN { srand(seed * 7919 + 17); printf "%.3f", rand() * most / 1000 }')
      status=0
      $step "$folder/killed" "$resume" 2>"$folder/log" &
      pid=$!
      sleep "$after"
      # the step is a function in a shell of its own: its child is the program
      child=$(pgrep -P $pid || true)
      if [ -n "$child" ] && kill -KILL $child 2>/dev/null; then
        killed=$((killed + 1))
        wait $pid 2>/dev/null || true
        resume=--resume
        continue
      fi
      wait $pid || status=$?
    else
      status=0
      $step "$folder/killed" "$resume" 2>"$folder/log" || status=$?
    fi
    [ $status -eq 0 ] && return 0
    cat "$folder/log"
    exit 1
  done
}
until_done prepare $((whole / 8))
prepare_kills=$killed
until_done train $((whole / 3))
echo "killed $killed times, $prepare_kills of them while preparing"
diff -r "$folder/whole" "$folder/killed"
echo "every file is the same"
