#!/usr/bin/env bash
# What the introduction says of the headers themselves (docs/reliability.md has the other sentences and their tests).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C
headers=(include/stepsize/stepsize.h include/stepsize/learn.h)
fail() { echo "introduction: $*" >&2; exit 1; }

# Numbers of constants never change meaning: those of constants.txt, and new ones are written down there.
diff <(grep -v '^#' Tests/abi/constants.txt) \
  <(grep -hoE 'STEPSIZE_[A-Z_0-9]+ = -?[0-9]+' "${headers[@]}" | sed 's/ = / /' | sort) >&2 ||
  fail "the constants are not those of Tests/abi/constants.txt"

# Each declaration on a line, with the comment before it in the same line.
declarations=$(awk '/^\/\* / { text = ""; inside = 1 } /\*\// { inside = 0 } { text = text " " $0 }
    !inside && /\);$/ && !/^ *typedef/ && !/\(\*/ { print text; text = "" }' "${headers[@]}" |
  grep -oE '/\* [^*]*(\*[^/][^*]*)*\*/[^/]*\);$')
[ "$(wc -l <<<"$declarations")" = "$(cat Tests/abi/symbols*.txt | wc -l)" ] || fail "not every function was found"

# A function that has no status says what it returns instead.
silent=$(grep -vE '\*/ +(STEPSIZE_CHECKED stepsize_status|void) ' <<<"$declarations" | grep -v 'Returns:' || true)
[ -z "$silent" ] || fail "these do not say what they return: $silent"

# `capacity` are bytes of a buffer, `size` bytes, `count` elements: all size_t; `length` are updates: int64_t.
for word in 'size_t [a-z_]*length\b' 'size_t \*length\b' 'int64_t \*?size\b' 'int64_t \*?capacity\b'; do
  if grep -oE "stepsize_[a-z_]+\([^)]*$word" <<<"$declarations"; then fail "these use a word for sizes otherwise ($word)"; fi
done
grep -qE 'size_t capacity, size_t \*size\)' <<<"${declarations//  / }" || fail "no function was found that writes a text"
echo "introduction: $(wc -l <<<"$declarations") functions, $(grep -vc '^#' Tests/abi/constants.txt) constants"
