#!/bin/bash
# cuda_pack.sh [BUILD]: builds program, plug-in and what checks them for every device, and collects it with the libraries that a bare
# machine lacks into BUILD/pack (build-cuda), a few megabytes to be carried to a machine with a device beside the sources. Prints what
# to type there.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-cuda} pack=${1:-build-cuda}/pack
command -v nvcc >/dev/null || { echo "cuda_pack: nvcc is not on PATH: the CUDA toolkit (12.8 or later) builds the plug-in" >&2; exit 1; }
cmake --preset release -B "$build" -DBERG_CUDA=ON -DBERG_PYTHON=OFF '-DCMAKE_INSTALL_RPATH=$ORIGIN/lib;$ORIGIN/../lib;$ORIGIN/../../lib'
tests=(test_cuda_plugin test_cuda_kernels test_cuda_products device_kernels device_products)
cmake --build "$build" --target berg_program berg_shared berg_cuda berg_cuda_host features cuda_rates "${tests[@]}" broken_plugin_{1..8}
rm -rf "$pack"
mkdir -p "$pack/lib" "$pack/tests/cuda"
cp "$build"/berg "$build"/libberg_cuda.so "$build"/libberg_cuda_host.so "$pack/"
cp -L "$build/libberg.so" "$pack/"
cp "$build"/tests/features "$build"/tests/cuda_rates "$pack/tests/"
cp "${tests[@]/#/$build/tests/cuda/}" "$build"/tests/cuda/libbroken_plugin_*.so "$pack/tests/cuda/"
# What the system has anywhere, or must have of its own: the C and C++ libraries, the driver, cuBLASLt.
find "$pack" -type f -exec ldd {} + 2>/dev/null | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u |
  grep -Ev '/(ld-linux|libc\.|libm\.|libdl\.|librt\.|libpthread\.|libgcc_s\.|libstdc\+\+|libcuda|libcublas)' |
  while read -r library; do cp -L "$library" "$pack/lib/"; done
find "$pack" -type f -exec strip --strip-unneeded {} +
echo "cuda_pack: $(du -sm "$pack" | cut -f1) MB in $pack"
echo "On a machine with a device, in a copy of these sources that has $pack:"
echo "  scripts/cuda_check.sh $pack OUT"
