#!/bin/sh
# test_reproducible.sh FOLDER: two builds of the source in FOLDER, which differ in everything that should not matter (folder, owner, umask, locale,
# time zone, home, order and age of files, number of jobs), install the same bytes. BERG_BUILD is of no use here: both start from nothing.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
cd "$here"

# build NAME FOLDER UMASK JOBS VARIABLE=VALUE...: what is installed goes to NAME.
build() {
  name=$1 folder=$2 mask=$3 jobs=$4
  shift 4
  rm -rf "$work/$name" "$folder"
  mkdir -p "$folder"
  git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | (umask "$mask" && tar -x --no-same-permissions -C "$folder")
  [ "$name" = first ] || find "$folder" -type f -exec touch -d 2020-02-29 '{}' +
  (
    umask "$mask"
    cd "$folder"
    env -u CC -u CFLAGS -u LDFLAGS -u CMAKE_C_COMPILER_LAUNCHER CFLAGS=-Werror=date-time "$@" sh -c '
      cmake --preset release -B "$1" -DBERG_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr/local > configure.log
      nice cmake --build "$1" --parallel "$2" > build.log
      DESTDIR="$3" cmake --install "$1" > install.log
      cmake --install "$1" --component python --prefix "$3/python" > install.log' build build "$jobs" "$work/$name"
  ) || { tail -n 20 "$folder"/*.log; echo "test-reproducible: the $name build failed ($folder)" >&2; exit 1; }
}

build first "$work/a" 022 2 LC_ALL=C TZ=UTC HOME="$work" USER=first
build second "$work/a longer way/to b" 077 3 LC_ALL=C.UTF-8 TZ=Asia/Kathmandu HOME=/nonexistent USER=second LANGUAGE=de
diff -r "$work/first" "$work/second" || { echo "test-reproducible: two builds differ" >&2; exit 1; }
count=$(find "$work/first" -type f | wc -l)
for file in bin/berg lib/libberg.a include/berg.h; do [ -f "$work/first/usr/local/$file" ] || [ -f "$(echo "$work"/first/usr/local/lib/*/"${file#lib/}")" ]; done
! grep -r -l -F -e "$work" "$work/first" || { echo "test-reproducible: these name the folder they were built in" >&2; exit 1; }
rm -rf "$work"
echo "test-reproducible: $count installed files, the same bytes of two builds"
