#!/usr/bin/env bash
# Builds build/lib/libstepsize.{so,a} and build/lib/libstepsize-learn.{so,a}: the Embedded Swift build of the C interfaces;
# build/wheel-lib has the shared ones as the wheel has them.
# Needs a Swift 6.3 toolchain. Called by `make lib` and by the build of the Python wheel.
#
# With PLATFORM (dev/sysroot.sh) they are for that platform, in build/PLATFORM instead of build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. dev/make_file.sh

if ! command -v swift >/dev/null; then
  echo "stepsize: no Swift toolchain found: install Swift 6.3 or later (swift.org/install) so that 'swift' is on the PATH." >&2
  exit 1
fi

out=build${PLATFORM:+/$PLATFORM}
build=$out/release
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
cc=("$tools/clang")
if [ -n "${PLATFORM:-}" ]; then cc=(dev/cc.sh "$PLATFORM"); fi
abi=$(sed -n 's/^ *public static let abi = //p' Sources/StepsizeBase/Version.swift)
# What is called at each update comes first, in this order and from the start of a cache line, so that it lies where it was
# measured, whatever else the library holds: its place is worth up to a quarter of a step.
hot=(stepsize_scheduler_step stepsize_scheduler_step_with_loss stepsize_scheduler_advance stepsize_schedule_at)
mkdir -p "$out/lib" "$build"
printf '%s\n' "${hot[@]}" >"$build/order.txt"

# reason: why nothing was built, as far as the toolchain is to blame.
reason() {
  local version
  version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
  if [ -z "$version" ]; then
    echo "the toolchain does not run: $(swift --version 2>&1 | head -n 1)"
  elif [ "$(printf '%s\n' 6.3 "$version" | sort -V | head -n 1)" != 6.3 ]; then
    echo "Swift 6.3 or later is needed, this is $version"
  else
    echo "the errors are above"
  fi
}

if ! log=$(dev/modules.sh "$build" StepsizeC StepsizeLearnC 2>&1 >/dev/null); then
  printf '%s\n' "$log" >&2
  echo "stepsize: the libraries did not build: $(reason)." >&2
  exit 1
fi

# build LIBRARY LAYER SYMBOLS LINKER-OPTION...: both forms of libLIBRARY from the C layer LAYER, which exports SYMBOLS, where
# they are not up to date.
build() {
  local library=$1 layer=$2 symbols=$3 soname=lib$1.so.$abi modules native=() option object link id inputs
  shift 3
  mapfile -t modules < <(dev/modules.sh "$build" "$layer")
  link=(
    "${cc[@]}" -shared -fuse-ld=lld -Wl,-O2,--gc-sections,--icf=all
    # Nothing is bound later than at load, so that the table of functions is read-only.
    -Wl,-z,now
    # Nothing but stepsize_* is visible, and nothing may be missing.
    "-Wl,--version-script=Sources/$layer/exports.map" -Wl,--no-undefined "-Wl,-soname=$soname"
  )
  # A step checks much that never fails: a branch for each check takes half the instructions of one for several.
  case ${PLATFORM:-$(uname -m)} in x86_64*) link+=(-Wl,-mllvm,-x86-br-merging-base-cost=-1) ;; esac
  for option in "$@"; do link+=("-Wl,$option"); done

  inputs=("${modules[@]}" "$symbols" "Sources/$layer/exports.map" dev/build_library.sh)
  if [ "$library" != stepsize ]; then inputs+=("$out/lib/libstepsize.so.$abi"); fi
  if [ ! -f "$out/lib/$soname" ] || [ ! -f "$out/wheel-lib/$soname" ] || [ ! -f "$out/lib/lib$library.a" ] ||
    ! fresh "$build/$soname.wheel" "${link[*]}" "${inputs[@]}"; then
    rm -f "$build/$soname.wheel.command"
    make_both
    printf '%s\n' "${link[*]}" >"$build/$soname.wheel.command"
  fi
  ln -sf "$soname" "$out/lib/lib$library.so"
  echo "$out/lib/lib$library.so: $(stat -c %s "$out/lib/$soname") bytes"
}

