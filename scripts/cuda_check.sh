#!/bin/bash
# cuda_check.sh [BUILD [OUT]]: everything that issue 6 asks of a device, unattended, without a network, in under ten minutes.
# BUILD (build-cuda) is built first where there is nvcc and cmake, else taken as it is: `make cuda-check` makes one. What each step
# said goes to OUT (cuda-check); the last lines say which passed. Exit status: 0 all passed, 1 not, 2 there is no device.
set -u
cd "$(dirname "$0")/.."
build=$(realpath -m "${1:-build-cuda}") out=$(realpath -m "${2:-cuda-check}")
python=${PYTHON:-python3}
export BERG_BUILD=$build
mkdir -p "$out"
failed="" passed="" left_out=""

# step NAME SECONDS COMMAND...
step() {
  local name=$1 seconds=$2
  shift 2
  echo "cuda_check: $name"
  if timeout "$seconds" "$@" >"$out/$name.log" 2>&1; then
    passed="$passed $name"
  else
    failed="$failed $name"
    tail -n 15 "$out/$name.log"
  fi
}
leave_out() {
  echo "cuda_check: $1: passed over: $2"
  left_out="$left_out $1"
}

if command -v nvcc >/dev/null && command -v cmake >/dev/null && command -v ninja >/dev/null; then
  step build 200 sh -c "cmake --preset release -B '$build' -DBERG_CUDA=ON -DBERG_PYTHON=OFF && cmake --build '$build'"
fi
plugin=$build/libberg_cuda.so
[ -f "$plugin" ] || { echo "cuda_check: $plugin: not there"; exit 1; }
nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv >"$out/device.csv" 2>/dev/null
"$build/berg" doctor --json >"$out/doctor.json"
step plugin 60 "$build/tests/cuda/test_cuda_plugin"
if ! grep -q '^device 0' "$out/plugin.log"; then
  cat "$out/plugin.log"
  echo "cuda_check: no device"
  exit 2
fi

# The plug-in by itself, and (linked to where the tests' programs look) the whole fidelity suite on the device, then without it.
# What belongs to the processor alone is not asked of the device.
export BERG_CUDA_UNDER_TEST=$plugin
if $python -c 'import numpy, PIL, pytest, h5py' 2>/dev/null; then
  step against-the-processor 150 $python -m pytest -q -p no:cacheprovider tests/oracle/test_cuda.py
  ln -sf ../libberg_cuda.so "$build/tests/libberg_cuda.so"
  step fidelity-on-the-device 150 $python -m pytest -q -p no:cacheprovider tests/oracle/test_encode.py
  rm -f "$build/tests/libberg_cuda.so"
  step fidelity-on-the-processor 150 $python -m pytest -q -p no:cacheprovider tests/oracle/test_encode.py
else
  leave_out fidelity "$python lacks numpy, PIL, pytest or h5py"
fi

# Five runs of the same images, two of them in other batches: the same bytes.
same_bits() {
  local folder=$1 first=""
  $python tests/tools/make_subject.py "$folder/berg" || return 1
  $python - "$folder" <<'PY' || return 1
import sys
import numpy as np
images = np.random.default_rng(1).integers(0, 256, (300, 3, 256, 256), dtype=np.uint8)
np.save(sys.argv[1] + "/images.npy", images)
np.save(sys.argv[1] + "/three.npy", images[:3])
PY
  for precision in f32 tf32 bf16; do
    first=""
    for batch in 300 300 300 77 1; do
      "$build/tests/features" responses -d "$folder/berg" -b random:1 -D cuda -P "$plugin" -p $precision -B $batch \
        "$folder/out.raw" "$folder/images.npy" || return 1
      sum=$(sha256sum <"$folder/out.raw")
      echo "$precision, batches of $batch: $sum"
      [ -n "$first" ] || first=$sum
      [ "$first" = "$sum" ] || return 1
    done
  done
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if $python -c 'import numpy' 2>/dev/null; then
  export -f same_bits
  export build plugin python
  step same-bits 120 bash -c "same_bits '$scratch'"
  if command -v compute-sanitizer >/dev/null; then
    for tool in memcheck racecheck initcheck; do
      step $tool 90 compute-sanitizer --tool $tool --error-exitcode 9 "$build/tests/features" responses -d "$scratch/berg" \
        -b random:1 -D cuda -P "$plugin" "$scratch/out.raw" "$scratch/three.npy"
    done
  else
    leave_out compute-sanitizer "it is not installed"
  fi
else
  leave_out same-bits "$python lacks numpy"
fi

step rates 200 "$build/tests/cuda_rates" "$plugin" 0.4 1024 211339 1000
cp "$out/rates.log" "$out/rates.json"
cat "$out/rates.log"
step upstream 90 $python scripts/cuda_upstream.py
cat "$out/upstream.log"

echo "cuda_check: passed:${passed:- none}; failed:${failed:- none}; passed over:${left_out:- none}; logs in $out"
[ -z "$failed" ]
