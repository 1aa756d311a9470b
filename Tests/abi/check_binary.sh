#!/usr/bin/env bash
# Looks inside build/lib: what the libraries need, export and weigh. Linux, ELF.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C

maximum_size=400000
maximum_glibc=2.29
soname=libstepsize.so.0

library=${1:-build/lib/libstepsize.so}
archive=${2:-build/lib/libstepsize.a}
symbols=Tests/abi/symbols.txt
fail() { echo "check_binary: $*" >&2; exit 1; }

dynamic=$(readelf -dW "$library")
needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic" | sort | tr '\n' ' ')
for name in $needed; do
  case $name in
    libc.so.* | libm.so.*) ;;
    *) fail "$library needs $name; only libc and libm may be needed" ;;
  esac
done

[ "$(sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p' <<<"$dynamic")" = "$soname" ] || fail "the soname is not $soname"

# shellcheck disable=SC2016
paths=$(sed -n 's/.*(\(RUNPATH\|RPATH\)).*\[\(.*\)\]/\2/p' <<<"$dynamic")
# shellcheck disable=SC2016
[ -z "$paths" ] || [ "$paths" = '$ORIGIN' ] || fail "RUNPATH is $paths"

if grep -q TEXTREL <<<"$dynamic"; then fail "the code is relocated at load (TEXTREL)"; fi
stack=$(readelf -lW "$library" | awk '$1 == "GNU_STACK" { print $7 }')
[ "$stack" = RW ] || fail "the stack is executable, or nothing says that it is not (GNU_STACK $stack)"

# Exactly the listed functions, all of one version.
exported=$(readelf --dyn-syms -W "$library" | awk '$7 != "UND" && ($5 == "GLOBAL" || $5 == "WEAK" || $5 == "UNIQUE") && NR > 3 { print $8 }')
functions=$(grep -v '^STEPSIZE_0$' <<<"$exported" || true)
[ -z "$(grep -v '@@STEPSIZE_0$' <<<"$functions")" ] || fail "exports without the version STEPSIZE_0: $functions"
diff <(sort "$symbols") <(sed 's/@@STEPSIZE_0$//' <<<"$functions" | sort) >&2 || fail "the exports are not those of $symbols"

glibc=$(readelf -VW "$library" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
[ -n "$glibc" ] || fail "no glibc version found"
[ "$(printf '%s\n%s\n' "${glibc#GLIBC_}" "$maximum_glibc" | sort -V | tail -n 1)" = "$maximum_glibc" ] ||
  fail "$library needs $glibc, allowed is $maximum_glibc: $(readelf --dyn-syms -W "$library" | grep "$glibc" | awk '{ print $8 }' | tr '\n' ' ')"

size=$(stat -Lc %s "$library")
[ "$size" -lt "$maximum_size" ] || fail "$library has $size bytes, allowed are fewer than $maximum_size"

# The static library: what it defines for others is the same list, and it needs no Swift runtime.
defined=$(nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' | sort -u)
diff <(sort "$symbols") - <<<"$defined" >&2 || fail "the global symbols of $archive are not those of $symbols"
if nm -u "$archive" | grep -E ' (_?swift_|\$s|\$e)' >&2; then fail "$archive needs a Swift runtime"; fi

echo "check_binary: $size bytes, needs ${needed% } (${glibc}), exports $(wc -l <"$symbols") functions"
