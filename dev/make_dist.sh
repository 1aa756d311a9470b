#!/usr/bin/env bash
# Writes what a release consists of into dist, which it empties first: for each platform a wheel and an archive of the C
# libraries, for those with glibc Debian packages, the sdist, an SBOM and the checksums of them all. From the same sources
# and tools it is the same bytes each time (Tests/packages/release.sh).
#
# PLATFORMS are those of dev/sysroot.sh, all where it is not set. This machine's own is built as `make lib` builds it, the
# others against Debian's C libraries, which are downloaded into build/sysroots. PYTHON has hatchling.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022
export LC_ALL=C

python=${PYTHON:-python3}
native=$(uname -m)-linux-gnu
platforms=${PLATFORMS:-x86_64-linux-gnu aarch64-linux-gnu x86_64-linux-musl aarch64-linux-musl}
SOURCE_DATE_EPOCH=$(dev/source_date.sh)
export SOURCE_DATE_EPOCH
rm -rf dist
mkdir dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# hatch KIND FOLDER: the wheel or the sdist, by the package's own build.
hatch() {
  (cd bindings/python && "$python" -c 'import sys; from hatchling import build; getattr(build, f"build_{sys.argv[1]}")(sys.argv[2])' \
    "$1" "$2") >/dev/null
}
written() { echo "$1: $(stat -c %s "$1") bytes"; }

# The man pages are made from what the library says of itself.
dev/build_library.sh >/dev/null
"$python" dev/man_pages.py
for platform in $platforms; do
  if [ "$platform" = "$native" ]; then unset PLATFORM; else export PLATFORM=$platform; fi
  hatch wheel "$work"
  wheel=dist/$(cd "$work" && echo *.whl)
  mv "$work"/*.whl "$wheel"
  written "$wheel"
  dev/make_archive.sh
  case $platform in *-gnu) WHEEL=$wheel dev/make_deb.sh ;; esac
done
unset PLATFORM

hatch sdist "$PWD/dist"
written dist/stepsize-*[0-9].tar.gz
# The package for npm, where the sources have its script.
if [ -x dev/make_npm.sh ]; then
  dev/build_wasm.sh
  dev/make_npm.sh
fi

"$python" dev/sbom.py
(cd dist && sha256sum -- * >../build/SHA256SUMS && mv ../build/SHA256SUMS .)
echo "dist/SHA256SUMS: $(wc -l <dist/SHA256SUMS) files"
