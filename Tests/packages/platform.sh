#!/usr/bin/env bash
# platform.sh PLATFORM [PART...]: what `make dist` has written for PLATFORM, run there: under qemu where that is another processor,
# with Debian's C library of that platform, which nothing is installed from (dev/sysroot.sh).
#   libraries  what they need and export, the C tests, the same bits as on this machine
#   archive    unpacked, and a program built on both forms of the library
#   packages   the Debian packages: read by lintian, unpacked, used by Debian's Python
#   wheel      installed by pip, the core tests in a Python of that platform
# All parts where none is named. What cannot be run is told in capitals. Called by release.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
platform=$1
shift
python=${PYTHON:-python3}
native=$(uname -m)-linux-gnu
[ "$platform" = "$native" ] || export PLATFORM=$platform
out=build${PLATFORM:+/$PLATFORM}
root=$(dev/sysroot.sh "$platform")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "platform.sh: $platform: $*" >&2; exit 1; }
told() { echo "$platform: $*"; }
version=$(dev/version.sh)

libraries() {
  Tests/abi/check_binary.sh
  if [ "$platform" = "$native" ]; then return; fi
  Tests/run_c_tests.sh platform
  local golden=(Tests/golden/{examples,primitives,compositions,algebra}.tsv) flags=(-std=c99 -O1 -Iinclude -ffp-contract=off)
  gcc "${flags[@]}" Tests/abi/bits.c -Lbuild/lib -lstepsize-learn -lstepsize "-Wl,-rpath,$PWD/build/lib" -o "$work/here"
  dev/cc.sh "$platform" "${flags[@]}" Tests/abi/bits.c "-L$out/lib" -lstepsize-learn -lstepsize "-Wl,-rpath,$PWD/$out/lib" \
    -o "$work/there"
  "$work/here" "${golden[@]}" >"$work/here.bits"
  dev/run.sh "$platform" "$work/there" "${golden[@]}" >"$work/there.bits"
  cmp "$work/here.bits" "$work/there.bits" || fail "other bits than on this machine"
  told "$(wc -l <"$work/there.bits") lines of the same bits"
}

archive() {
  local folder=$work/stepsize-$version-$platform library
  tar -xzf "dist/stepsize-$version-$platform.tar.gz" -C "$work"
  for library in "$folder/lib/libstepsize.a" "-L$folder/lib -lstepsize -Wl,-rpath,$folder/lib"; do
    # shellcheck disable=SC2086
    dev/cc.sh "$platform" "$folder/examples/hello.c" "-I$folder/include" $library -o "$work/hello"
    dev/run.sh "$platform" "$work/hello" | grep -qx 'update  5000  learning rate 0.000587' || fail "hello is wrong"
  done
  told "the archive, shared and static"
}

# interpreter: Debian's Python for this processor, unpacked; its command in `shell`.
interpreter() {
  local packages=(python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libffi8 zlib1g libexpat1 libstdc++6)
  dev/sysroot.sh "$platform" "${packages[@]}" >/dev/null
  shell=(env -i "PATH=$PATH" LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 "$PWD/dev/run.sh" "$platform" "$root/usr/bin/python3.11")
}

