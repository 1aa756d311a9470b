#!/usr/bin/env bash
# freeze_abi.sh [VERSION]: keeps the C interface as it is now in Tests/abi/VERSION (default: that of the header), for
# Tests/abi/compatibility.sh. Run before a release; of a version that is released nothing is written again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${1:-$(dev/version.sh)}
folder=Tests/abi/$version
newest=$(sed -n 's/^## \([0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)
if [ "$version" != "$newest" ]; then
  echo "freeze_abi.sh: the newest version in CHANGELOG.md is $newest, not $version" >&2
  exit 1
fi
if [ -d "$folder" ] && ! grep -qx "## $version, unreleased" CHANGELOG.md; then
  echo "freeze_abi.sh: $version is released (CHANGELOG.md): $folder stays as it is" >&2
  exit 1
fi
rm -rf "$folder"
install -D -m 644 -t "$folder/stepsize" include/stepsize/stepsize.h include/stepsize/learn.h
install -m 644 -t "$folder" Tests/abi/symbols.txt Tests/abi/symbols_learn.txt
echo "$folder: $(cat "$folder"/symbols*.txt | wc -l) functions"
