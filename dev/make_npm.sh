#!/usr/bin/env bash
# make_npm.sh: writes dist/stepsize-VERSION.tgz, the package for Node and browsers as `npm pack` would, without npm. From the
# same build/wasm/stepsize.wasm (dev/build_wasm.sh) it is the same bytes each time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022

version=$(sed -n 's/^#define STEPSIZE_VERSION_[MP][A-Z]* //p' include/stepsize/stepsize.h | paste -sd .)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
package=$stage/package
install -D -m 644 -t "$package/src" bindings/wasm/src/*
install -m 644 -t "$package" bindings/wasm/{index.js,index.d.ts,README.md} build/wasm/stepsize.wasm LICENSE
sed "s/\"version\": .*/\"version\": \"$version\",/" bindings/wasm/package.json >"$package/package.json"
mkdir -p dist
tar --sort=name --format=ustar "--mtime=@$(dev/source_date.sh)" --owner=0 --group=0 --numeric-owner -C "$stage" -c package |
  gzip -9n >"dist/stepsize-$version.tgz"
echo "dist/stepsize-$version.tgz: $(stat -c %s "dist/stepsize-$version.tgz") bytes"
