#!/usr/bin/env bash
# The libraries compute the same bits on every processor and at every level of optimization: bits.c prints them with
#   - build/lib as it is (x86-64 without FMA, small code),
#   - the same on an older processor, as far as glibc is told,
#   - the sources compiled for speed, for a processor with FMA, which the compiler may use,
#   - the sources compiled for aarch64, which always has it, for small code as they are shipped, under qemu.
# In none of the compiled sources may there be an instruction that multiplies and adds with one rounding, or a call to libm.
# Called by Tests/run_c_tests.sh; needs build/lib.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=build/tests/bits
rm -rf "$out"
mkdir -p "$out"
golden=(Tests/golden/{examples,primitives,compositions,algebra}.tsv)
bin=$(dirname "$(readlink -f "$(command -v swiftc)")")
flags=(-std=c99 -Wall -Wextra -Werror -O1 -Iinclude -ffp-contract=off)
checked=0

fail() { echo "same_bits: $*" >&2; exit 1; }
compare() {
  cmp -s "$out/here.bits" "$out/$1.bits" || fail "the bits of $1 differ, $(diff "$out/here.bits" "$out/$1.bits" | grep -c '^<') lines:
$(diff "$out/here.bits" "$out/$1.bits" | head -n 4)"
  echo "same bits: $1"
  checked=$((checked + 1))
}

# compile NAME OPTION...: the sources, with these options of the Swift compiler; their files are the array `objects`.
compile() {
  local name=$1 fused
  mapfile -t objects < <(dev/modules.sh "build/bits/$name" "${@:2}" StepsizeC StepsizeLearnC)
  [ "${#objects[@]}" -gt 0 ] || exit 1
  fused=$("$bin/llvm-objdump" -d --no-show-raw-insn "${objects[@]}" |
    grep -cE '\s(v?fn?m(add|sub|la|ls)(sub|add)?(132|213|231)?([sp][dsh])?)\s' || true)
  [ "$fused" = 0 ] || fail "$fused fused instructions in the code of $name"
  if "$bin/llvm-nm" -u "${objects[@]}" | grep -wE 'exp|expm1|log|log1p|pow|tanh|sqrt|sin|cos|floor|ceil|trunc|rint|round|fma|fmod'; then
    fail "the code of $name calls libm"
  fi
}

gcc "${flags[@]}" Tests/abi/bits.c -Lbuild/lib -lstepsize-learn -lstepsize "-Wl,-rpath,$PWD/build/lib" -o "$out/bits"
"$out/bits" "${golden[@]}" >"$out/here.bits"
lines=$(wc -l <"$out/here.bits")
[ "$lines" -gt 200000 ] || fail "only $lines lines"

GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4,-AVX512F "$out/bits" "${golden[@]}" >"$out/older.bits"
compare older

if [ "$(uname -m)" = x86_64 ]; then
  compile fast -O -target-cpu haswell
  gcc "${flags[@]}" Tests/abi/bits.c "${objects[@]}" -o "$out/bits-fast" -Wl,--gc-sections
  if grep -qw avx2 /proc/cpuinfo; then
    "$out/bits-fast" "${golden[@]}" >"$out/fast.bits"
    compare fast
  else
    echo "skipped -target-cpu haswell, this processor is older"
  fi
fi

cross=/usr/aarch64-linux-gnu
gcc_files=$(find /usr/lib/gcc-cross/aarch64-linux-gnu -maxdepth 1 -mindepth 1 2>/dev/null | sort -V | tail -n 1)
if [ ! -d "$bin/../lib/swift/embedded/aarch64-none-none-elf" ]; then
  echo "skipped aarch64, not in this toolchain"
elif ! command -v qemu-aarch64 >/dev/null || [ ! -f "$cross/lib/libc.a" ] || [ -z "$gcc_files" ]; then
  echo "skipped aarch64: needs qemu-user, libc6-dev-arm64-cross and libgcc-12-dev-arm64-cross (dev/setup_system.sh)"
else
  export TARGET=aarch64-none-none-elf C_OPTIONS="--target=aarch64-linux-gnu -isystem $cross/include"
  compile aarch64 -Osize
  "$bin/clang" --target=aarch64-linux-gnu "${flags[@]}" -isystem "$cross/include" -c Tests/abi/bits.c -o "$out/bits.o"
  "$bin/ld.lld" -static --gc-sections -o "$out/bits-aarch64" "$cross/lib/crt1.o" "$cross/lib/crti.o" "$out/bits.o" \
    "${objects[@]}" --start-group "$cross/lib/libc.a" "$gcc_files/libgcc.a" "$gcc_files/libgcc_eh.a" --end-group \
    "$cross/lib/crtn.o"
  qemu-aarch64 "$out/bits-aarch64" "${golden[@]}" >"$out/aarch64.bits"
  compare aarch64
fi
echo "same_bits: $lines lines: $checked passed, 0 failed"
