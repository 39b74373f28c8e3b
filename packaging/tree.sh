# Fresh Debian systems in folders, for the tests that build, install and run there; sourced by them. As root, for chroot.
# shellcheck shell=sh
#
# Each suite's packages are fetched once, into BUILD/trees/SUITE: MIRROR, else the first one that this machine's apt knows, else Debian's own.
[ "$(id -u)" = 0 ] || { echo "$0: only root can make Debian systems in folders (debootstrap, chroot): sudo make ..." >&2; exit 1; }
command -v debootstrap > /dev/null || { echo "$0: debootstrap is not installed: apt-get install debootstrap" >&2; exit 1; }

here=$(cd "$(dirname "$0")/.." && pwd)
trees=${BERG_BUILD:-$here/build}/trees
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 2> /dev/null | head -n 1)}
mirror=${mirror:-http://deb.debian.org/debian}

# tree_make SUITE NAME: a fresh system of that suite in the folder `tree`, with the list of packages read.
tree_make() {
  base=$trees/$1/base
  mkdir -p "$trees/$1/archives"
  if [ ! -d "$base" ]; then
    rm -rf "$base.part"
    debootstrap --variant=minbase "$1" "$base.part" "$mirror" > "$trees/$1/debootstrap.log" ||
      { tail -n 5 "$trees/$1/debootstrap.log" >&2; return 1; }
    mv "$base.part" "$base"
  fi
  tree=$trees/$1/$2
  rm -rf "$tree"
  cp -a --reflink=auto "$base" "$tree"
  cp /etc/resolv.conf /etc/hosts "$tree/etc/"
  apt-config dump Acquire::http Acquire::https > "$tree/etc/apt/apt.conf.d/00host"
  echo force-unsafe-io > "$tree/etc/dpkg/dpkg.cfg.d/fast"
  in_tree apt-get update -q
}

# in_tree COMMAND...: in the system `tree`, with mounts and processes of its own that end with the command; without a network where `offline`
# is set.
in_tree() {
  unshare --mount --pid --fork --kill-child ${offline:+--net} sh -c '
    tree=$1
    shift
    mount -t proc proc "$tree/proc"
    mount -t sysfs sys "$tree/sys"
    mount --rbind /dev "$tree/dev"
    mount --bind "$tree/../archives" "$tree/var/cache/apt/archives"
    exec chroot "$tree" "$@"' in_tree "$tree" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} "$@"
}

# tree_install PACKAGE...: without what they merely recommend.
tree_install() {
  in_tree apt-get install -q -y --no-install-recommends "$@" > "$tree.apt.log" 2>&1 || { tail -n 20 "$tree.apt.log" >&2; return 1; }
}
