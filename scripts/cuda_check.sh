#!/bin/bash
# cuda_check.sh [--dry-run] [BUILD [OUT]]: what only a device can show of the plug-in, unattended, without a network, in under eight minutes.
# BUILD is what `make cuda-pack` collects (build-cuda/pack), or a build folder with the plug-in; nothing is installed, and built only
# where the plug-in does not load (another CUDA) and nvcc, cmake and ninja are there. OUT (cuda-check) gets log.txt, summary.txt and
# summary.json, whole after each step; each step fails alone. BERG_CHECK_SECONDS (450) is what all have together, BERG_CHECK_WITHOUT
# names steps to pass over: those that an earlier run has done.
# --dry-run: the host's backend in place of the device, for trying the script itself; with ten times as long for each step, 3600 s for all.
# Exit status: 0 nothing failed, 1 something did, 2 there is no device.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/steps.sh
dry=""
[ "${1:-}" != --dry-run ] || { dry=1 && shift; }
build=$(realpath -m "${1:-build-cuda/pack}") out=$(realpath -m "${2:-cuda-check}")
model=fmri-things_fmri_1-vit_b_32
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export BERG_BUILD=$build PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
plugin=$build/libberg_cuda.so on=device columns=211339 roi=1000 images=1024 seconds=0.4 turns=5 rows=8640
[ -z "$dry" ] || plugin=$build/libberg_cuda_host.so on=test_cuda columns=600 roi=70 images=2 seconds=0.001 turns=1 rows=100
[ -f "$plugin" ] || { echo "cuda_check: $plugin: not there (make cuda-pack)"; exit 1; }

# --- Where things are ---

# The tools of CUDA are often installed without being on PATH.
for folder in ${CUDA_HOME:+"$CUDA_HOME/bin"} /usr/local/cuda/bin /usr/local/cuda*/bin /usr/local/cuda*/compute-sanitizer /opt/nvidia/nsight-compute/*; do
  [ ! -d "$folder" ] || PATH=$PATH:$folder
done
python=""
for name in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
  [ -n "$python" ] || ! "$name" -c 'import numpy' 2>/dev/null || python=$name
done
has() { [ -n "$python" ] && "$python" -c "import $1" 2>/dev/null; }
pytest=""
! has 'numpy, pytest, PIL' || pytest="$(printf %q "$python") -m pytest -q -rP -p no:cacheprovider -m not\ long --durations=5"

# find_library NAME FOLDER...: puts the first folder that has it on the loader's path.
find_library() {
  local name=$1 folder
  shift
  for folder in "$@"; do
    [ -e "$folder/$name" ] || continue
    export LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    echo "cuda_check: $name from $folder"
    return
  done
  echo "cuda_check: $name is nowhere"
}
missing() { ldd "$1" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p'; }
find_libraries() {
  local name packages=""
  has nvidia && packages=$("$python" -c 'import nvidia; print(list(nvidia.__path__)[0])')
  for name in $(missing "$plugin"); do
    find_library "$name" ${CUDA_HOME:+"$CUDA_HOME/lib64"} /usr/local/cuda*/lib64 /usr/local/cuda*/targets/*/lib \
      ${packages:+"$packages"/*/lib}
  done
  steps_within 20 "$build/tests/cuda/test_cuda_plugin" "$plugin" >"$scratch/plugin" 2>&1
  grep -q '^device 0' "$scratch/plugin" ||
    find_library libcuda.so.1 /usr/local/nvidia/lib64 /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib/wsl/lib
}

# --- Steps ---

machine() {
  date
  nvidia-smi || echo "no nvidia-smi"
  nvcc --version || echo "no nvcc"
  uname -a
  nproc
  head -n 3 /proc/meminfo
  df -h "$scratch"
  echo "python: ${python:-none with numpy}; pytest: ${pytest:-none}; LD_LIBRARY_PATH: ${LD_LIBRARY_PATH:-}; PATH: $PATH"
  [ -z "$python" ] || "$python" -c 'import sys, numpy; print(sys.version, numpy.__version__)'
  ldd "$plugin" "$build/berg"
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv,noheader | sed 's/^/figure: /'
  [ -z "$(missing "$plugin")$(missing "$build/berg")" ]
}

# A plug-in of this machine's own CUDA; the tests that are linked to another cuBLASLt stay out.
build_here() {
  local capability
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
  cmake -S . -B "$scratch/build" -G Ninja -DBERG_ONLY_CUDA=ON -DCMAKE_BUILD_TYPE=Release "-DBERG_CUDA_ARCHITECTURES=${capability:-90}" &&
    cmake --build "$scratch/build"
}

# The program with the plug-in beside it, where it looks for one.
install_program() {
  mkdir "$scratch/program" && cp "$build/berg" "$scratch/program/" && ln -s "$plugin" "$scratch/program/libberg_cuda.so" &&
    { [ ! -d "$build/lib" ] || ln -s "$build/lib" "$scratch/program/lib"; }
}
doctor() {
  "$scratch/program/berg" doctor --json | tee "$scratch/doctor.json" && grep -A 1 '"cuda"' "$scratch/doctor.json" | grep -q '"found":.*"'
}

plugin_loads() { "$build/tests/cuda/test_cuda_plugin" "$plugin" | tee "$scratch/plugin" && sed -n 's/^device 0: /figure: /p' "$scratch/plugin"; }

# py ARGUMENT...: pytest, from a folder of this checkout.
py() { eval "$pytest" '"$@"'; }
against_the_processor() { BERG_CUDA_UNDER_TEST=$plugin py tests/oracle/test_cuda.py; }
fidelity() { BERG_PLUGIN_UNDER_TEST=$plugin py tests/oracle/test_encode.py; }
make_data() { py tests/oracle/test_encode.py -k "random_backbone or each_small_subject"; }

