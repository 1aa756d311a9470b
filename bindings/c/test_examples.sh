#!/usr/bin/env bash
# The examples as their users would try them: what they print, and that char_gpt continues from a checkpoint with the same
# bits. Needs build/lib (dev/build_library.sh). Called by Tests/run_c_tests.sh, which tests the others elsewhere.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "test_examples: $*" >&2; exit 1; }
warnings=(-Wall -Wextra -pedantic -Werror -Iinclude)
library=(-Lbuild/lib -lstepsize -lm "-Wl,-rpath,$PWD/build/lib")
# prints OUTPUT LINE...: each line is among what was printed.
prints() {
  local output=$1 line
  shift
  for line in "$@"; do grep -qxF -- "$line" "$output" || fail "no line '$line' in: $(cat "$output")"; done
}

# ggml: the first rate is that of update 0, the last one that of update 399, and AdamW has found the line.
gcc -std=c99 -O2 "${warnings[@]}" bindings/c/examples/ggml_callback.c -o "$work/ggml_callback" "${library[@]}"
"$work/ggml_callback" >"$work/ggml"
prints "$work/ggml" 'step   1  alpha 0.002500  loss 4.0952' 'step 400  alpha 0.001002  loss 0.0000'

# Polyak's step, which no base rate is given for.
gcc -std=c99 -O2 "${warnings[@]}" bindings/c/examples/train_polyak.c -o "$work/train_polyak" "${library[@]}"
"$work/train_polyak" >"$work/polyak"
prints "$work/polyak" 'w = 3.000 -2.000 1.000'

# C++, with each compiler, on what is installed: the rates of both groups, and where a text is wrong.
built=(ggml_callback train_polyak char_gpt)
bindings/c/install.sh "$work/usr" >/dev/null
for compiler in g++ clang++; do
  type -P "$compiler" >/dev/null || { echo "test_examples: skipped $compiler, not installed" && continue; }
  "$compiler" -std=c++17 -O2 -Wall -Wextra -pedantic -Werror "-I$work/usr/include" bindings/c/examples/train_line.cpp \
    -o "$work/train_line" "${library[@]}"
  "$work/train_line" >"$work/line"
  prints "$work/line" 'greedy(patience=5) * (warmup(40) >> cosine(360, floor=0.1))' \
    'update   0  rates 0.012500 0.001250  loss 4.0952' 'slope 3.000  offset -1.000' \
    'at byte 15: unknown schedule "cosin", did you mean "cosine"?'
  built+=("train_line ($compiler)")
done

# The character model: whole, and in four pieces, one of which ends in the warm-up and one between two checkpoints.
gcc -std=c99 -O3 "${warnings[@]}" bindings/c/examples/char_gpt.c -o "$work/char_gpt" "${library[@]}"
gpt() { "$work/char_gpt" LICENSE --updates 120 --checkpoint "$@"; }
gpt "$work/whole" >"$work/printed"
for stop in 7 50 83 120; do gpt "$work/pieces" --stop "$stop"; done >"$work/printed_in_pieces"
cmp -s "$work/whole" "$work/pieces" || fail "another checkpoint after interruptions"
cmp -s "$work/printed" "$work/printed_in_pieces" || fail "$(diff "$work/printed" "$work/printed_in_pieces")"
[ "$(grep -c '^update' "$work/printed")" = 4 ] || fail "$(cat "$work/printed")"
# It learns: a guess has a loss of ln 128 = 4.85, the frequencies of the characters alone have 3.07.
awk '/^update +100/ { exit !($NF < 2.8) }' "$work/printed" || fail "it has not learned: $(cat "$work/printed")"
# A checkpoint of another plan is refused, and so is one that is cut off.
if "$work/char_gpt" LICENSE --updates 130 --checkpoint "$work/whole" 2>"$work/log"; then fail "another plan was accepted"; fi
grep -q STEPSIZE_ERROR_MISMATCH "$work/log" || fail "$(cat "$work/log")"
head -c -1 "$work/whole" >"$work/cut"
if gpt "$work/cut" 2>"$work/log"; then fail "a checkpoint that is cut off was accepted"; fi
grep -q STEPSIZE_ERROR_STATE "$work/log" || fail "$(cat "$work/log")"
echo "test_examples: ${built[*]}"
