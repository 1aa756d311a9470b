#!/usr/bin/env bash
# Prints the date of the sources in seconds since 1970, for files that are the same bytes in every build: SOURCE_DATE_EPOCH
# where that is set, else the date of the last commit, else (an archive of the sources) that of the changelog.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
  echo "$SOURCE_DATE_EPOCH"
elif [ ! -e .git ] || ! git log -1 --format=%ct 2>/dev/null; then
  stat -c %Y CHANGELOG.md
fi