# make_both: the work of `build`, with its variables.
make_both() {
  # All modules are compiled as one, for what the library exports. Both forms are made of the object that comes of it.
  make_file "$build/$library.lto.o" "${inputs[@]}" -- \
    "${link[@]}" "-Wl,--lto-obj-path=$build/$library.lto.o" "${modules[@]}" -o "$build/$soname.lto"
  "$tools/llvm-objcopy" "--set-section-alignment=.text.${hot[0]}=64" "$build/$library.lto.o"
  for object in "${modules[@]}"; do case $object in *.c.o) native+=("$object") ;; esac; done
  archive "$library" "$symbols"
  # Which build it is, is told by its code: what debuggers read has paths of this machine.
  id=$(sha1sum "$out/lib/lib$library.a" | cut -c 1-40)
  "${link[@]}" "-Wl,--build-id=0x$id" "$build/$library.lto.o" "${native[@]}" -o "$build/$soname.debug"
  "$tools/llvm-objcopy" --strip-all --remove-section=.comment "$build/$soname.debug" "$build/$soname.wheel"
  keep "$build/$soname.wheel" "$out/wheel-lib/$soname"
  without_path "$build/$soname.wheel" "$build/$soname"
  keep "$build/$soname" "$out/lib/$soname"
}

# keep FILE TARGET: the old file may be mapped by a running program, so a new one takes its name.
keep() {
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.new"
  chmod 755 "$2.new"
  mv "$2.new" "$2"
}

# without_path FILE TARGET: a copy that names no folder to search for libraries. Its entry in the list of the dynamic
# section goes, those after it move up, and the list ends with 0 as before: nothing else changes.
without_path() {
  local list start entries place
  cp "$1" "$2"
  list=$(readelf -dW "$2")
  start=$(sed -n 's/^Dynamic section at offset \(0x[0-9a-f]*\) contains.*/\1/p' <<<"$list")
  entries=$(grep -c '^ *0x' <<<"$list")
  place=$(grep '^ *0x' <<<"$list" | grep -n '(RUNPATH)' | cut -d : -f 1 || true)
  [ -n "$place" ] || return 0
  dd if="$1" of="$2" bs=1 conv=notrunc status=none skip=$((start + 16 * place)) seek=$((start + 16 * (place - 1))) \
    count=$((16 * (entries - place)))
}

# archive LIBRARY SYMBOLS: the static library is one object in which only the SYMBOLS are global, and hidden: a shared
# library that takes them in does not export them. What both libraries are made from is in each of them, out of sight of
# the other.
archive() {
  local library=$1 symbols=$2 roots
  # What no SYMBOL needs stays out.
  mapfile -t roots < <(sed 's/^/--undefined=/' "$symbols")
  # The linker gives a symbol the narrowest visibility that any object asks for.
  sed 's/^/.hidden /' "$symbols" | "${cc[@]}" -x assembler -c -Wa,--noexecstack -o "$build/$library-hidden.o" -
  "$tools/ld.lld" -r --gc-sections "${roots[@]}" -o "$build/$library.o" "$build/$library.lto.o" "$build/Guard.c.o" \
    "$build/$library-hidden.o"
  "$tools/llvm-objcopy" "--keep-global-symbols=$symbols" --strip-unneeded "$build/$library.o"
  rm -f "$out/lib/lib$library.a"
  "$tools/llvm-ar" rcsD "$out/lib/lib$library.a" "$build/$library.o"
}

build stepsize StepsizeC Tests/abi/symbols.txt "--symbol-ordering-file=$build/order.txt"
# The second library calls the first as any program does. In a wheel, where nobody else says where that is, it is beside it;
# what is installed has no path to search.
# shellcheck disable=SC2016
build stepsize-learn StepsizeLearnC Tests/abi/symbols_learn.txt "$out/lib/libstepsize.so" '-rpath=$ORIGIN'
