#!/bin/sh
# test_reproducible.sh FOLDER: two builds of the source in FOLDER, which differ in what should not matter (folder, umask, locale, time zone, home,
# age of the files, number of jobs; as root, the user, too), install the same bytes.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
rm -rf "$1"
mkdir -p "$1"
work=$(cd "$1" && pwd)
cd "$here"

# The second build's user: nobody, where the first one's is root and the folder is not hidden from others.
other='setpriv --reuid=65534 --regid=65534 --clear-groups'
$other test -x "$work" 2> /dev/null || other=

# build NAME FOLDER UMASK JOBS VARIABLE=VALUE...: what is installed goes to NAME.
build() {
  name=$1 folder=$2 mask=$3 jobs=$4
  shift 4
  as=
  mkdir -p "$folder" "$work/$name"
  git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$folder"
  if [ "$name" = second ]; then
    as=$other
    find "$folder" -type f -exec touch -d 2020-02-29 '{}' +
    [ -z "$as" ] || chown -R 65534:65534 "$folder" "$work/$name"
  fi
  (
    umask "$mask"
    cd "$folder"
    # shellcheck disable=SC2086
    env -u CC -u CMAKE_C_COMPILER_LAUNCHER -u LDFLAGS CFLAGS=-Werror=date-time "$@" $as sh -e -c '
      cmake --preset release -B build -DBERG_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr/local > configure.log
      cmake --build build --parallel "$1" > build.log
      DESTDIR=$2 cmake --install build > install.log
      cmake --install build --component python --prefix "$2/python" >> install.log' build "$jobs" "$work/$name"
  ) || { tail -n 20 "$folder"/*.log; echo "test-reproducible: the $name build failed ($folder)" >&2; exit 1; }
}

build first "$work/a" 022 2 LC_ALL=C TZ=UTC HOME="$work" USER=first
build second "$work/a longer way/to b" 077 3 LC_ALL=C.UTF-8 TZ=Asia/Kathmandu HOME=/nonexistent USER=second LANGUAGE=de
diff -r "$work/first" "$work/second" || { echo "test-reproducible: two builds differ" >&2; exit 1; }
for file in usr/local/bin/berg usr/local/include/berg.h python/berg/_berg.abi3.so; do
  [ -s "$work/first/$file" ] || { echo "test-reproducible: $file is missing" >&2; exit 1; }
done
! grep -r -l -F -e "$work" "$work/first" || { echo "test-reproducible: these name the folder they were built in" >&2; exit 1; }
echo "test-reproducible: $(find "$work/first" -type f | wc -l) installed files, the same bytes of two builds"
rm -rf "$work"
