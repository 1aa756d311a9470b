#!/usr/bin/env bash
# install.sh [--uninstall] PREFIX [DESTDIR]: headers, libraries, pkg-config files, CMake package and man pages of what
# `make lib` has built; --uninstall removes the same files again. It builds nothing and needs no Swift.
# In the environment: PLATFORM is that of the libraries where it is not this machine's (dev/build_library.sh); LIBDIR names the folder of the libraries under PREFIX (default: lib); with RELOCATABLE=1 the
# pkg-config files find the prefix from where they lie, as the CMake package always does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
umask 022

fail() { echo "install.sh: $*" >&2; exit 1; }
is_removing=
if [ "${1:-}" = --uninstall ]; then is_removing=1 && shift; fi
if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "${1#/}" = "$1" ]; then
  echo "usage: bindings/c/install.sh [--uninstall] PREFIX [DESTDIR], where PREFIX is an absolute path" >&2
  exit 2
fi
prefix=${1%/}
libdir=${LIBDIR:-lib}
target=${2:-}$prefix
case $prefix$libdir in *$'\n'*) fail "a line break in the prefix cannot be written into a pkg-config file" ;; esac
number() { sed -n "s/^#define STEPSIZE_VERSION_$1 //p" include/stepsize/stepsize.h; }
major=$(number MAJOR) minor=$(number MINOR)
version=$major.$minor.$(number PATCH)
abi=$(sed -n 's/^#define STEPSIZE_ABI_VERSION //p' include/stepsize/stepsize.h)
built=build${PLATFORM:+/$PLATFORM}/lib
libraries=(stepsize stepsize-learn)
pages=(stepsize.1 stepsize.3 stepsize-learn.3)

needed=("${pages[@]/#/build/man/}")
for library in "${libraries[@]}"; do needed+=("$built/lib$library.so.$abi" "$built/lib$library.a"); done
for file in "${needed[@]}"; do
  [ -n "$is_removing" ] || [ -f "$file" ] ||
    fail "$file is not built yet: run 'make lib' as the user who has Swift, then install again"
done
# From the folder of the libraries up to the prefix: lib -> .., lib/x86_64-linux-gnu -> ../..
up=$(sed 's|[^/][^/]*|..|g' <<<"$libdir")

# As pkg-config reads it: what is special to it or to a shell stands behind a backslash.
escaped() { LC_ALL=C sed "s/[][ \\\\\"'#&|;()<>*?!\`{}]/\\\\&/g" <<<"$1"; }
if [ -n "${RELOCATABLE:-}" ]; then
  written_prefix='${pcfiledir}'/../$up
else
  written_prefix=$(escaped "$prefix")
fi

# place MODE SOURCE FILE, link AIM FILE, filled TEMPLATE FOLDER: what is installed, or with --uninstall removed.
place() {
  if [ -n "$is_removing" ]; then rm -f "$target/$3"; else install -D -m "$1" "$2" "$target/$3"; fi
}
link() {
  if [ -n "$is_removing" ]; then rm -f "$target/$2"; else ln -sf "$1" "$target/$2"; fi
}
filled() {
  local text
  place 644 "bindings/c/$1.in" "$2/$1"
  [ -z "$is_removing" ] || return 0
  text=$(cat "bindings/c/$1.in")
  # What is put in stands in quotes, or an & in it would be the text that it replaces.
  text=${text//@PREFIX@/"$written_prefix"}
  text=${text//@PC_LIBDIR@/"$(escaped "$libdir")"}
  text=${text//@UP@/"$up"}
  text=${text//@VERSION@/"$version"}
  text=${text//@MAJOR@/"$major"}
  text=${text//@MINOR@/"$minor"}
  printf '%s\n' "${text//@ABI@/"$abi"}" >"$target/$2/$1"
}

for file in stepsize.h learn.h stepsize.hpp abi.json; do
  place 644 "include/stepsize/$file" "include/stepsize/$file"
done
for library in "${libraries[@]}"; do
  place 755 "$built/lib$library.so.$abi" "$libdir/lib$library.so.$version"
  link "lib$library.so.$version" "$libdir/lib$library.so.$abi"
  link "lib$library.so.$abi" "$libdir/lib$library.so"
  place 644 "$built/lib$library.a" "$libdir/lib$library.a"
  filled "$library.pc" "$libdir/pkgconfig"
done
for file in stepsizeConfig.cmake stepsizeConfigVersion.cmake; do filled "$file" "$libdir/cmake/stepsize"; done
for page in "${pages[@]}"; do place 644 "build/man/$page" "share/man/man${page##*.}/$page"; done

if [ -z "$is_removing" ]; then
  echo "stepsize $version installed in $target"
else
  # The folders that are ours alone, unless somebody has put something there.
  rmdir "$target/include/stepsize" "$target/$libdir/cmake/stepsize" 2>/dev/null || true
  echo "stepsize $version removed from $target"
fi
