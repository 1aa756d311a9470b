#!/usr/bin/env bash
# The fuzz targets of this folder.
#   fuzz.sh replay                  the committed inputs on build/lib, without libFuzzer   (a part of make test)
#   fuzz.sh run SECONDS [TARGET...] each target for so long, one after the other           (make fuzz SECONDS=…)
#   fuzz.sh fast SECONDS [TARGET...]  the same without AddressSanitizer, several times as fast
#   fuzz.sh minimize [TARGET...]    corpora/TARGET.corpus from what `run` and `fast` have found
# `run` needs the clang of the Swift toolchain, which has libFuzzer. What it finds lies in build/fuzz/TARGET: inputs that
# reach something new in `corpus`, those that fail in `findings`. An input fails that takes over a second of processor
# time, asks for 256 MB at once, or makes the process larger than 1 GB. `fast` runs the code of the shipped libraries, which
# counts its edges and nothing else; it sees traps, failed expectations, and what the sanitizer of undefined behaviour finds in
# the target. Both continue from what either has found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. dev/make_file.sh

here=Tests/fuzz out=build/fuzz program=fuzz
all=(schedule scheduler named state calls theory finder learn)
# The longest inputs; a longer one reaches nothing that a shorter one does not.
declare -A longest=([schedule]=256 [scheduler]=384 [state]=1024 [calls]=384 [theory]=512 [finder]=384 [named]=256 [learn]=4096)

flags=(-std=c99 -D_XOPEN_SOURCE=700 -Wall -Wextra -Werror -g -Iinclude "-I$here")

# build OPTION-OF-SANITIZERS OBJECT... -- TARGET...
build() {
  local name sanitizers=$1 objects=()
  shift
  while [ "$1" != -- ]; do objects+=("$1") && shift; done
  shift
  [ "${#objects[@]}" -gt 0 ] || exit 1
  flags+=(-O1 "-fsanitize=$sanitizers" -fno-sanitize-recover=all -fuse-ld=lld)
  for name in "$@"; do
    mkdir -p "$out/$name/corpus" "$out/$name/findings"
    clang "${flags[@]}" -fsanitize=fuzzer "$here/fuzz_$name.c" "${objects[@]}" -lm -o "$out/$name/$program"
  done
  clang "${flags[@]}" "$here/seeds.c" "${objects[@]}" -lm -o "$out/seeds"
}

# counted: the objects of the shipped libraries, with a counter at each edge.
counted() {
  local module object
  mkdir -p "$out/counted"
  for module in $(dev/modules.sh build/release StepsizeC StepsizeLearnC); do
    object=$module
    if [ "$(head -c 2 "$module")" = BC ]; then
      object=$out/counted/$(basename "$module")
      make_file "$object" "$module" -- clang -x ir -O2 -fPIC -ffunction-sections \
        -fsanitize-coverage=edge,inline-8bit-counters,pc-table -c "$module" -o "$object"
    fi
    echo "$object"
  done
}

run() {
  local objects seconds=$1
  shift
  [ $# -gt 0 ] || set -- "${all[@]}"
  mapfile -t objects < <(dev/build_objects.sh .build-fuzz -sanitize=fuzzer,address)
  build address,undefined "${objects[@]}" -- "$@"
  fuzz "$seconds" "$@"
}

fast() {
  local objects seconds=$1
  shift
  [ $# -gt 0 ] || set -- "${all[@]}"
  program=fast
  mapfile -t objects < <(counted)
  build undefined "${objects[@]}" -- "$@"
  fuzz "$seconds" "$@"
}

fuzz() {
  local seconds=$1 name failed=0
  shift
  export ASAN_OPTIONS=quarantine_size_mb=16:detect_stack_use_after_return=0:malloc_context_size=4
  ASAN_SYMBOLIZER_PATH=$(type -P llvm-symbolizer || true)
  export ASAN_SYMBOLIZER_PATH
  sed -n 's/^= \|^scheduler\t//p' Tests/golden/*.t?? | grep -oE '[a-z_]+|[0-9.e-]+|>>|"' | sort -u | sed 's/"/\\"/; s/.*/"&"/' >"$out/words.txt"
  printf '"%s"\n' % rest >>"$out/words.txt"
  for name in "$@"; do
    # It begins with the committed inputs and with what is made from the golden texts.
    python3 "$here/pack.py" --unpack "$here/corpora/$name.corpus" "$out/$name/corpus"
    "$out/seeds" "$name" "$out/$name/corpus"
    local options=("-max_len=${longest[$name]}" "-max_total_time=$seconds" -timeout=60 -rss_limit_mb=1024
      -malloc_limit_mb=256 -entropic=0 "-artifact_prefix=$out/$name/findings/" -print_final_stats=1)
    case $name in schedule | scheduler) options+=("-dict=$out/words.txt") ;; esac
    # shellcheck disable=SC2086
    "$out/$name/$program" "${options[@]}" ${FUZZ_OPTIONS:-} "$out/$name/corpus" >"$out/$name/$program.txt" 2>&1 || failed=1
    printf '%-10s %s\n' "$name" "$(summary "$out/$name/$program.txt")"
  done
  return "$failed"
}

summary() {
  local runs edges
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$1")
  edges=$(grep -a -o ' cov: [0-9]*' "$1" | tail -n 1)
  echo "executions: ${runs:-?}  edges:${edges# cov:}  $(grep -a -m 1 -E 'failed:|SUMMARY|ERROR:' "$1" || echo 'nothing found')"
}

minimize() {
  local name
  [ $# -gt 0 ] || set -- "${all[@]}"
  mkdir -p "$here/corpora"
  for name in "$@"; do
    if [ ! -x "$out/$name/$program" ]; then program=fast; fi
    rm -rf "$out/$name/minimal" && mkdir -p "$out/$name/minimal"
    "$out/$name/$program" -set_cover_merge=1 "-max_len=${longest[$name]}" "$out/$name/minimal" "$out/$name/corpus" >"$out/$name/merge.txt" 2>&1
    python3 "$here/pack.py" "$out/$name/minimal" "$here/corpora/$name.corpus"
  done
}

replay() {
  local name compiler=${CC:-gcc} count total=0
  mkdir -p "$out/replay"
  for name in "${all[@]}"; do
    "$compiler" "${flags[@]}" -O1 "$here/fuzz_$name.c" "$here/replay.c" -Lbuild/lib -lstepsize-learn -lstepsize -lm \
      "-Wl,-rpath,$PWD/build/lib" -o "$out/replay/$name"
    count=$("$out/replay/$name" "$here/corpora/$name.corpus" | sed 's/ passed.*//')
    total=$((total + count))
  done
  echo "$total passed, 0 failed"
}

command=${1:?replay, run, fast or minimize}
shift
"$command" "$@"
