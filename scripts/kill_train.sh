#!/bin/sh
# Kills a training run with SIGKILL at random moments over all of its stages, resumes it, and compares the bytes with those of
# an undisturbed run.
#
#   kill_train.sh [MOMENTS [CONCEPTS [EACH [VOXELS [FOLDER]]]]]     20 moments, 10 x 12 images, 2000 voxels, a temporary folder
#
# Each run is killed once (a later one may be killed twice: every third resumption is killed too).
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
berg=${BERG_BUILD:-$here/build}/berg
moments=${1:-20} concepts=${2:-10} each=${3:-12} voxels=${4:-2000} folder=${5:-$(mktemp -d)}
python=${BERG_TEST_PYTHON:-/usr/bin/python3}
$python "$here/tests/tools/make_prepared.py" "$folder/berg" "$folder/images" --subject 1,2 --concepts "$concepts" \
  --each "$each" --voxels "$voxels"
$python - "$berg" "$folder" "$moments" <<'PYTHON'
import pathlib, random, shutil, subprocess, sys, time
berg, folder, moments = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
command = [berg, "train", "fmri-things_fmri_1-vit_b_32", "--subject", "1,2", "--berg-dir", folder / "berg", "--images",
           folder / "images", "--backbone", "random:1", "--components", "40", "--chunks", "16", "--batch", "8",
           "--safetensors", "--quiet"]
models = folder / "berg" / "encoding_models"


def outputs():
    return {path.name: path.read_bytes() for path in sorted(models.rglob("*")) if path.is_file()}


def undisturbed():
    shutil.rmtree(models, ignore_errors=True)
    models.mkdir()
    begin = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - begin


whole = min(undisturbed() for _ in range(2))  # the first reads files from the disk
expected = outputs()
print(f"{len(expected)} files, {whole:.1f} s undisturbed")


def killed(options, after):
    running = subprocess.Popen(command + options)
    try:
        running.wait(after)
    except subprocess.TimeoutExpired:
        running.kill()
    running.wait()
    work = folder / "berg" / "work"
    left = sorted(path.name for path in work.iterdir()) if work.exists() else []
    unfinished = bool([name for name in left if name.startswith("berg-") and name != "berg-lock"]) or outputs() != expected
    return unfinished, left


for moment in range(moments):
    shutil.rmtree(models)
    models.mkdir()
    after = whole * (moment + random.random()) / moments
    unfinished, left = killed([], after)
    if unfinished and moment % 3 == 0:
        unfinished, left = killed(["--resume"], random.random() * (whole - after) + 0.2)
    if unfinished:
        subprocess.run(command + ["--resume"], check=True)
    same = outputs() == expected
    print(f"{moment + 1}: killed after {after:.2f} s, left {' '.join(left) or 'nothing'}: {'same' if same else 'OTHER'} bytes")
    if not same or [path for path in (folder / "berg" / "work").glob("*") if path.name != "berg-lock"]:
        sys.exit(1)
PYTHON
