#!/usr/bin/env bash
# cc.sh PLATFORM WORD...: the toolchain's clang with the options WORD, for PLATFORM (dev/sysroot.sh), whose C library is in
# build/sysroots. Without -c a program is linked, or with -shared a library.
set -euo pipefail
platform=$1
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=$here/build/sysroots/$platform
[ -d "$root/usr" ] || "$here/dev/sysroot.sh" "$platform" >/dev/null
clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang

options=("--target=$platform" "--sysroot=$root" -fuse-ld=lld -ffp-contract=off -Wno-unused-command-line-argument)
# Atomic operations are instructions that every processor has, not calls of libgcc.
case $platform in aarch64-*) options+=(-mno-outline-atomics) ;; esac
if [[ $platform == *-gnu ]]; then exec "$clang" "${options[@]}" "$@"; fi

# clang knows of no folders of Debian's for musl.
options+=(-isystem "$root/usr/include/$platform")
kind=program
for word in "$@"; do
  case $word in
    -c | -S | -E | -fsyntax-only | --version | -print-*) exec "$clang" "${options[@]}" "$@" ;;
    -shared | -static) kind=${word#-} ;;
  esac
done
parts=$root/usr/lib/$platform library=libc.musl-${platform%%-*}.so.1
first=("$parts/crti.o")
if [ "$kind" != shared ]; then first=("$parts/crt1.o" "${first[@]}"); fi
case $kind in
  static) library=libc.a ;;
  program) options+=(-no-pie "-Wl,-dynamic-linker,/lib/ld-musl-${platform%%-*}.so.1") ;;
esac
exec "$clang" "${options[@]}" -nostdlib "${first[@]}" "$@" "-L$parts" "-l:$library" \
  "$(echo "$root"/usr/lib/gcc/*/*/libgcc.a)" "$parts/crtn.o"
