#!/bin/sh
# test_demo.sh [SUITE...]: `make demo` in fresh systems of each suite (bookworm, trixie) that have make and git alone, as root, and in others
# with sudo as its user; and how many seconds each takes. As root.
set -eu
. "$(dirname "$0")/tree.sh"

# demo WHO PACKAGE...: the demo that WHO makes of a copy of the source, in a folder with a space in its name.
demo() {
  who=$1
  shift
  tree_make "$suite" "demo-$who" > "$trees/$suite/update.log"
  tree_install make git "$@"
  [ "$who" = root ] || in_tree useradd --create-home --shell /bin/bash "$who"
  home=$(in_tree sh -c 'eval echo ~"$1"' home "$who")
  [ "$who" = root ] || echo "$who ALL=(ALL) NOPASSWD: ALL" > "$tree/etc/sudoers.d/$who"
  cp -R "$source" "$tree$home/a copy"
  rm -rf "$tree$home/a copy/debian"
  in_tree chown -R "$who": "$home/a copy"
  start=$(date +%s)
  in_tree runuser -u "$who" -- env HOME="$home" USER="$who" make -C "$home/a copy" demo > "$trees/$suite/demo-$who.log" 2>&1 ||
    { tail -n 20 "$trees/$suite/demo-$who.log" >&2; echo "test-demo: $suite, $who: failed ($trees/$suite/demo-$who.log)" >&2; exit 1; }
  seconds=$(($(date +%s) - start))
  for file in report.html responses.npy slices.png; do
    [ -s "$tree$home/a copy/demo/$file" ] || { echo "test-demo: $suite, $who: demo/$file is missing" >&2; exit 1; }
  done
  echo "test-demo: $suite, $who: $seconds s, with what was installed"
  rm -rf "$tree"
}

cd "$here"
source=$(packaging/source.sh "$trees/sources")
[ $# -gt 0 ] || set -- bookworm trixie
for suite; do
  mkdir -p "$trees/$suite"
  demo root
  demo user sudo
done
