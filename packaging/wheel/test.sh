#!/bin/sh
# test.sh: what dist/ holds against the rules of wheels, and in use: tests/wheel. NumPy and what builds the sdist are downloaded once into
# build/wheel/offline, from which all is installed. As root also in a Debian 12 with python3-venv alone, which debootstrap makes once.
set -eu
cd "$(dirname "$0")/../.."
. packaging/wheel/tools.sh
wheel=$(echo dist/libberg-*.whl)
"$tools/bin/auditwheel" show "$wheel"
"$tools/bin/abi3audit" --strict --summary "$wheel"
"$tools/bin/check-wheel-contents" "$wheel"

BERG_OFFLINE=$(pwd)/$work/offline
case $work in /*) BERG_OFFLINE=$work/offline ;; esac
export BERG_OFFLINE
mkdir -p "$BERG_OFFLINE"
# One interpreter of each version from 3.11 on: Debian's, those on PATH, pyenv's. A free-threaded one takes no limited API.
found=$BERG_OFFLINE/pythons
: > "$found"
for python in "${WHEEL_PYTHON:-/usr/bin/python3}" /usr/bin/python3.* "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
  name=$("$python" -c 'import ensurepip, sys, sysconfig
print("%d.%d" % sys.version_info[:2] if sys.version_info >= (3, 11) and not sysconfig.get_config_var("Py_GIL_DISABLED") else "")' 2>/dev/null) || continue
  if [ -z "$name" ] || grep -q "^$name	" "$found"; then continue; fi
  printf '%s\t%s\n' "$name" "$python" >> "$found"
  ls "$BERG_OFFLINE"/numpy-*-cp"$(echo "$name" | tr -d .)"-* >/dev/null 2>&1 ||
    "$tools/bin/python" -m pip download --quiet --only-binary :all: --no-deps --python-version "$name" --dest "$BERG_OFFLINE" numpy
done
echo "test-wheel: Python $(cut -f 1 "$found" | tr '\n' ' ')"
ls "$BERG_OFFLINE"/scikit_build_core-* >/dev/null 2>&1 ||
  "$tools/bin/python" -m pip download --quiet --only-binary :all: --dest "$BERG_OFFLINE" 'scikit-build-core>=0.10'

if [ "$(id -u)" != 0 ]; then
  echo "test-wheel: not root: the test in a Debian of its own is passed over"
elif ! command -v debootstrap >/dev/null; then
  echo "test-wheel: debootstrap is not installed: the test in a Debian of its own is passed over"
else
  BERG_FRESH=${BERG_FRESH:-$work/debian}
  [ -f "$BERG_FRESH/complete" ] || {
    debootstrap --variant=minbase --include=python3-venv bookworm "$BERG_FRESH" "${DEBIAN_MIRROR:-http://deb.debian.org}/debian" >/dev/null
    touch "$BERG_FRESH/complete"
  }
  export BERG_FRESH
fi
"${WHEEL_PYTHON:-/usr/bin/python3}" -m pytest -q -p no:cacheprovider tests/wheel "$@"
