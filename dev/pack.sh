#!/usr/bin/env bash
# pack.sh FOLDER NAME FILE: packs FOLDER/NAME into FILE, a .tar.gz. The same content is the same bytes, whoever packs it and when.
set -euo pipefail
folder=$1 name=$2 file=$3
date=$("$(dirname "${BASH_SOURCE[0]}")/source_date.sh")
tar --sort=name --format=ustar "--mtime=@$date" --owner=0 --group=0 --numeric-owner -C "$folder" -c "$name" | gzip -9n >"$file"
echo "$file: $(stat -c %s "$file") bytes"
