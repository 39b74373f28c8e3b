#!/bin/sh
# test_packages.sh [SUITE...]: Debian packages for each suite (bookworm, trixie), built without a network in a fresh system, twice, in other
# folders and for other users, to the same bytes; lintian has nothing to say of them; installed into a second fresh system, tried by
# packaging/debian/tests, and purged, after which nothing of them is left. As root.
set -eu
. "$(dirname "$0")/tree.sh"
fail() {
  echo "test-packages: $suite: $*" >&2
  exit 1
}

# build USER FOLDER UMASK LOCALE TIME_ZONE JOBS OPTION...
build() {
  user=$1 folder=$2 mask=$3 locale=$4 zone=$5 jobs=$6
  shift 6
  in_tree useradd --create-home "$user"
  mkdir -p "$tree$folder"
  cp -R "$sources/." "$tree$folder"
  in_tree chown -R "$user": "$folder"
  offline=yes in_tree runuser -u "$user" -- env HOME="/home/$user" LC_ALL="$locale" TZ="$zone" DEB_BUILD_OPTIONS="parallel=$jobs" sh -c '
    umask $1
    cd "$2"/libberg-*/
    shift 2
    dpkg-buildpackage -us -uc "$@"' build "$mask" "$folder" "$@" > "$trees/$suite/build-$user.log" 2>&1 ||
    { tail -n 30 "$trees/$suite/build-$user.log"; fail "does not build ($trees/$suite/build-$user.log)"; }
}

build_twice() {
  tree_make "$suite" build > "$trees/$suite/update.log"
  tree_install build-essential lintian
  mkdir "$tree/source"
  cp -R "$sources/." "$tree/source"
  in_tree sh -c 'apt-get build-dep -q -y --no-install-recommends /source/libberg-*/' > "$trees/$suite/build-dep.log" 2>&1 ||
    { tail -n 10 "$trees/$suite/build-dep.log"; fail "what building needs cannot be installed"; }
  build first /build 022 C.UTF-8 UTC "$(nproc)"
  build second "/srv/a longer way/to the build" 077 C Asia/Kathmandu 3 -b
  for package in "$tree"/build/*.deb; do
    cmp "$package" "$tree/srv/a longer way/to the build/${package##*/}" || fail "two builds of ${package##*/} differ"
  done
  # one control file for all suites: it names the policy of the oldest
  in_tree runuser -u first -- sh -c 'lintian --fail-on error,warning,info,pedantic,experimental -i -I -E --pedantic \
    --suppress-tags out-of-date-standards-version /build/*.changes' ||
    fail "lintian"
  in_tree sh -c 'cd /build && dpkg-scanpackages --multiversion . > Packages' 2> /dev/null
  rm -rf "$trees/$suite/packages"
  mkdir "$trees/$suite/packages"
  cp "$tree"/build/*.deb "$tree"/build/Packages "$trees/$suite/packages/"
  rm -rf "$tree"
}

# What bears our name, but for what it is tried with.
ours() {
  (cd "$tree" && find . -xdev \( -path ./source -o -path ./packages -o -path ./proc -o -path './var/lib/apt/lists/*' \) -prune -o -iname '*berg*' -print)
}

install_and_purge() {
  tree_make "$suite" install > "$trees/$suite/update.log"
  before=$(ours)
  mkdir "$tree/source"
  cp -R "$sources/." "$tree/source"
  cp -R "$trees/$suite/packages" "$tree/packages"
  echo 'deb [trusted=yes] file:/packages ./' > "$tree/etc/apt/sources.list.d/berg.list"
  in_tree apt-get update -q > "$trees/$suite/update.log"
  in_tree useradd --create-home user

  tree_install berg libberg-dev python3-berg
  in_tree runuser -u user -- sh -c 'berg --version && berg doctor > /dev/null && python3 -c "import berg"'
  in_tree apt-get purge -q -y berg python3-berg libberg-dev libberg0.1 > "$tree.apt.log"
  in_tree apt-get install -q -y berg libberg-dev python3-berg > "$tree.apt.log" 2>&1 # with what they recommend
  tests=$(sed -n 's/^Tests: //p' packaging/debian/tests/control)
  for test in $tests; do
    tree_install $(sed -n "/^Tests: $test\$/,/^\$/s/^Depends: //p" packaging/debian/tests/control | tr -d ,)
    in_tree runuser -u user -- sh -c 'export AUTOPKGTEST_TMP=$(mktemp -d) && cd /source/libberg-*/ && "debian/tests/$1"' test "$test" ||
      fail "debian/tests/$test"
    echo "test-packages: $suite: $test passed"
  done

  in_tree apt-get purge -q -y berg python3-berg libberg-dev libberg0.1 > "$tree.apt.log"
  rm -rf "$tree/etc/apt/sources.list.d/berg.list" "$tree/home/user" "$tree"/tmp/*
  [ "$(ours)" = "$before" ] || fail "left after purging: $(ours)"
  rm -rf "$tree"
}

cd "$here"
sources=$trees/sources
packaging/source.sh "$sources" > /dev/null
[ $# -gt 0 ] || set -- bookworm trixie
for suite; do
  mkdir -p "$trees/$suite"
  build_twice
  install_and_purge
  echo "test-packages: $suite: packages built twice to the same bytes, lintian clean, installed, tried, purged"
done
