#!/usr/bin/env bash
# build_objects.sh FOLDER SWIFT-OPTION...: the sources of both libraries as they are shipped, Embedded and optimized, with
# the options of a sanitizer; prints the object files. A program links them all: neither library is made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Of a build where the runtime's own allocator is inlined here and there, blocks go to the wrong one.
# shellcheck source=dev/release_options.sh
source dev/release_options.sh
folder=$1 options=("${guarded[@]}")
shift
for option in "$@" -Xcc -fno-math-errno; do options+=(-Xswiftc "$option"); done
for layer in StepsizeC StepsizeLearnC; do
  log=$(dev/swift.sh "$folder" build -c release --traits Embedded --target "$layer" --omit-frame-pointers "${options[@]}" 2>&1) ||
    { printf '%s\n' "$log" >&2 && exit 1; }
done
dev/objects.sh "$folder" StepsizeBase StepsizeBoundary CStepsize Stepsize StepsizeC CStepsizeLearn StepsizeLearn StepsizeLearnC
