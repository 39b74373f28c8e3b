#!/bin/sh
# source.sh FOLDER: the source package of Debian in FOLDER: libberg_VERSION.orig.tar.gz, the same bytes for the same files, and the folder
# libberg-VERSION made of it with packaging/debian where Debian's tools look for it. Prints that folder.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
version=$(sed -n 's/^#define BERG_VERSION_\(MAJOR\|MINOR\|PATCH\) *//p' "$here/include/berg.h" | paste -s -d .)
packaged=$(sed -n '1s/^libberg (\(.*\)-[^-]*) .*/\1/p' "$here/packaging/debian/changelog")
[ "$packaged" = "$version" ] ||
  { echo "source.sh: packaging/debian/changelog begins with version $packaged, include/berg.h has $version" >&2; exit 1; }

rm -rf "$out/libberg-$version"
cd "$here"
git ls-files -z --cached --others --exclude-standard |
  tar -c --null -T - --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
    --mtime="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" --transform "s|^|libberg-$version/|" |
  gzip -9n > "$out/libberg_$version.orig.tar.gz"
tar -x -z -f "$out/libberg_$version.orig.tar.gz" -C "$out"
cp -R packaging/debian "$out/libberg-$version/debian"
echo "$out/libberg-$version"
