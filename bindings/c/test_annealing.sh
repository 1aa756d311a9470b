#!/usr/bin/env bash
# The example train_annealing as its user would try it: train, interrupt with Ctrl-C, go on, compare; record, replay,
# compare. Needs build/lib (dev/build_library.sh). Called by Tests/run_c_tests.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "test_annealing: $*" >&2; exit 1; }

gcc -std=c99 -O2 -Wall -Wextra -pedantic -Werror -Iinclude bindings/c/examples/train_annealing.c \
  -o "$work/train_annealing" -Lbuild/lib -lstepsize -lm "-Wl,-rpath,$PWD/build/lib"
train=("$work/train_annealing" --updates 1000 --seeds 2)

"${train[@]}" >"$work/whole"
# Interrupted after ever longer times, until a run ends by itself.
interruptions=0
for ((round = 1; ; round++)); do
  # A shell lets its background jobs ignore SIGINT; env puts that right where it can.
  env --default-signal=INT "${train[@]}" --state "$work/state" >"$work/resumed" 2>"$work/log" &
  child=$!
  sleep "0.$((round < 8 ? round : 9))"
  kill -INT "$child" 2>/dev/null || true
  status=0
  wait "$child" || status=$?
  [ "$status" != 0 ] || break
  if [ "$status" = 130 ] && [ -f "$work/state" ]; then interruptions=$((interruptions + 1)); fi
  [ "$status" = 130 ] || fail "status $status: $(cat "$work/log")"
  [ "$round" -lt 60 ] || fail "60 rounds did not end the training"
done
[ "$interruptions" -gt 0 ] || fail "the training was over before it could be interrupted"
cmp -s "$work/whole" "$work/resumed" || fail "interrupted $interruptions times, another result: $(cat "$work/whole" "$work/resumed")"
[ ! -f "$work/state" ] || fail "the state stayed after the end"

# A cut state is refused with the reason.
printf 'ANNEAL1' >"$work/state"
if "${train[@]}" --state "$work/state" >/dev/null 2>"$work/log"; then fail "a cut state was accepted"; fi
grep -q 'is no state' "$work/log" || fail "$(cat "$work/log")"

"$work/train_annealing" --updates 2000 --record "$work/record" >"$work/recorded"
"$work/train_annealing" --updates 2000 --replay "$work/record" >"$work/replayed"
cmp -s "$work/recorded" "$work/replayed" || fail "the replay has another result: $(cat "$work/recorded" "$work/replayed")"
echo "test_annealing: the same result after $interruptions interruptions, and from the record"
