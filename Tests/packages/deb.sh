#!/usr/bin/env bash
# The packages of `make deb`: the same bytes twice, without an error of lintian's; installed into a root of their own with
# dpkg, used from there by a C program, by Python and in the shell, and removed again without a trace. Uses the wheel in
# build/wheel where there is one. What is not installed (dpkg-deb, lintian, pkg-config) or not allowed (dpkg) is skipped
# and told.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

command -v dpkg-deb >/dev/null || { echo "deb: skipped, no dpkg-deb" && exit; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "deb: $*" >&2; exit 1; }
triplet=$(gcc -print-multiarch)

[ -f build/man/stepsize.3 ] || "${PYTHON:-python3}" dev/man_pages.py
wheels=(build/wheel/stepsize-*.whl)
if [ -f "${wheels[0]}" ]; then export WHEEL=${wheels[0]}; fi
mapfile -t packages < <(dev/make_deb.sh | sed 's/: .*//')
[ "${#packages[@]}" = 4 ] || fail "made: ${packages[*]}"
sha256sum "${packages[@]}" >"$work/sums"
sleep 1.1 # another second, so that a time in it would show
TZ=Asia/Tokyo dev/make_deb.sh >/dev/null
sha256sum --quiet -c "$work/sums" || fail "two runs give other bytes"

# Errors fail here; what else it says can be read.
if command -v lintian >/dev/null; then
  lintian --fail-on error --allow-root "${packages[@]}" >"$work/lintian" 2>&1 || { cat "$work/lintian" >&2; fail "lintian"; }
  ! grep '^E: ' "$work/lintian" >&2 || fail "lintian"
else
  echo "deb: skipped lintian, not installed"
fi

root=$work/root
if [ "$(id -u)" = 0 ]; then
  # A root with nothing in it: what the packages depend on is the host's.
  mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
  touch "$root/var/lib/dpkg/status"
  dpkg=(dpkg "--root=$root" --force-script-chrootless --force-depends --log=/dev/null)
  "${dpkg[@]}" --install "${packages[@]}" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "dpkg --install"; }
  [ "$("${dpkg[@]}" --list | grep -c '^ii .*stepsize')" = 4 ] || fail "not all are installed: $("${dpkg[@]}" --list)"
  "${dpkg[@]}" --verify || fail "dpkg --verify"
else
  echo "deb: skipped dpkg --install, not root: unpacked instead"
  mkdir "$root"
  for package in "${packages[@]}"; do dpkg-deb --extract "$package" "$root"; done
fi

libraries=$root/usr/lib/$triplet
if command -v pkg-config >/dev/null; then
  words=$(PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$libraries/pkgconfig PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 \
    PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config --cflags --libs stepsize-learn)
else
  echo "deb: skipped pkg-config, not installed"
  words="-I$root/usr/include -L$libraries -lstepsize-learn -lstepsize"
fi
# shellcheck disable=SC2086
gcc bindings/c/examples/factorize.c $words -o "$work/factorize"
[ "$(LD_LIBRARY_PATH=$libraries "$work/factorize")" = 'relative loss < 1e-3' ] || fail "factorize is wrong"

# The interpreter of the distribution, without what is installed here: the package needs nothing.
interpreter=/usr/bin/python3
if "$interpreter" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  shell() { env -i "PATH=$PATH" LC_ALL=C.UTF-8 "PYTHONPATH=$root/usr/lib/python3/dist-packages" "$interpreter" -sB "$@"; }
  cat >"$work/package.py" <<'END'
import importlib.metadata
import stepsize
from stepsize._foreign import library, stepper

assert stepsize.Linear(10).at(5) == 0.5
assert stepsize.Scheduler(1.0, "greedy(patience=2) * linear(10)").step(1.0) == 0.9
assert stepsize.learned.Agent() is not None
assert importlib.metadata.version("stepsize") == stepsize.__version__ == library.VERSION
with open("/proc/self/maps") as maps:
    loaded = {line.split()[-1] for line in maps if "libstepsize" in line}
print(*sorted(loaded), sep="\n")
END
  loaded=$(shell "$work/package.py") || fail "the Python package"
  # Not a second copy: the libraries of the other packages.
  [ "$(dirname "$(head -n 1 <<<"$loaded")")" = "$(realpath "$libraries")" ] && [ "$(wc -l <<<"$loaded")" = 2 ] ||
    fail "Python has loaded $loaded"
  [ "$(shell "$root/usr/bin/stepsize" convert pytorch LinearLR total_iters=10 start_factor=0.5)" = 'ramp(10, start=0.5)' ] ||
    fail "stepsize convert"
else
  echo "deb: skipped Python, no $interpreter 3.10 or later"
fi

if [ "$(id -u)" = 0 ]; then
  "${dpkg[@]}" --purge libstepsize2 libstepsize-learn2 libstepsize-dev python3-stepsize >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; fail "dpkg --purge"; }
  left=$(find "$root" -name '*stepsize*')
  [ -z "$left" ] || fail "dpkg --purge leaves $left"
fi
echo "deb: ${#packages[@]} packages, twice the same, installed, used and removed"
