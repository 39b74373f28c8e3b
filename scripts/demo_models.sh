#!/bin/sh
# All five models in one pass, without a download: small models with made-up weights, the demo's pictures, and a page of what comes out.
# Each command is shown before it runs, so that it can be repeated by hand.
#
# The weights are random and smooth over space and time, the backbone is random: the numbers say what the outputs look like, and nothing
# about brains.
set -eu
cd "$(dirname "$0")/.."
berg=${BERG_BUILD:-build}/berg
python=${PYTHON:-/usr/bin/python3}
folder=demo-models
first=fmri-things_fmri_1-vit_b_32
nsd=fmri-nsd_fsaverage-vit_b_32
eeg="eeg-things_eeg_2-vit_b_32"
meg="meg-things_meg_1-vit_b_32"
tvsd=utah_array-tvsd-vit_b_32

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
step "Small models of all five kinds in upstream's layout: 600 voxels, vertices, channels, sensors, electrodes and times as they are, 4 components"
run "$python" tests/tools/make_subject.py --components 4 $folder/models
run "$python" tests/tools/make_siblings.py --splits all $folder/models

export BERG_DIR=$folder/models
echo "\$ export BERG_DIR=$BERG_DIR"
step "What is known of the EEG model's channels, times and accuracy, without loading it"
run "$berg" metadata $eeg --subject 1

step "Pictures through all five: the network runs once a picture, each model gives a file"
run "$berg" encode $first --subject 1 --also $nsd:1 --also $eeg:1 --also $meg:1 --also $tvsd:N --backbone random:1 \
  examples/images -o $folder/responses/

step "A part of one: three occipital channels, a line for each picture, repetition, channel and time"
run "$berg" encode $eeg --subject 1 --backbone random:1 --channels Oz,O1,O2 --long -q examples/images -o $folder/occipital.csv
head -n 4 $folder/occipital.csv

step "Vertices of V1 on the surface of fsaverage, a file for each hemisphere: for FreeSurfer, nibabel, Connectome Workbench"
run "$berg" encode $nsd --subject 1 --backbone random:1 --roi V1v,V1d examples/images -o $folder/v1.func.gii

step "EEG as MNE-Python opens it: mne.read_evokeds gives one Evoked for each picture and repetition"
run "$berg" encode $eeg --subject 1 --backbone random:1 -q examples/images -o $folder/eeg-ave.fif

step "Time courses of EEG, MEG and electrodes, a line for each picture; names and times are in the files beside the responses"
run "$python" examples/time_courses.py $folder/responses/$eeg*.npy $folder/responses/$meg*.npy $folder/responses/$tvsd*.npy \
  -o $folder/time_courses.svg

step "Done: open $folder/time_courses.svg in a browser; the responses are in $folder/responses"
echo "Each .json there says what the axes of its responses are, and what they were made from."
