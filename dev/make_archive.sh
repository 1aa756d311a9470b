#!/usr/bin/env bash
# Writes dist/stepsize-VERSION-linux-ARCHITECTURE.tar.gz: what a C program needs, for machines without Swift. From the same
# libraries it is the same bytes each time. Needs build/lib and build/man (make lib).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022

version=$(sed -n 's/^#define STEPSIZE_VERSION_[MP][A-Z]* //p' include/stepsize/stepsize.h | paste -sd .)
machine=$(uname -m)
name=stepsize-$version-linux-$machine
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

LIBDIR=lib RELOCATABLE=1 bindings/c/install.sh "/$name" "$stage" >/dev/null
sed -e "s/@VERSION@/$version/g" -e "s/@MACHINE@/$machine/g" packaging/archive/README.md >"$stage/$name/README.md"
install -m 644 LICENSE CHANGELOG.md "$stage/$name"
install -D -m 644 -t "$stage/$name/examples" bindings/c/examples/hello.c bindings/c/examples/factorize.c
mkdir -p dist
tar --sort=name --format=ustar "--mtime=@$(dev/source_date.sh)" --owner=0 --group=0 --numeric-owner -C "$stage" -c "$name" |
  gzip -9n >"dist/$name.tar.gz"
echo "dist/$name.tar.gz: $(stat -c %s "dist/$name.tar.gz") bytes"
