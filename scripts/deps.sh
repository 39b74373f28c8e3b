#!/bin/sh
# deps.sh install|name WHAT PACKAGE...: which Debian packages WHAT lacks. `install` installs them, as root or by sudo; where neither can be
# had, and with `name`, it says what root would type, and fails. Where all are there it says nothing, asks no network, and ends with 0.
set -u
how=$1 what=$2
shift 2
if ! command -v dpkg-query > /dev/null; then
  echo "$what: what it needs, by the names of Debian's packages (this system has other ones): $*" >&2
  [ "$how" = install ] # what else is missing, the build says itself
  exit
fi

missing=
for package; do
  dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install="apt-get install --no-install-recommends$missing"
say() {
  echo "$what: missing are$missing" >&2
  echo "$what: root installs them: apt-get update && $install" >&2
  exit 1
}
[ "$how" = install ] || say
if [ "$(id -u)" = 0 ]; then sudo=
elif command -v sudo > /dev/null; then sudo=sudo
else say
fi
echo "$what: installing$missing"
{ $sudo apt-get update -q && $sudo env DEBIAN_FRONTEND=noninteractive $install -q -y; } || say
