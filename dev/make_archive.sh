#!/usr/bin/env bash
# Writes dist/stepsize-VERSION-PLATFORM.tar.gz: what a C program needs, for machines without Swift. From the same libraries
# it is the same bytes each time. Needs the libraries of PLATFORM (dev/build_library.sh; this machine's where it is not set)
# and build/man.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022

version=$(dev/version.sh)
platform=${PLATFORM:-$(uname -m)-linux-gnu}
case $platform in
  x86_64-*-gnu) libc="glibc 2.4 or later" ;;
  *-gnu) libc="glibc 2.17 or later" ;;
  *-musl) libc="musl 1.2 or later" ;;
esac
name=stepsize-$version-$platform
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

LIBDIR=lib RELOCATABLE=1 bindings/c/install.sh "/$name" "$stage" >/dev/null
sed -e "s/@VERSION@/$version/g" -e "s/@PROCESSOR@/${platform%%-*}/g" -e "s/@LIBC@/$libc/g" packaging/archive/README.md \
  >"$stage/$name/README.md"
install -m 644 LICENSE CHANGELOG.md "$stage/$name"
install -D -m 644 -t "$stage/$name/examples" bindings/c/examples/hello.c bindings/c/examples/factorize.c
mkdir -p dist
dev/pack.sh "$stage" "$name" "dist/$name.tar.gz"
