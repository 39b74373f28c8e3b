#!/bin/sh
# Builds with every gcc and clang that is installed, for processors and systems with less, and against musl's headers: no warnings, and the
# C tests that take seconds pass.
#
#   scripts/compilers.sh [NAME...]     of: gcc-11 ... clang-19, base, other, musl; all that can be had
set -eu
cd "$(dirname "$0")/.."
folder=build-compilers
passed=""

fail() { echo "compilers: $1" >&2; exit 1; }

# build NAME OPTION...: a warning is an error.
build() {
  name=$1
  shift
  echo "compilers: $name"
  cmake -S . -B "$folder/$name" -G Ninja -DBERG_WERROR=ON -DBERG_PYTHON=OFF "$@" > "$folder/$name.log" 2>&1 \
    && cmake --build "$folder/$name" >> "$folder/$name.log" 2>&1 || { tail -n 30 "$folder/$name.log" >&2; fail "$name does not build"; }
  ctest --test-dir "$folder/$name" -j 2 -L '^unit$|^check$' -R '^(test|replay)_' -E '^test_(compare|cuda_session|eigen|search|stages)$' \
    --output-on-failure >> "$folder/$name.log" 2>&1 || { tail -n 40 "$folder/$name.log" >&2; fail "$name: a test fails"; }
  passed="$passed $name"
}

# Headers of the libraries without the C library's own beside them.
gather_headers() {
  rm -rf "$1"
  mkdir -p "$1"
  for header in jpeglib.h jmorecfg.h jerror.h jconfig.h zlib.h zconf.h spng.h csv.h cjson nifti; do
    for place in /usr/include /usr/include/"$(gcc -print-multiarch)"; do
      [ ! -e "$place/$header" ] || ln -sfn "$place/$header" "$1/$header"
    done
  done
}

# Only compiled: the libraries of a system with glibc cannot be linked to musl.
musl() {
  command -v musl-gcc > /dev/null || { echo "compilers: musl-gcc is not on PATH (musl-tools): passed over"; return; }
  echo "compilers: musl"
  headers=$folder/musl/include
  gather_headers "$headers"
  for source in $(find src cli -name '*.c' ! -path 'src/cuda/*' ! -path 'src/mpi/*' ! -path '*/kernels/avx512/*' ! -path '*/kernels/neon_*' \
    ! -name system_other.c); do
    musl-gcc -std=c11 -O2 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -Wno-psabi -D_POSIX_C_SOURCE=200809L -DBERG_BUILDING \
      -DBERG_ISA=portable '-DBERG_ISA_NAME="portable"' '-DBERG_LIBDIR="/usr/lib"' -Iinclude -Isrc -isystem "$headers" \
      -isystem "$headers/nifti" "$source" || fail "musl: $source"
  done
  passed="$passed musl"
}

mkdir -p "$folder"
if [ $# -eq 0 ]; then
  for name in gcc-11 gcc-12 gcc-13 gcc-14 clang-14 clang-15 clang-16 clang-17 clang-18 clang-19; do
    if command -v "$name" > /dev/null; then set -- "$@" "$name"; else echo "compilers: $name is not on PATH: passed over"; fi
  done
  set -- "$@" base other musl
fi
for name in "$@"; do
  case $name in
    base) build base "-DBERG_ISAS=" ;;
    other) build other -DBERG_SYSTEM=other ;;
    musl) musl ;;
    *) build "$name" "-DCMAKE_C_COMPILER=$name" ;;
  esac
done
echo "compilers: everything passed:$passed"
