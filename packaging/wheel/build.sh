#!/bin/sh
# build.sh wheel|sdist: dist/libberg-<version>-cp311-abi3-manylinux_*.whl, which needs libc, libm and NumPy, or dist/libberg-<version>.tar.gz.
# The same sources give the same bytes: dates are SOURCE_DATE_EPOCH, by default the last commit's, and no path of this machine is left.
set -eu
cd "$(dirname "$0")/../.."
case $1:$PWD in wheel:*[[:space:]]*) echo "wheel: $PWD: has white space, and options of compilers name it: build elsewhere" >&2 && exit 1 ;; esac
. packaging/wheel/tools.sh
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
mkdir -p dist
if [ "$1" = sdist ]; then
  rm -f dist/libberg-*.tar.gz
  exec "$tools/bin/python" -m build --no-isolation --sdist --outdir dist
fi

packaging/wheel/libraries.sh "$work/prefix"
prefix=$(cd "$work/prefix" && pwd)
rm -rf "$work/cmake" "$work/plain"
export CMAKE_PREFIX_PATH="$prefix" PKG_CONFIG_LIBDIR="$prefix/lib/pkgconfig"
export CFLAGS="-ffile-prefix-map=$PWD=. -ffile-prefix-map=$prefix=. -include $PWD/packaging/wheel/older_glibc.h ${CFLAGS-}"
"$tools/bin/python" -m build --no-isolation --wheel --outdir "$work/plain" -C build-dir="$work/cmake" \
  -C cmake.define.BERG_NOTICES="$prefix/licenses"
rm -f dist/libberg-*.whl
PATH=$tools/bin:$PATH "$tools/bin/auditwheel" repair --wheel-dir dist "$work"/plain/*.whl
