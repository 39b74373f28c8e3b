#!/bin/sh
# Runs the tests of clusters: a Slurm of one node on loopback, started and ended by the tests, and what sends Python to workers. joblib, Dask,
# submitit and Snakemake come from the package registry into build/cluster-venv, once. BERG_CLUSTER_PYTHON names a Python that has them already.
set -eu
cd "$(dirname "$0")/.."
build=${BERG_BUILD:-build}
packages="joblib dask distributed submitit snakemake"
python=${BERG_CLUSTER_PYTHON:-}
if [ -z "$python" ]; then
  venv=$build/cluster-venv
  python=$venv/bin/python
  if [ "$(cat "$venv/complete" 2>/dev/null)" != "$packages" ]; then
    /usr/bin/python3 -m venv --system-site-packages "$venv"
    # shellcheck disable=SC2086 # a word each
    "$python" -m pip install --quiet $packages
    echo "$packages" > "$venv/complete"
  fi
fi
# arguments are pytest's; options alone are of all of these tests
case ${1:--} in
-*) set -- "$@" tests/cluster ;;
esac
BERG_BUILD=$build exec "$python" -m pytest -q -p no:cacheprovider "$@"
