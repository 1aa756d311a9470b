#!/usr/bin/env bash
# swift.sh FOLDER COMMAND WORD...: runs `swift COMMAND --build-path FOLDER WORD...` for this checkout, with the core optimized
# (Package.swift).
#
# SwiftPM leaves folders in the temporary folder with each run: here it has one of its own, which is removed. A build
# folder holds absolute paths: one that was made for a checkout in another place does not build, and is removed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$1 command=$2
shift 2

# SwiftPM's own lock lies in the temporary folder: without a common one, two runs would write to one build folder.
mkdir -p build
exec 9>"build/$folder.lock"
if command -v flock >/dev/null; then flock 9; fi

here=$(pwd -P)
if [ -d "$folder" ] && [ "$(cat "$folder/checkout" 2>/dev/null)" != "$here" ]; then
  echo "stepsize: $folder was not built for $here: building anew." >&2
  rm -rf "$folder"
fi
mkdir -p "$folder"
printf '%s\n' "$here" >"$folder/checkout"

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
# No editor reads an index of this folder.
TMPDIR=$temporary STEPSIZE_OPTIMIZED=1 swift "$command" --build-path "$folder" --disable-index-store "$@" 9>&-
