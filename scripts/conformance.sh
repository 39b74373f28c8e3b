#!/bin/sh
# Holds the library against the real thing: torch, torchvision, scikit-learn, Pillow, h5py, pandas, nilearn, MNE-Python, rsatoolbox, from the
# package registry, in a virtual environment of their own. Some gigabytes, once; they stay in build/conformance-venv.
# BERG_CONFORMANCE_PYTHON names a Python that has them already.
set -eu
cd "$(dirname "$0")/.."
build=${BERG_BUILD:-build}
packages="torch torchvision scikit-learn pillow h5py pandas tables nilearn mne rsatoolbox pytest"
python=${BERG_CONFORMANCE_PYTHON:-}
if [ -z "$python" ]; then
  venv=$build/conformance-venv
  python=$venv/bin/python
  if [ "$(cat "$venv/complete" 2>/dev/null)" != "$packages" ]; then
    python3 -m venv "$venv"
    "$python" -m pip install --quiet $packages # a word each
    echo "$packages" > "$venv/complete"
  fi
fi
# made by another NumPy than that of the other tests, whose data it would replace
export BERG_TEST_DATA="$build/conformance-data"
BERG_BUILD=$build exec "$python" -m pytest -s tests/conformance -o python_files='conform_*.py' "$@"