packages() {
  local architecture package
  [[ $platform == *-gnu ]] || return 0
  architecture=$(dev/architecture.sh "$platform")
  if command -v lintian >/dev/null; then
    lintian --fail-on error --allow-root dist/*_"$architecture".deb >"$work/lintian" 2>&1 ||
      { cat "$work/lintian" >&2 && fail "lintian"; }
  else
    told "SKIPPED LINTIAN, NOT INSTALLED"
  fi
  for package in dist/*_"$architecture".deb; do dpkg-deb --extract "$package" "$work/root"; done
  [ "$(cd "$work" && "${shell[@]}" -c "import sys; sys.path.insert(0, '$work/root/usr/lib/python3/dist-packages')
import stepsize; print(stepsize.Scheduler(1.0, 'greedy(patience=2) * linear(10)').step(1.0), stepsize.__version__)")" = \
    "0.9 $version" ] || fail "the Python package of Debian"
  told "the Debian packages, unpacked"
}

# golden FOLDER: the golden vectors on the library in it.
golden() {
  dev/cc.sh "$platform" -std=c99 -O1 -Iinclude -ffp-contract=off Tests/StepsizeCTests/test_golden.c "-L$1" -l:libstepsize.so.2 -lm \
    "-Wl,-rpath,$1" -o "$work/golden"
  told "the library of the wheel, golden vectors: $(dev/run.sh "$platform" "$work/golden" --all Tests/golden/*.tsv Tests/golden/bits.txt |
    tail -n 1)"
}

wheel() {
  local site tests=() left_out=() name pip tag run
  case $platform in *-gnu) tag=manylinux_2_17_${platform%%-*} ;; *) tag=musllinux_1_2_${platform%%-*} ;; esac
  pip=("$python" -m pip --quiet --disable-pip-version-check install --upgrade --only-binary=:all: --python-version 3.11
    --implementation cp --platform "$tag")
  case $platform in
    *-gnu)
      site=$root/usr/local/lib/python3.11/dist-packages
      "${pip[@]}" --target "$site" --platform "${tag/2_17/2_28}" numpy pytest hypothesis
      # Some tests start the interpreter again, which the kernel cannot.
      run="'$PWD/dev/run.sh' '$platform' '$root/usr/bin/python3.11'"
      # One compiles a program with this machine's compiler and runs it.
      if [ "$platform" != "$native" ]; then left_out=(-k "not from_one_language_to_the_other"); fi
      ;;
    *-musl)
      "${pip[@]}" --target "$work/site" --no-deps --no-index --find-links dist stepsize
      golden "$work/site/stepsize/_lib"
      if [ "${platform%%-*}" != "$(uname -m)" ] || ! type -P musl-gcc apt-get >/dev/null; then
        # To load the accelerated module, that platform's Python would be needed.
        told "THE WHEEL IS INSTALLED BY PIP BUT RUN BY NO PYTHON: DEBIAN HAS NONE FOR MUSL, AND ONE IS BUILT FOR THIS PROCESSOR ALONE"
        return
      fi
      shell=(env -i "PATH=$PATH" LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 "$(dev/musl_python.sh)")
      site=$("${shell[@]}" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
      # Those after 2.1 crash when they are imported with Debian's musl 1.2.3.
      "${pip[@]}" --target "$site" --platform "${tag/1_2/1_1}" 'numpy<2.2' pytest hypothesis
      run="'${shell[-1]}'"
      left_out=(-k "not from_one_language_to_the_other")
      ;;
  esac
  "${pip[@]}" --target "$site" --no-deps --no-index --find-links dist stepsize
  for name in $("$python" -c 'import runpy; print(*runpy.run_path("dev/test.py")["QUICK"])'); do
    tests+=("$PWD/bindings/python/tests/test_$name.py")
  done
  printf '#!/bin/sh\nexec %s "$@"\n' "$run" >"$work/python"
  chmod +x "$work/python"
  echo "import sys; sys.executable = '$work/python'" >"$site/interpreter.pth"
  (cd "$work" && "${shell[@]}" -c 'from stepsize._foreign import _accelerated' &&
    "${shell[@]}" -m pytest -q -p no:cacheprovider "${tests[@]}" "${left_out[@]}") >"$work/log" 2>&1 ||
    { cat "$work/log" >&2 && fail "the Python tests"; }
  told "$(tail -n 1 "$work/log")"
  case $platform in
    *-gnu) told "the wheel, in Debian's Python for $platform" ;;
    *) told "the wheel, in a Python built with musl from Debian's sources" ;;
  esac
}

[ $# -gt 0 ] || set -- libraries archive packages wheel
case $platform in *-gnu) interpreter ;; esac
for part in "$@"; do "$part"; done
