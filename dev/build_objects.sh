#!/usr/bin/env bash
# build_objects.sh FOLDER SWIFT-OPTION...: the sources of both libraries as they are shipped, Embedded and optimized, with
# the options of a sanitizer; prints the object files. A program links them all: neither library is made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$1
shift
dev/modules.sh "$folder" "$@" -O -g StepsizeC StepsizeLearnC
