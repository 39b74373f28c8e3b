#!/bin/sh
# The libraries and headers of Debian's arm64 that libberg builds against, unpacked into a folder: for cross builds and for qemu-user. This
# machine's own packages and its list of architectures stay as they are.
#
#   scripts/arm_sysroot.sh FOLDER PACKAGE...
set -eu
[ $# -ge 2 ] || { echo "usage: arm_sysroot.sh FOLDER PACKAGE..." >&2; exit 2; }
folder=$(realpath -m "$1")
shift
# What is there is kept: a second run asks no server.
if [ -f "$folder/packages" ] && [ "$(cat "$folder/packages")" = "$*" ]; then exit 0; fi
command -v apt-get > /dev/null || { echo "arm_sysroot: apt-get is not on PATH: the packages come from Debian's archive" >&2; exit 1; }
rm -rf "$folder"
state=$folder.apt
mkdir -p "$folder" "$state/lists/partial" "$state/archives/partial"
: > "$state/status"
apt() {
  apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$state" -o Dir::State::status="$state/status" \
    -o Dir::State::lists="$state/lists" -o Dir::Cache="$state" -o Dir::Cache::archives="$state/archives" -o APT::Sandbox::User= \
    -o Debug::NoLocking=1 "$@"
}
apt update
apt install --yes --no-install-recommends --download-only "$@"
for package in "$state"/archives/*.deb; do dpkg-deb -x "$package" "$folder"; done

# Links that begin with "/" would lead out of the folder.
find "$folder" -type l -lname '/*' | while read -r link; do ln -sf "$(realpath -m --relative-to="$(dirname "$link")" "$folder$(readlink "$link")")" "$link"; done
# The packages would make these as they are installed: OpenBLAS in place of the reference libraries.
libraries=$folder/usr/lib/aarch64-linux-gnu
for library in libblas.so libblas.so.3 liblapack.so liblapack.so.3 libopenblas.so libopenblas.so.0; do
  [ -e "$libraries/$library" ] || ln -sf "openblas-pthread/$library" "$libraries/$library"
done
rm -rf "$state"
echo "$*" > "$folder/packages"
