#!/usr/bin/env bash
# install.sh PREFIX [DESTDIR]: header, libraries, pkg-config file and CMake package.
# Needs build/lib (dev/build_library.sh). LIBDIR names the folder of the libraries under PREFIX (default: lib).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "${1#/}" = "$1" ]; then
  echo "usage: bindings/c/install.sh PREFIX [DESTDIR], where PREFIX is an absolute path" >&2
  exit 2
fi
prefix=${1%/}
libdir=${LIBDIR:-lib}
target=${2:-}$prefix
soname=libstepsize.so.0
if [ ! -f "build/lib/$soname" ] || [ ! -f build/lib/libstepsize.a ]; then
  echo "install.sh: build/lib is not built yet: run dev/build_library.sh (make lib)" >&2
  exit 1
fi

number() { sed -n "s/^#define STEPSIZE_VERSION_$1 //p" include/stepsize/stepsize.h; }
major=$(number MAJOR) minor=$(number MINOR)
version=$major.$minor.$(number PATCH)
# From the folder of the libraries up to the prefix: lib -> .., lib/x86_64-linux-gnu -> ../..
up=$(sed 's|[^/][^/]*|..|g' <<<"$libdir")

filled() {
  sed -e "s|@PREFIX@|$prefix|g" -e "s|@LIBDIR@|$libdir|g" -e "s|@UP@|$up|g" -e "s|@VERSION@|$version|g" \
    -e "s|@MAJOR@|$major|g" -e "s|@MINOR@|$minor|g" "bindings/c/$1.in" >"$2/$1"
  chmod 644 "$2/$1"
}

install -d "$target/include/stepsize" "$target/$libdir/pkgconfig" "$target/$libdir/cmake/stepsize"
install -m 644 include/stepsize/stepsize.h "$target/include/stepsize/stepsize.h"
install -m 755 "build/lib/$soname" "$target/$libdir/libstepsize.so.$version"
ln -sf "libstepsize.so.$version" "$target/$libdir/$soname"
ln -sf "$soname" "$target/$libdir/libstepsize.so"
install -m 644 build/lib/libstepsize.a "$target/$libdir/libstepsize.a"
filled stepsize.pc "$target/$libdir/pkgconfig"
filled stepsizeConfig.cmake "$target/$libdir/cmake/stepsize"
filled stepsizeConfigVersion.cmake "$target/$libdir/cmake/stepsize"
echo "stepsize $version installed in $target"
