#!/usr/bin/env bash
# Looks inside build/lib: what the libraries need, export and weigh. Linux, ELF. With PLATFORM (dev/sysroot.sh) inside those of
# that platform.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C

out=build${PLATFORM:+/$PLATFORM}
case ${PLATFORM:-$(uname -m)} in
  x86_64*) maximum_glibc=2.4 ;;
  *) maximum_glibc=2.17 ;; # its first glibc
esac
# Reads the objects of every processor.
nm=$(dirname "$(readlink -f "$(command -v swiftc)")")/llvm-nm
abi=$(sed -n 's/^#define STEPSIZE_ABI_VERSION //p' include/stepsize/stepsize.h)
fail() { echo "check_binary: $*" >&2; exit 1; }

# check NAME NODE SYMBOLS MAXIMUM-SIZE ALSO-NEEDED: libNAME.{so,a}, whose exports are SYMBOLS in the version NODE.
check() {
  local library=$out/lib/lib$1.so archive=$out/lib/lib$1.a soname=lib$1.so.$abi node=$2_$abi symbols=$3
  local maximum_size=$4 also=${5:-} dynamic needed name paths changed stack exported functions glibc size defined visible missing

  dynamic=$(readelf -dW "$library")
  needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic" | sort | tr '\n' ' ')
  for name in $needed; do
    case $name in
      libc.so.* | libc.musl-*.so.1) ;;
      ld-linux-aarch64.so.1) ;; # a part of glibc
      "$also") also= ;;
      *) fail "$library needs $name; only libc may be needed" ;;
    esac
  done
  [ -z "$also" ] || fail "$library does not need $also"

  [ "$(sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p' <<<"$dynamic")" = "$soname" ] || fail "the soname of $library is not $soname"

  if grep -qE '\((RUNPATH|RPATH)\)' <<<"$dynamic"; then fail "$library has a path of its own to search for libraries"; fi
  grep -q 'BIND_NOW' <<<"$dynamic" || fail "$library binds functions later than at load"
  readelf -lW "$library" | grep -q 'GNU_RELRO' || fail "$library: what is relocated at load stays writable"

  # In the wheel the second library finds the first beside it; but for that, it is the same file.
  paths=$(readelf -dW "$out/wheel-lib/$soname" | sed -n 's/.*(RUNPATH).*\[\(.*\)\]/\1/p')
  # shellcheck disable=SC2016
  [ "$paths" = "${5:+\$ORIGIN}" ] || fail "the RUNPATH of $soname in the wheel is $paths"
  changed=$({ cmp -l "$library" "$out/wheel-lib/$soname" || true; } | wc -l)
  [ "$changed" -le $((16 * $(grep -c '^ *0x' <<<"$dynamic"))) ] || fail "$library and that of the wheel differ: $changed bytes"

  if grep -q TEXTREL <<<"$dynamic"; then fail "$library: the code is relocated at load (TEXTREL)"; fi
  stack=$(readelf -lW "$library" | awk '$1 == "GNU_STACK" { print $7 }')
  [ "$stack" = RW ] || fail "$library: the stack is executable, or nothing says that it is not (GNU_STACK $stack)"

  # Exactly the listed functions, all of one version.
  exported=$(readelf --dyn-syms -W "$library" | awk '$7 != "UND" && ($5 == "GLOBAL" || $5 == "WEAK" || $5 == "UNIQUE") && NR > 3 { print $8 }')
  functions=$(grep -vx "$node" <<<"$exported" || true)
  [ -z "$(grep -v "@@$node\$" <<<"$functions")" ] || fail "$library: exports without the version $node: $functions"
  diff <(sort "$symbols") <(sed "s/@@$node\$//" <<<"$functions" | sort) >&2 || fail "the exports of $library are not those of $symbols"

  glibc=$(readelf -VW "$library" | { grep -o 'GLIBC_[0-9.]*' || true; } | sort -uV | tail -n 1)
  case ${PLATFORM:-} in
    *-musl) [ -z "$glibc" ] || fail "$library needs $glibc" ;;
    *) [ -n "$glibc" ] || fail "$library: no glibc version found" ;;
  esac
  [ -z "$glibc" ] || [ "$(printf '%s\n%s\n' "${glibc#GLIBC_}" "$maximum_glibc" | sort -V | tail -n 1)" = "$maximum_glibc" ] ||
    fail "$library needs $glibc, allowed is $maximum_glibc: $(readelf --dyn-syms -W "$library" | grep "$glibc" | awk '{ print $8 }' | tr '\n' ' ')"

  size=$(stat -Lc %s "$library")
  if [ "$size" -ge "$maximum_size" ]; then
    if [ -f "$out/release/$soname.debug" ]; then "${PYTHON:-python3}" dev/sizes.py "$out/release/$soname.debug" >&2; fi
    fail "$library has $size bytes, allowed are fewer than $maximum_size"
  fi

  # The static library: what it defines for others is the same list, and it needs no Swift runtime, no
  # libm, and of libc what every libc has.
  defined=$("$nm" -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' | sort -u)
  diff <(sort "$symbols") - <<<"$defined" >&2 || fail "the global symbols of $archive are not those of $symbols"
  visible=$(readelf -sW "$archive" | awk '($5 == "GLOBAL" || $5 == "WEAK") && $7 != "UND" && $6 != "HIDDEN" { print $8 }')
  [ -z "$visible" ] || fail "a shared library with $archive inside would export $visible"
  missing=$("$nm" -u "$archive" | awk '$1 == "U" { print $2 }' |
    grep -vxE '(__stack_chk_fail|__stack_chk_guard|__tls_get_addr|_?setjmp|free|longjmp|malloc|memcpy|memmove|memset|stepsize_.*)' || true)
  [ -z "$missing" ] || fail "$archive needs $missing"

  echo "check_binary: $library: $size bytes, needs ${needed% } (${glibc:-musl}), exports $(wc -l <"$symbols") functions"
}

check stepsize STEPSIZE Tests/abi/symbols.txt 350000
check stepsize-learn STEPSIZE_LEARN Tests/abi/symbols_learn.txt 120000 "libstepsize.so.$abi"
