#!/usr/bin/env bash
# architecture.sh PLATFORM: prints Debian's name for the processor of a PLATFORM (dev/sysroot.sh).
case $1 in
  x86_64-*) echo amd64 ;;
  aarch64-*) echo arm64 ;;
  *) echo "architecture.sh: no processor of a platform: $1" >&2 && exit 1 ;;
esac
