#!/usr/bin/env bash
# modules.sh FOLDER [OPTION]... MODULE...: compiles the MODULEs under Sources and those that they import, as Embedded Swift,
# and prints their object files in FOLDER. Without an OPTION of the Swift compiler they are those of the shipped libraries:
# LLVM's bitcode, which is compiled when a library is linked, so that nobody's unused code and no border between
# modules costs a byte. What is up to date stays.
#
# TARGET is the triple to compile for, this machine's where it is not set. With PLATFORM (dev/sysroot.sh) it is that platform's;
# the Swift modules know nothing of a C library, so that those of another processor are the ones without one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. dev/make_file.sh
folder=$1
shift
given=()
while [ $# -gt 0 ] && [ ! -d "Sources/$1" ]; do
  given+=("$1")
  shift
done
if [ ${#given[@]} = 0 ]; then given=(-lto=llvm-full -gline-tables-only -file-compilation-dir .); fi

machine=$(uname -m)
case ${PLATFORM:-$machine} in
  "$machine"*) target=${TARGET:-$machine-unknown-linux-gnu} ;;
  *) target=${PLATFORM%%-*}-none-none-elf ;;
esac
cc=("$(dirname "$(readlink -f "$(command -v swiftc)")")/clang" -target "$target")
if [ -n "${PLATFORM:-}" ]; then cc=(dev/cc.sh "$PLATFORM"); fi
mkdir -p "$folder"
# Two runs would write to one folder.
exec 9>"$folder.lock"
if command -v flock >/dev/null; then flock 9; fi

# The compiler's cache of modules holds absolute paths: one that was made for a checkout in another place does not build.
here=$(pwd -P)
if [ "$(cat "$folder/cache/checkout" 2>/dev/null)" != "$here" ]; then rm -rf "$folder/cache"; fi
mkdir -p "$folder/cache"
printf '%s\n' "$here" >"$folder/cache/checkout"

options=(
  -target "$target" -enable-experimental-feature Embedded -DEmbedded -swift-version 6 -package-name stepsize
  -parse-as-library -wmo
  # Small code, except where the source asks for speed; what nobody calls is left out.
  -Osize -Xfrontend -function-sections -Xfrontend -mergeable-traps
  # No hash of each module for the compiler's own use.
  -Xfrontend -disable-incremental-llvm-codegen
  # A square root is an instruction; the call to libm for the errno of a negative number is left out.
  -Xcc -fno-math-errno
  -Xcc -fPIC -Xcc -fomit-frame-pointer
  -I "$folder" -module-cache-path "$folder/cache"
)
# C_OPTIONS are more options of the C compiler.
read -ra c_options <<<"${C_OPTIONS:-}"
includes=()
for include in Sources/*/include; do includes+=("-I$include"); done
# What Sources/CStepsize/Guard.c defines in the place of Swift's runtime must be called: no copy of the runtime's own may be
# inlined, nor a function that the compiler wraps around some of them because they are alike.
options+=(-Xfrontend -disable-llvm-merge-functions-pass)
for name in $(sed -n 's/^void \**swift_\([A-Za-z_]*\)(.*/\1/p' Sources/CStepsize/Guard.c); do
  options+=(-Xllvm "-force-attribute=swift_$name:noinline")
done
options+=("${includes[@]}" "${given[@]}")

# imports MODULE: the modules under Sources that it imports.
imports() {
  local name
  for name in $(find "Sources/$1" -name '*.swift' -exec sed -n 's/^\(@_exported \)\?import //p' {} + | sort -u); do
    if [ -d "Sources/$name" ]; then echo "$name"; fi
  done
}

# visit MODULE: puts it into `order` after what it imports, and how many imports are below it into `depth`.
declare -A depth=()
order=()
visit() {
  local import below=0
  [ -z "${depth[$1]:-}" ] || return 0
  for import in $(imports "$1"); do
    visit "$import"
    if [ "${depth[$import]}" -gt "$below" ]; then below=${depth[$import]}; fi
  done
  depth[$1]=$((below + 1))
  order+=("$1")
}

compile() {
  local module=$1 import inputs=() source sources
  if [ -z "$(find "Sources/$module" -name '*.swift' -print -quit)" ]; then
    for source in Sources/"$module"/*.c; do
      make_file "$folder/$(basename "$source").o" "$source" Sources/*/include -- "${cc[@]}" -std=c99 -O2 \
        -DSTEPSIZE_EMBEDDED -fPIC -fomit-frame-pointer -ffunction-sections "${includes[@]}" -c "$source" \
        -o "$folder/$(basename "$source").o" "${c_options[@]}"
    done
    return
  fi
  mapfile -t sources < <(find "Sources/$module" -name '*.swift' | LC_ALL=C sort)
  for import in $(imports "$module"); do
    if [ -f "$folder/$import.swiftmodule" ]; then inputs+=("$folder/$import.swiftmodule"); fi
  done
  make_file "$folder/$module.o" "${sources[@]}" "${inputs[@]}" Sources/*/include -- swiftc "${options[@]}" \
    -module-name "$module" -emit-module -emit-module-path "$folder/$module.swiftmodule" \
    -emit-objc-header -emit-objc-header-path "$folder/$module-Swift.h" -c "${sources[@]}" -o "$folder/$module.o"
}

for module in "$@"; do visit "$module"; done
for ((level = 1; ; level++)); do
  jobs=()
  for module in "${order[@]}"; do
    if [ "${depth[$module]}" = "$level" ]; then
      compile "$module" &
      jobs+=($!)
    fi
  done
  [ ${#jobs[@]} -gt 0 ] || break
  for job in "${jobs[@]}"; do wait "$job" || exit 1; done
done
for module in "${order[@]}"; do
  if [ -f "$folder/$module.o" ]; then
    echo "$folder/$module.o"
  else
    for source in Sources/"$module"/*.c; do echo "$folder/$(basename "$source").o"; done
  fi
done
