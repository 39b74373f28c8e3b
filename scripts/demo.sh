#!/bin/sh
# The whole way once, without a download: data are simulated, prepared, a model is trained on them and evaluated, pictures that it
# has never seen are encoded. Each command is shown before it runs, so that it can be repeated by hand.
#
# The brain is simulated (from Gabor energies, colours and what is in the pictures, not from the network's own features) and the
# backbone is random: the numbers say that the program works, and nothing about brains.
# DEMO_FOLDER (demo) gets it all; DEMO_SIZE, options of `berg simulate`, says how large the data set is.
set -eu
cd "$(dirname "$0")/.."
berg=${BERG_BUILD:-build}/berg
python=${PYTHON:-/usr/bin/python3}
model=fmri-things_fmri_1-vit_b_32
folder=${DEMO_FOLDER:-demo}
export PYTHONPATH="${BERG_BUILD:-build}/python"
images=$(find examples/images -name '*.jpg' -o -name '*.png' -o -name '*.jpeg' | sort)
[ -n "$images" ] || { echo "demo: examples/images holds no images" >&2; exit 1; }

step() {
  printf '\n== %s\n' "$1"
}
# Shows a command as a user would type it, and runs it.
run() {
  printf '$'
  for word; do
    case $word in
    *[!A-Za-z0-9_./:,=+-]*) printf " '%s'" "$word" ;;
    *) printf ' %s' "$word" ;;
    esac
  done
  echo
  "$@"
}

rm -rf $folder
mkdir -p $folder
step "A data set in the raw layout of THINGS-fMRI1, a twelfth of its images, a tenth of its voxels"
run "$berg" simulate $folder/raw --subject 1 ${DEMO_SIZE:---voxels 20000 --concepts 60} --image-size 256

step "Split, z-scored within sessions, test images averaged over their repeats"
run "$berg" prepare $folder/raw --subject 1 --berg-dir $folder/models

export BERG_DIR=$folder/models
echo "\$ export BERG_DIR=$BERG_DIR"
step "Features, principal components, a regression for each voxel"
run "$berg" train $model --subject 1 --images $folder/raw/images --backbone random:1 --components 100 --ridge \
  --alphas 1e4,1e5,1e6,1e7,1e8 --alpha-per-voxel

step "How well it predicts images it was not trained on, and how well any model could"
run "$berg" evaluate $model --subject 1 --images $folder/raw/images --backbone random:1

step "The same beside what the simulation knows: the ceilings are recovered"
run "$python" examples/accuracy_by_region.py $BERG_DIR 1 $folder/raw

step "Pictures of another kind onto the whole brain: one row an image, one column a voxel"
run "$berg" encode $model --subject 1 --backbone random:1 examples/images -o $folder/responses.npy
run "$berg" info $folder/responses.npy

step "The mean response of a few regions to each, in units of the session's z-scores"
run "$berg" encode $model --subject 1 --backbone random:1 --roi V1,hV4,lFFA,lPPA,lLOC --mean roi -q examples/images \
  -o $folder/means.csv
awk -F, '
  { sub("\r", ""); sub(".*/", "", $1); printf "%-16s", $1 }
  { for (i = 2; i <= NF; i++) printf(NR == 1 ? "%8s" : "%8.2f", $i); print "" }' $folder/means.csv

step "All that is known of how well it predicts, as a page and as figures"
run "$berg" report $model --subject 1 -o $folder/report.html --figures $folder/figures --force

step "The same on slices of the brain, one row an image"
run "$python" examples/brain_slices.py $BERG_DIR 1 $folder/responses.npy examples/images -o $folder/slices.png

step "Done: open $folder/report.html, look at $folder/slices.png; the model is in $folder/models"
echo "The responses are in $folder/responses.npy (numpy.load), what they were made from in $folder/responses.json."
echo "As volumes for any viewer: $berg volume to $model --subject 1 $folder/responses.npy -o $folder/volumes.nii.gz"
echo "Real data lie in the same layout: docs/training.md says where to get them, README.md where the published model is."
