#!/usr/bin/env bash
# make_npm.sh [FOLDER]: writes stepsize-VERSION.tgz into FOLDER, or dist: the package for Node and browsers as `npm pack` would,
# without npm. From the same build/wasm/stepsize.wasm (dev/build_wasm.sh) it is the same bytes each time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022

folder=${1:-dist}
version=$(dev/version.sh)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
package=$stage/package
install -D -m 644 -t "$package/src" bindings/wasm/src/*
install -m 644 -t "$package" bindings/wasm/{index.js,index.d.ts,README.md} build/wasm/stepsize.wasm LICENSE
sed "s/\"version\": .*/\"version\": \"$version\",/" bindings/wasm/package.json >"$package/package.json"
mkdir -p "$folder"
dev/pack.sh "$stage" package "$folder/stepsize-$version.tgz"
