#!/usr/bin/env bash
# The bindings for other languages, on build/lib: each compares the golden vectors bit by bit, and runs its example.
#   Tests/bindings/run.sh [LANGUAGE...]     python embedded rust go lua ruby r; all where none is named
# A language whose toolchain is not installed and cannot be (dev/setup_bindings.sh) is skipped, and the last line says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
out=$root/build/tests/bindings
python=${PYTHON:-python3}
mkdir -p "$out"
[ -f build/lib/libstepsize.so ] || { echo "bindings: build/lib is not built yet: run dev/build_library.sh (make lib)" >&2; exit 1; }
dev/setup_bindings.sh
export STEPSIZE_LIBRARY=$root/build/lib/libstepsize.so
skipped=()

# has LANGUAGE COMMAND...: whether its toolchain is there.
has() {
  local language=$1 command
  shift
  for command in "$@"; do
    type -P "$command" >/dev/null && continue
    echo "bindings: SKIPPED $language: $command is not installed (dev/setup_bindings.sh)"
    skipped+=("$language")
    return 1
  done
}
# same LANGUAGE OUTPUT: the examples are one program in several languages, and print what is in train.txt.
same() {
  local line
  while read -r line; do
    grep -qxF "$line" <<<"$2" || { echo "bindings: the example in $1 printed: $2" >&2; exit 1; }
  done <"$root/Tests/bindings/train.txt"
}
tell() { echo "bindings: $1: $(tail -n 1 <<<"$2")"; }

# The file that the others compare with is what the library returns, called through ctypes.
python() {
  "$python" Tests/golden/bits.py --check
  echo "bindings: python: Tests/golden/bits.txt is what the library returns"
}

embedded() {
  has embedded python3-config || return 0
  local flags
  read -ra flags <<<"$(python3-config --embed --includes) $(python3-config --embed --ldflags)"
  gcc -std=c11 -Wall -Wextra -Werror -Iinclude bindings/c/examples/embed_python.c -Lbuild/lib -lstepsize \
    "-Wl,-rpath,$root/build/lib" "${flags[@]}" -o "$out/embed_python"
  tell embedded "$(PYTHONPATH=bindings/python/src PYTHONDONTWRITEBYTECODE=1 "$out/embed_python")"
}

rust() {
  has rust cargo rustc || return 0
  (
    cd bindings/rust
    export STEPSIZE_LIB_DIR=$root/build/lib CARGO_TARGET_DIR=$out/rust RUSTFLAGS="-D warnings"
    log=$(cargo test --offline --quiet --tests 2>&1) || { echo "$log" >&2; exit 1; }
    same rust "$(cargo run --offline --quiet --example train)"
    tell rust "$(grep '^test result: ok. [1-9]' <<<"$log")"
  )
}

go() {
  has go go || return 0
  (
    cd bindings/go
    export CGO_CFLAGS="-I$root/include -Wall -Werror" CGO_LDFLAGS="-L$root/build/lib -Wl,-rpath,$root/build/lib"
    export GOCACHE=$out/go GOFLAGS=-mod=mod GOTOOLCHAIN=local
    [ -z "$(gofmt -l .)" ] || { echo "bindings: gofmt would change $(gofmt -l .)" >&2; exit 1; }
    # Go does not see whether the library has changed: -count=1 runs the tests again.
    log=$(command go test -count=1 . 2>&1) || { echo "$log" >&2; exit 1; }
    same go "$(command go run ./examples/train)"
    tell go "$log"
  )
}

lua() {
  has lua luajit || return 0
  local log
  export LUA_PATH="bindings/lua/?.lua"
  log=$(luajit bindings/lua/test.lua)
  same lua "$(luajit bindings/lua/example.lua)"
  tell lua "$log"
}

ruby() {
  has ruby ruby || return 0
  local log
  log=$(command ruby -w -Ibindings/ruby/lib bindings/ruby/test/golden.rb 2>&1) || { echo "$log" >&2; exit 1; }
  same ruby "$(command ruby -Ibindings/ruby/lib bindings/ruby/examples/train.rb)"
  tell ruby "$log"
}

r() {
  has r R Rscript || return 0
  local log version
  version=$(dev/version.sh)
  grep -qx "Version: $version" bindings/r/DESCRIPTION || { echo "bindings: r/DESCRIPTION is not of version $version" >&2; exit 1; }
  # R compiles where the sources lie.
  rm -rf "$out/r"
  mkdir -p "$out/r/library"
  cp -r bindings/r "$out/r/stepsize"
  export STEPSIZE_CPPFLAGS="-I$root/include -Wall -Wextra -Wno-cast-function-type -Werror"
  export STEPSIZE_LDFLAGS="-L$root/build/lib -Wl,-rpath,$root/build/lib" R_LIBS=$out/r/library
  log=$(R CMD INSTALL --no-docs --no-test-load --library="$out/r/library" "$out/r/stepsize" 2>&1) || { echo "$log" >&2; exit 1; }
  log=$(Rscript --vanilla bindings/r/test.R)
  same r "$(Rscript --vanilla bindings/r/examples/train.R)"
  tell r "$log"
}

languages=${*:-python embedded rust go lua ruby r}
for language in $languages; do "$language"; done
echo "bindings: passed: $languages${skipped[*]:+; SKIPPED: ${skipped[*]}}"
