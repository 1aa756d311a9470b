#!/usr/bin/env bash
# run.sh PLATFORM PROGRAM [ARGUMENT]...: runs a program that was built for PLATFORM (dev/cc.sh), with that platform's C library
# and loader and, where this machine's processor is another, under qemu.
set -euo pipefail
platform=$1
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=$here/build/sysroots/$platform
processor=${platform%%-*}
if [ "$processor" != "$(uname -m)" ]; then exec "qemu-$processor" -L "$root" "$@"; fi
case $platform in
  *-musl)
    if file -b "$1" | grep -q 'statically linked'; then exec "$@"; fi
    exec "$root/lib/ld-musl-$processor.so.1" "$@"
    ;;
  *) exec "$@" ;;
esac
