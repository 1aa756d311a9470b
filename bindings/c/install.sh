#!/usr/bin/env bash
# install.sh PREFIX [DESTDIR]: headers, libraries, pkg-config files and CMake package.
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
number() { sed -n "s/^#define STEPSIZE_VERSION_$1 //p" include/stepsize/stepsize.h; }
major=$(number MAJOR) minor=$(number MINOR)
version=$major.$minor.$(number PATCH)
abi=$(sed -n 's/^#define STEPSIZE_ABI_VERSION //p' include/stepsize/stepsize.h)
libraries=(stepsize stepsize-learn)
for library in "${libraries[@]}"; do
  if [ ! -f "build/lib/lib$library.so.$abi" ] || [ ! -f "build/lib/lib$library.a" ]; then
    echo "install.sh: build/lib is not built yet: run dev/build_library.sh (make lib)" >&2
    exit 1
  fi
done
# From the folder of the libraries up to the prefix: lib -> .., lib/x86_64-linux-gnu -> ../..
up=$(sed 's|[^/][^/]*|..|g' <<<"$libdir")

filled() {
  sed -e "s|@PREFIX@|$prefix|g" -e "s|@LIBDIR@|$libdir|g" -e "s|@UP@|$up|g" -e "s|@VERSION@|$version|g" \
    -e "s|@MAJOR@|$major|g" -e "s|@MINOR@|$minor|g" -e "s|@ABI@|$abi|g" "bindings/c/$1.in" >"$2/$1"
  chmod 644 "$2/$1"
}

install -d "$target/include/stepsize" "$target/$libdir/pkgconfig" "$target/$libdir/cmake/stepsize"
install -m 644 include/stepsize/stepsize.h include/stepsize/learn.h "$target/include/stepsize"
for library in "${libraries[@]}"; do
  install -m 755 "build/lib/lib$library.so.$abi" "$target/$libdir/lib$library.so.$version"
  ln -sf "lib$library.so.$version" "$target/$libdir/lib$library.so.$abi"
  ln -sf "lib$library.so.$abi" "$target/$libdir/lib$library.so"
  install -m 644 "build/lib/lib$library.a" "$target/$libdir/lib$library.a"
  filled "$library.pc" "$target/$libdir/pkgconfig"
done
filled stepsizeConfig.cmake "$target/$libdir/cmake/stepsize"
filled stepsizeConfigVersion.cmake "$target/$libdir/cmake/stepsize"
echo "stepsize $version installed in $target"
