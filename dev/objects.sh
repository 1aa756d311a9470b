#!/usr/bin/env bash
# objects.sh FOLDER MODULE...: prints the object files of these modules in a build folder. Of a source that is gone its
# object stays behind there: it is left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$1
shift
for module in "$@"; do
  while read -r object; do
    if [ -n "$(find "Sources/$module" -name "$(basename "$object" .o)" -print -quit)" ]; then echo "$object"; fi
  done < <(find "$folder/release/$module.build" -name '*.o' | sort)
done
