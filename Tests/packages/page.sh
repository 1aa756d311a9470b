#!/usr/bin/env bash
# The commands of docs/install.md, as they stand there, on what `make dist` has written: pip in an empty environment of each Python
# 3.10 or later of this machine, the programs of the archive, and what apt-get would do with the packages. A Python older than
# that must be told so. `make lib` and `make install` are run by Tests/run_c_tests.sh install. Called by release.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "page: $*" >&2; exit 1; }
version=$(dev/version.sh)

# block HEADING NUMBER: the NUMBERth block of commands of that section.
block() {
  awk -v heading="## $1" -v number="$2" '
    /^## / { inside = $0 == heading }
    /^```/ { if (inside && !open) count++; open = !open; next }
    inside && open && count == number' docs/install.md
}
commands() { block "$1" "$2" >"$work/commands" && [ -s "$work/commands" ] || fail "docs/install.md has no block $2 of $1"; }
# paste FOLDER: into a shell, there.
paste() { (cd "$1" && bash -euo pipefail "$work/commands") >"$work/log" 2>&1 || { cat "$work/commands" "$work/log" >&2; return 1; }; }

python_of() { # COMMAND: what it says its version is; nothing where it does not run
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}
declare -A done=()
for python in python3.{8..20} python3 /usr/bin/python3; do
  found=$(python_of "$python")
  [ -n "$found" ] && [ -z "${done[$found]:-}" ] || continue
  done[$found]=1
  "$python" -m venv "$work/venv-$found" || { echo "page: SKIPPED PYTHON $found, WHICH MAKES NO ENVIRONMENT"; continue; }
  commands Python 1
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    PATH=$work/venv-$found/bin:$PATH paste . || fail "pip of Python $found"
    printed=$(cd "$work" && "venv-$found/bin/python" -c "import stepsize
from stepsize._foreign import _accelerated
print(stepsize.Scheduler(1.0, 'greedy(patience=2) * linear(10)').step(1.0), stepsize.__version__)")
    [ "$printed" = "0.9 $version" ] || fail "Python $found prints $printed"
    echo "page: Python $found"
  else
    ! PATH=$work/venv-$found/bin:$PATH paste . 2>/dev/null || fail "pip of Python $found takes the wheel"
    echo "page: Python $found takes no wheel"
  fi
  last=$found
done
[ -n "${last:-}" ] || fail "no Python"

# The extra brings packages of others, which takes an index.
commands Python 2
found=$(python_of "${PYTHON:-python3}")
if PATH=$work/venv-$found/bin:$PATH paste . 2>"$work/said"; then
  [ "$("$work/venv-$found/bin/stepsize" convert pytorch LinearLR total_iters=10 start_factor=0.5)" = 'ramp(10, start=0.5)' ] ||
    fail "stepsize on the command line"
  (cd "$work" && "venv-$found/bin/stepsize" plot 'cosine(100)' -o picture.png) >/dev/null 2>&1 || fail "stepsize plot"
  echo "page: the extra cli"
elif grep -qE 'Could not find a version|No matching distribution|Max retries' "$work/said"; then
  echo "page: SKIPPED THE EXTRA CLI: NO INDEX OF PACKAGES"
else
  cat "$work/said" >&2
  fail "pip with the extra cli"
fi

if [ "$(uname -m)" = x86_64 ]; then
  commands "C, from the archive" 1
  mkdir "$work/archive"
  ln -s "$PWD/dist" "$work/archive/dist"
  # Each of the two programs, when it has been built.
  sed -i 's/^cc .*/&\n.\/hello/' "$work/commands"
  if command -v pkg-config >/dev/null; then
    paste "$work/archive" || fail "the archive"
    [ "$(grep -cx 'update  5000  learning rate 0.000587' "$work/log")" = 2 ] || fail "hello prints $(cat "$work/log")"
    echo "page: the archive"
  else
    echo "page: SKIPPED THE ARCHIVE: PKG-CONFIG IS NOT INSTALLED"
  fi

  # All that the packages depend on is there; Tests/packages/deb.sh installs and uses them.
  if command -v apt-get >/dev/null && [ "$(dpkg --print-architecture)" = amd64 ]; then
    block Debian 1 | sed -n '/apt-get/,/[^\\]$/p' | sed 's/^sudo apt-get/apt-get --simulate/' >"$work/commands"
    paste . || fail "apt-get"
    [ "$(grep -cE '^Inst (libstepsize|python3-stepsize)' "$work/log")" = 4 ] || fail "apt-get says $(cat "$work/log")"
    echo "page: apt-get would install the packages"
  else
    echo "page: SKIPPED APT-GET: NOT DEBIAN FOR AMD64"
  fi
else
  echo "page: SKIPPED THE ARCHIVE AND APT-GET: THE PAGE NAMES THE FILES FOR X86-64"
fi
