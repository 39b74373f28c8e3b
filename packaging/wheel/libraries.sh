#!/bin/sh
# libraries.sh PREFIX: the small libraries that libberg links (cJSON, libcsv, libjpeg-turbo, libspng, nifticlib, zlib) as archives of
# position-independent code in PREFIX/lib, with headers, package files, and their licences in PREFIX/licenses. The sources are those of
# Debian 12 with its patches, by apt, which holds them against Debian's signature: no root is needed, and no more network once they are
# there. Debian's own archives are no use: not all libraries have one, and they are not made for shared libraries.
set -eu
mkdir -p "$1"
prefix=$(cd "$1" && pwd)
case $prefix in *[[:space:]]*) echo "libraries.sh: $prefix: has white space, and options of compilers name it" >&2 && exit 1 ;; esac
sources=$prefix/sources
names="cjson libcsv libjpeg-turbo libspng nifticlib zlib"
if [ "$(cat "$prefix/complete" 2>/dev/null)" = "$names" ]; then exit 0; fi
command -v nasm >/dev/null || { echo "libraries.sh: nasm is not on PATH: libjpeg-turbo decodes slowly without it" >&2; exit 1; }

fetch() {
  apt=$prefix/apt
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$sources"
  key="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
  mirror=${DEBIAN_MIRROR:-http://deb.debian.org}
  printf 'deb-src %s %s main\n' "$key $mirror/debian" bookworm "$key $mirror/debian-security" bookworm-security > "$apt/sources.list"
  set -- -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists" \
    -o Dir::Cache="$apt/cache" -o Acquire::Languages=none -o APT::Sandbox::User=
  apt-get "$@" update
  (cd "$sources" && for name in $names; do [ -d "$name" ] || apt-get "$@" source --download-only "$name"; done)
}

# Into a folder of the source's name alone: the version goes into no path.
unpack() {
  for name in $names; do
    [ -d "$sources/$name" ] || dpkg-source --no-check -x "$sources/${name}_"*.dsc "$sources/$name"
    mkdir -p "$prefix/licenses"
    cp "$sources/$name/debian/copyright" "$prefix/licenses/$name.txt"
  done
  cp "$sources/libcsv/COPYING.LESSER" "$prefix/licenses/libcsv-LGPL-2.1.txt" # Debian's file names it without its text
}

CFLAGS="-O2 -fPIC -fvisibility=hidden -ffile-prefix-map=$prefix=. ${CFLAGS-}"
export CFLAGS

# archive NAME SOURCE FLAGS: of one file.
archive() {
  ${CC:-cc} $CFLAGS $3 -c "$2" -o "$prefix/lib/$1.o"
  rm -f "$prefix/lib/lib$1.a"
  ar qcD "$prefix/lib/lib$1.a" "$prefix/lib/$1.o"
  ranlib -D "$prefix/lib/lib$1.a"
  rm "$prefix/lib/$1.o"
}

# package NAME LIBRARY FLAGS
package() {
  mkdir -p "$prefix/lib/pkgconfig"
  printf 'prefix=%s\nName: %s\nDescription: archive\nVersion: 0\nLibs: -L${prefix}/lib -l%s\nCflags: -I${prefix}/include %s\n' \
    "$prefix" "$1" "$2" "$3" > "$prefix/lib/pkgconfig/$1.pc"
}

build() {
  mkdir -p "$prefix/lib" "$prefix/include/nifti"
  cd "$sources"
  cp cjson/cJSON.h libcsv/csv.h libspng/spng/spng.h "$prefix/include"
  cp nifticlib/niftilib/nifti1.h nifticlib/niftilib/nifti1_io.h nifticlib/znzlib/znzlib.h "$prefix/include/nifti"
  (cd zlib && ./configure --static >/dev/null && make -s libz.a >/dev/null)
  cp zlib/libz.a "$prefix/lib"
  cp zlib/zlib.h zlib/zconf.h "$prefix/include"
  archive cjson cjson/cJSON.c ""
  archive csv libcsv/libcsv.c "-Ilibcsv"
  archive spng libspng/spng/spng.c "-DSPNG_STATIC -I$prefix/include"
  archive znz nifticlib/znzlib/znzlib.c "-DHAVE_ZLIB -I$prefix/include"
  archive niftiio nifticlib/niftilib/nifti1_io.c "-DHAVE_ZLIB -Inifticlib/znzlib -I$prefix/include"
  package libcjson cjson ""
  package spng spng -DSPNG_STATIC
  cmake -S libjpeg-turbo -B libjpeg-turbo/build -DCMAKE_BUILD_TYPE=None -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF -DREQUIRE_SIMD=ON \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON >/dev/null
  cmake --build libjpeg-turbo/build -j "$(nproc)" --target jpeg-static >/dev/null
  cp libjpeg-turbo/build/libjpeg.a "$prefix/lib"
  cp libjpeg-turbo/jpeglib.h libjpeg-turbo/jmorecfg.h libjpeg-turbo/jerror.h libjpeg-turbo/build/jconfig.h "$prefix/include"
}

for name in $names; do
  ls "$sources/${name}_"*.dsc >/dev/null 2>&1 || { fetch; break; }
done
unpack
build
echo "$names" > "$prefix/complete"