rates() { "$build/tests/cuda_rates" "$plugin" "$seconds" "$turns" "$@"; }

make_images() {
  "$python" - "$scratch" <<'PY'
import sys
import numpy as np
images = np.random.default_rng(1).integers(0, 256, (300, 3, 256, 256), dtype=np.uint8)
for name, count in (("many", 300), ("few", 3)):
    np.save(f"{sys.argv[1]}/{name}.npy", images[:count])
PY
}
small_case() { make_images && "$python" tests/tools/make_subject.py "$scratch/berg"; }

encode() {
  "$build/tests/features" responses -d "$scratch/berg" -b random:1 -D cuda -P "$plugin" "$@"
}

# The same bytes for five runs of the same images, two of them in other batches, and for those of them that are alone.
same_bits() {
  local precision=$1 many=$scratch/many.npy batch first="" sum
  [ -z "$dry" ] || many=$scratch/few.npy
  for batch in 300 300 300 77 1; do
    encode -p "$precision" -B $batch "$scratch/out.raw" "$many" || return 1
    sum=$(sha256sum <"$scratch/out.raw")
    echo "$precision, batches of $batch: $sum"
    first=${first:-$sum}
    [ "$first" = "$sum" ] || return 1
  done
  cmp -n $((3 * 600 * 4)) <(encode -p "$precision" /dev/stdout "$scratch/few.npy") "$scratch/out.raw"
}

whole_program() {
  local from now
  steps_now && from=$now
  "$scratch/program/berg" encode "$model" --berg-dir "$scratch/berg" --subject 1 --backbone random:1 --device cuda --precision bf16 \
    "$scratch/$1.npy" -o "$scratch/out.npy" --force || return 1
  steps_now
  echo "figure: berg encode, $1 images onto 600 voxels in bf16, start to end: $((now - from)) ms"
}

sanitize() {
  command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is not installed" && return 77; }
  compute-sanitizer --tool "$1" --error-exitcode 9 "${@:2}"
}

upstream() { "$python" scripts/cuda_upstream.py "$columns"; }
profile() {
  command -v ncu >/dev/null || { echo "ncu is not installed" && return 77; }
  "$python" scripts/cuda_profile.py 35 "$build/tests/cuda_rates" "$plugin" 0.001 1 128 "$1" "$columns"
}

# --- What is worth most comes first ---

[ -n "$dry" ] || steps_begin "$out" "${BERG_CHECK_SECONDS:-450}"
if [ -n "$dry" ]; then
  steps_begin "$out" "${BERG_CHECK_SECONDS:-3600}" 10
  mkdir "$scratch/driver" && ln -s "$plugin" "$scratch/driver/libcuda.so.1"
  export LD_LIBRARY_PATH=$scratch/driver${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
find_libraries
step machine 20 machine
step plugin 60 plugin_loads
if ! grep -q '^built with' "$scratch/plugin"; then
  step build-here 90 build_here && plugin=$scratch/build/libberg_cuda.so on=none && step plugin-built-here 60 plugin_loads
fi
if ! grep -q '^device 0' "$scratch/plugin" 2>/dev/null; then
  pass_over "all the rest" "no device answers"
  steps_end
  exit 2
fi
install_program && step doctor 30 doctor
if [ "$on" != none ]; then
  step kernels 40 "$build/tests/cuda/${on}_kernels"
  step products 60 "$build/tests/cuda/${on}_products"
else
  pass_over "kernels, products" "they are linked to another CUDA"
fi
step rates-bf16 40 rates "$images" bf16 "$columns" "$roi"
step rates-f32 40 rates "$images" f32 "$columns" "$roi"
if [ -n "$python" ]; then
  step small-case 60 small_case
  if [ -n "$pytest" ]; then
    step data 90 make_data
    step against-the-processor 130 against_the_processor
  else
    pass_over against-the-processor "no python3 has numpy, PIL and pytest"
  fi
  step same-bits-f32 30 same_bits f32
  step same-bits-bf16 30 same_bits bf16
  [ "$on" = none ] || for tool in memcheck racecheck initcheck synccheck; do
    step "$tool-kernels" 25 sanitize $tool "$build/tests/cuda/${on}_kernels"
  done
  step upstream 75 upstream
fi
step rates-training 40 rates 128 training "$rows" 3840
if [ -n "$python" ]; then
  step profile-bf16 70 profile bf16
  step rates-bf16-again 25 rates "$images" bf16 "$columns"
  step upstream-again 40 upstream
  step memcheck-encoding 45 sanitize memcheck "$build/tests/features" responses -d "$scratch/berg" -b random:1 -D cuda -P "$plugin" \
    "$scratch/out.raw" "$scratch/few.npy"
  step initcheck-encoding 45 sanitize initcheck "$build/tests/features" responses -d "$scratch/berg" -b random:1 -D cuda -P "$plugin" \
    "$scratch/out.raw" "$scratch/few.npy"
  step whole-program 20 whole_program "$([ -n "$dry" ] && echo few || echo many)"
  [ -z "$pytest" ] || step fidelity 120 fidelity
else
  pass_over "all that Python makes data for" "no python3 has numpy"
fi
step rates-tf32 30 rates "$images" tf32 "$columns" "$roi"
[ -z "$python" ] || step same-bits-tf32 30 same_bits tf32
[ -z "$python" ] || step profile-f32 70 profile f32
steps_end
