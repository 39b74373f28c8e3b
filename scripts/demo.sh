#!/bin/sh
# The whole way once, without a download: a synthetic subject as large as a real one, a few images, the responses of
# the whole brain. Each command is shown before it runs, so that it can be repeated by hand.
#
# The subject's weights are simulated and its backbone is random: the numbers say that the program works, and nothing
# about brains.
set -eu
cd "$(dirname "$0")/.."
berg=${BERG_BUILD:-build}/berg
python=${PYTHON:-/usr/bin/python3}
model=fmri-things_fmri_1-vit_b_32
folder=demo
subject=$folder/berg-dir/encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32
images=$(find examples/images -name '*.jpg' -o -name '*.png' -o -name '*.jpeg' | sort)
[ -n "$images" ] || { echo "demo: examples/images holds no images" >&2; exit 1; }

step() {
  printf '\n== %s\n' "$1"
}
# Shows a command as a user would type it, and runs it.
run() {
  echo "\$ $*"
  "$@"
}

mkdir -p $folder
if [ -e $folder/complete ]; then
  step "The synthetic subject of an earlier run is in $folder/berg-dir"
else
  step "Making a synthetic subject of 211,339 voxels in upstream's layout: 690 MB, half a minute"
  rm -rf $folder/berg-dir
  run "$python" tests/tools/make_subject.py $folder/berg-dir --full
  touch $folder/complete
fi
ls -l $subject/encoding_models_weights/*.npy $subject/metadata/*.npy | awk '{printf "  %5d MB  %s\n", $5 / 1e6, $NF}'

export BERG_DIR=$folder/berg-dir
echo "\$ export BERG_DIR=$BERG_DIR"

step "What is known of its voxels"
echo "\$ berg metadata $model --subject 1"
"$berg" metadata $model --subject 1 | sed -n '1,16p'
echo "  ..."

step "The images onto the whole brain: one row an image, one column a voxel"
run "$berg" encode $model --subject 1 --backbone random:1 --force examples/images -o $folder/responses.npy
run "$berg" info $folder/responses.npy

step "The mean response of a few regions to each image, in units of the session's z-scores"
command="$berg encode $model --subject 1 --backbone random:1 --roi V1,hV4,lFFA,lPPA,lLOC --mean roi -q examples/images -o -.csv"
echo "\$ $command"
$command | tr -d '\r' | awk -F, '
  { sub(".*/", "", $1); printf "%-16s", $1 }
  { for (i = 2; i <= NF; i++) printf(NR == 1 ? "%8s" : "%8.2f", $i); print "" }'

step "The same on slices of the brain, one row an image"
echo "\$ examples/brain_slices.py $BERG_DIR 1 $folder/responses.npy examples/images -o $folder/slices.png"
PYTHONPATH=${BERG_BUILD:-build}/python "$python" examples/brain_slices.py "$BERG_DIR" 1 $folder/responses.npy examples/images -o $folder/slices.png

step "Done: look at $folder/slices.png; the responses are in $folder/responses.npy (numpy.load), the subject in $folder/berg-dir"
echo "A real subject lies in the same layout: see README.md for where to get one."
